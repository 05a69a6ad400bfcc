// What is done to training images and batches, anew in each epoch: never to those that validate.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/augment/mixing.h"
#include "core/augment/pipeline.h"
#include "core/base/spares.h"
#include "core/tasks/model/train.h"
#include "nlohmann/json.hpp"

namespace seedbed::tasks {

// Thread-safe. What is drawn follows from the training's seed, the epoch and the image's digest alone.
class Augmentation {
 public:
  Augmentation() = default;
  // As the spec has it; empty where it has none. INVALID_ARGUMENT naming the step and its setting.
  static absl::StatusOr<Augmentation> Create(const TrainSpec& spec);

  // Pictures stay as they are; batches may be mixed all the same.
  bool empty() const { return list_.steps.empty(); }
  const augment::Mixing& mixing() const { return list_.mixing; }
  // The whole list, every setting written out.
  nlohmann::json json() const { return list_.ToJson(); }
  // How many views of an image the epochs take in turn; 0: it is changed anew in each.
  size_t views() const { return views_; }
  // Names of the steps, for people: "fliplr, affine".
  std::string Text() const;

  // INVALID_ARGUMENT when pictures of this size are too small for a step.
  absl::Status CheckSize(int width, int height) const;

  // Changes the picture of the image with this digest in place, as it is in epoch `epoch`, from 0, or as view `epoch`. The size must have
  // passed CheckSize.
  void Apply(std::string_view sha256, uint32_t epoch, augment::Picture picture, augment::Scratch* scratch) const;
  // Names what Apply makes of it, for caches: 64 hex digits.
  std::string Digest(std::string_view sha256, uint32_t epoch) const;

 private:
  Augmentation(augment::AugmentList list, uint64_t seed, size_t views) : list_(std::move(list)), seed_(seed), views_(views) {}

  augment::AugmentList list_;
  uint64_t seed_ = 0;
  size_t views_ = 0;
};

// Makes augmented pictures of one size. Thread-safe; allocates nothing once each thread has seen a picture.
class Augmenter {
 public:
  // The size must have passed CheckSize.
  Augmenter(Augmentation augmentation, int width, int height) : augmentation_(std::move(augmentation)), width_(width), height_(height) {}

  // What the augmentation makes of the image's pixels, into `target`, which is as long.
  void Make(std::string_view sha256, uint32_t epoch, std::span<const uint8_t> pixels, std::span<uint8_t> target);

 private:
  const Augmentation augmentation_;
  const int width_;
  const int height_;
  Spares<augment::Scratch> scratches_;
};

}  // namespace seedbed::tasks
