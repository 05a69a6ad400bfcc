// MixUp (Zhang et al. 2017, arXiv:1710.09412) and CutMix (Yun et al. 2019, arXiv:1905.04899): examples of a batch that are mixed with each
// other, and so are their classes. Names, defaults and formulas are those of torchvision's v2.MixUp and v2.CutMix; partners are drawn anew
// for each batch.
//
//   augment: [light, {mixup: 0.2}]
//   augment: [strong, {mixup: {alpha: 0.2}}, {cutmix: {alpha: 1}}]    one of both in each batch, with equal chance
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/augment/pipeline.h"
#include "core/augment/random_boxes.h"
#include "core/base/philox.h"
#include "nlohmann/json.hpp"

namespace seedbed::augment {

struct Mixing {
  // Of the distribution Beta(alpha, alpha) that the weight is drawn from; nullopt: the mix is not used.
  std::optional<double> mixup_alpha;
  std::optional<double> cutmix_alpha;

  bool empty() const { return !mixup_alpha && !cutmix_alpha; }
  nlohmann::json ToJson() const;  // the items of the list, every setting written out
};

// What an `augment:` list says: steps for each picture, then how batches are mixed.
struct AugmentList {
  Pipeline steps;
  Mixing mixing;

  nlohmann::json ToJson() const;  // the whole list, every setting written out
};

// `field` ("augment") begins each message. INVALID_ARGUMENT for what Pipeline::ParseRandom refuses, and where a mix is not at the end of
// the list, stands there twice, or has wrong settings.
absl::StatusOr<AugmentList> ParseAugment(const nlohmann::json& list, std::string_view field);

// What an example is: height x width x channels floats, channels interleaved. A vector has height and width 1.
struct RowShape {
  int height = 1;
  int width = 1;
  int channels = 1;

  size_t values() const { return static_cast<size_t>(height) * static_cast<size_t>(width) * static_cast<size_t>(channels); }
};

// What the examples of a batch became: each is of its own class by this weight, and of its partner's by the rest.
struct MixedLabels {
  std::span<const int32_t> others;  // the partners' classes, valid until the next batch; none where nothing was mixed
  double weight = 1;
};

// INVALID_ARGUMENT where CutMix is to cut boxes out of what is no picture.
absl::Status CheckMixing(const Mixing& mixing, const RowShape& shape);

// Mixes batch after batch. What is drawn follows from seed, epoch and batch alone. Allocates nothing unless a batch is larger than any
// before. Used by one thread at a time.
class BatchMixer {
 public:
  // The shape must have passed CheckMixing.
  BatchMixer(const Mixing& mixing, uint64_t seed, const RowShape& shape) : mixing_(mixing), seed_(seed), shape_(shape) {}

  // Leaves batches as they are.
  bool empty() const { return mixing_.empty(); }

  // In place: `rows` are finished inputs, one for each label.
  MixedLabels Mix(uint32_t epoch, uint32_t batch, std::span<const int32_t> labels, std::span<float> rows);

 private:
  // Calls blend(row, partner) for each row, whose partner still is as it was before.
  template <typename Blend>
  void ForEachRow(std::span<float> rows, Blend blend);
  void DrawPartners(size_t examples, RandomStream* random);

  const Mixing mixing_;
  const uint64_t seed_;
  const RowShape shape_;
  std::vector<uint32_t> partners_;
  std::vector<bool> done_;
  std::vector<float> first_row_;
  std::vector<int32_t> others_;
};

// Of Beta(alpha, alpha): in [0, 1], symmetric about a half. alpha > 0.
double DrawBeta(double alpha, RandomStream* random);

// The part of a picture that comes from the partner: about (x, y), of the area 1 - weight of the picture's, less what lies outside.
Box CutMixBox(double weight, int x, int y, int width, int height);

}  // namespace seedbed::augment
