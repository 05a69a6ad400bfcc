// Pictures of what excites some channels of a network, a batch at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "core/ascent/ascent.h"
#include "core/graph/objective.h"
#include "core/image/image.h"
#include "core/image/preprocessing.h"
#include "core/nn/tensor.h"

namespace seedbed::ascent {

enum class Mode { kNatural, kReference };

struct MaximizerOptions {
  Mode mode = Mode::kNatural;
  int steps = 512;
  double step_size = 0.05;
  uint64_t seed = 0;
  size_t batch = 8;  // pictures computed at a time
  int threads = 1;
};

struct MaximizedPicture {
  image::Image picture;
  // Of the picture as it is here, in 8 bits, prepared as the model prepares its images (but for its pipeline); and of the noise that it
  // began with, likewise.
  Scored reached;
  Scored start;
  Hindrances hindrances;
};

// Used by one thread at a time.
class Maximizer {
 public:
  // INVALID_ARGUMENT when the weights do not fit, the network takes no images of three channels, or the mean image (HWC, empty: none) has
  // another size than they.
  static absl::StatusOr<Maximizer> Create(const graph::Objective& objective, const nn::TensorViews& weights,
                                          const image::Preprocessing& preprocessing, std::vector<float> mean_image,
                                          const MaximizerOptions& options);

  // Where the work stands: pictures `first` to `first + count` have made so many steps; those before are done.
  struct Moment {
    size_t first = 0;
    size_t count = 0;
    int step = 0;
    std::function<image::Image(size_t i)> picture;  // that of first + i, as it is
    std::span<const MaximizedPicture> done;
  };
  // After each step. Returns false to stop.
  using OnStep = std::function<bool(const Moment& moment)>;
  // A picture for each of the channels. CANCELLED when on_step stops it, within one step.
  absl::StatusOr<std::vector<MaximizedPicture>> Run(std::span<const size_t> channels, const OnStep& on_step);

 private:
  Maximizer(std::unique_ptr<ScoredNetwork> network, std::unique_ptr<Ascent> ascent, const image::Preprocessing& preprocessing,
            std::vector<float> mean_image, const MaximizerOptions& options);

  // All steps of one batch.
  absl::Status RunBatch(std::span<const size_t> channels, const OnStep& on_step, std::vector<MaximizedPicture>* done);
  absl::StatusOr<std::vector<Scored>> Score(std::span<const image::Image> pictures, std::span<const size_t> channels) const;

  std::unique_ptr<ScoredNetwork> network_;
  std::unique_ptr<Ascent> ascent_;
  image::Preprocessing preprocessing_;
  std::vector<float> mean_image_;
  MaximizerOptions options_;
};

}  // namespace seedbed::ascent
