// Runs a frozen network over many images, at the speed of the network: while one batch is computed, the next one is read and prepared, and
// the one before is handed on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/row_cache.h"
#include "core/features/pool.h"
#include "core/graph/graph.h"
#include "core/image/pixel_scaler.h"
#include "core/image/preprocessing.h"
#include "core/nn/backend.h"

namespace seedbed::features {

struct ExtractorOptions {
  Pool pool = Pool::kNone;
  size_t batch = 32;
  // That read and prepare images: 1 is enough where pixels lie in memory or in mapped files; as many as the machine has cores where they
  // are decoded or augmented.
  int reading_threads = 1;
};

// Gives the pixels of one image (HWC RGB, as wide and high as the preprocessing says): where they lie already, or written into `scratch`,
// which is as long, and that. Called on several threads at once.
using ReadPixels = std::function<absl::StatusOr<std::span<const uint8_t>>(size_t image, std::span<uint8_t> scratch)>;

// Image i is row i, which must outlive the function.
ReadPixels PixelsOf(const StoredRows& rows);

class BatchReader;

// Used by one thread at a time. Batches are of one size, the last one padded, so that an image has the same features in whatever company it
// comes. Memory does not depend on the number of images.
class Extractor {
 public:
  // `backend`, which must outlive the extractor, makes values of the shape `layer_shape` out of images prepared so. `mean_image`: empty
  // unless the preprocessing subtracts one. INVALID_ARGUMENT when that does not fit together.
  static absl::StatusOr<Extractor> Create(nn::Backend* backend, const graph::Shape& layer_shape, const image::Preprocessing& preprocessing,
                                          std::vector<float> mean_image, const ExtractorOptions& options);

  const graph::Shape& row_shape() const { return row_shape_; }  // of one image's features
  size_t row_values() const { return row_values_; }

  // Takes the features of images[first] and following, [image][values]; called in order, on a thread of its own.
  using Sink = std::function<absl::Status(size_t first, std::span<const float> rows)>;
  // After each batch, on the calling thread: how many of the images are computed. Returns false to stop (CANCELLED, within one batch).
  using OnProgress = std::function<bool(size_t done, size_t total)>;

  // The first failure of `read` (in the order of the images), of the backend or of `sink` ends it.
  absl::Status Run(std::span<const size_t> images, const ReadPixels& read, const Sink& sink, const OnProgress& on_progress);

  // The same features, one row after the other, for a few images that are wanted at once: reads and computes in turn, on buffers that it
  // keeps from call to call.
  absl::Status Compute(std::span<const size_t> images, const ReadPixels& read, std::span<float> rows);

 private:
  Extractor(nn::Backend* backend, graph::Shape row_shape, const image::Preprocessing& preprocessing, std::vector<float> mean_image,
            const ExtractorOptions& options);

  // The rows of a prepared batch's first `count` images.
  absl::Status Forward(std::span<const float> input, size_t count, std::span<float> rows);
  absl::Status NoMemory(size_t batches) const;

  nn::Backend* backend_;
  graph::Shape row_shape_;
  size_t row_values_;
  size_t image_values_;
  std::shared_ptr<const image::PixelScaler> scaler_;
  ExtractorOptions options_;
  std::vector<float> unpooled_;  // what the backend makes of a batch, where that is pooled

  // Of Compute.
  std::shared_ptr<BatchReader> reader_;
  std::vector<float> input_;
  std::vector<float> batch_rows_;
};

}  // namespace seedbed::features
