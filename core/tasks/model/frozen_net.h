// The part of a network that no training changes: what it makes of an image is computed once, and kept for every job that needs it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/features/extract.h"
#include "core/features/feature_cache.h"
#include "core/features/pool.h"
#include "core/graph/graph.h"
#include "core/nn/backend.h"
#include "core/nn/model_file.h"
#include "core/tasks/model/augmentation.h"
#include "core/tasks/model/labelled_images.h"
#include "core/tasks/task_context.h"

namespace seedbed::tasks {

struct FrozenNetOptions {
  features::Pool pool = features::Pool::kNone;  // of the layer's output
  size_t batch = 32;
  int threads = 1;
  int reading_threads = 1;  // more where pictures are augmented on their way
};

// An image that the net is run on: as it is, or as one of the views that an augmentation makes of it.
struct NetInput {
  uint32_t row = 0;  // of the manifest
  std::optional<uint32_t> view;
};
std::vector<NetInput> AsTheyAre(std::span<const uint32_t> rows);

// Used by one thread at a time. Two nets with the same layers, weights, preprocessing, pooling, batch and profile find each other's rows in
// the feature cache, whichever jobs they belong to.
class FrozenNet {
 public:
  // `model` up to `layer`; a global pooling that the layer itself is becomes options.pool, so that both ways of asking are the same net.
  // Errors as nn::MakeBackend and features::Extractor.
  static absl::StatusOr<FrozenNet> Create(const nn::SavedModel& model, std::string_view layer, const FrozenNetOptions& options,
                                          const ExecutionProfile& profile);

  std::string_view backend() const { return backend_->name(); }
  const graph::Shape& row_shape() const { return extractor_.row_shape(); }
  size_t row_values() const { return extractor_.row_values(); }

  // Hears how many of the rows are missing in the cache, before anything is computed.
  using OnPlan = std::function<void(size_t missing)>;
  // Row i of the result is what the net makes of inputs[i]; views are those of `augmentation`, which may be empty when there are none. Only
  // images of missing rows are decoded; all are compared with their files. Reports progress as the phase "extract". What is computed is
  // kept 128 rows at a time. CANCELLED within one batch; else errors as DecodeImages and features::FeatureCache.
  absl::StatusOr<features::FeatureRows> Load(const LabelledDataset& dataset, std::span<const NetInput> inputs,
                                             const Augmentation& augmentation, const OnPlan& on_plan, TaskContext& context);

  // Computes now, without the cache: the rows of images[0] and following, one after the other.
  absl::Status Compute(std::span<const size_t> images, const features::ReadPixels& read, std::span<float> rows);

 private:
  FrozenNet(std::unique_ptr<nn::Backend> backend, features::Extractor extractor, std::string key, image::Preprocessing preprocessing,
            int threads);

  std::unique_ptr<nn::Backend> backend_;
  features::Extractor extractor_;
  std::string key_;
  image::Preprocessing preprocessing_;
  int threads_;
};

}  // namespace seedbed::tasks
