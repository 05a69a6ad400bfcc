#include "core/features/extract.h"

#include <algorithm>
#include <new>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/bounded_queue.h"
#include "core/base/mutex.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"
#include "core/base/thread_pool.h"

namespace seedbed::features {
namespace {

// One is prepared, one computed, one handed on.
constexpr size_t kBatchesInFlight = 3;

struct Batch {
  size_t first = 0;  // position of its first image among all
  size_t count = 0;  // images; beyond them it is padded
  std::vector<float> input;
  std::vector<float> rows;
};

struct Sizes {
  size_t batch = 0;         // images
  size_t image_values = 0;  // also bytes of its pixels
  size_t row_values = 0;
};

}  // namespace

// Makes the network's input of the images of a batch.
class BatchReader {
 public:
  BatchReader(const Sizes& sizes, std::shared_ptr<const image::PixelScaler> scaler, int reading_threads)
      : sizes_(sizes), scaler_(std::move(scaler)), scratch_(sizes.batch * sizes.image_values), statuses_(sizes.batch) {
    if (reading_threads > 1) readers_.emplace(static_cast<size_t>(reading_threads - 1));  // the calling thread reads too
  }

  // `input` is as long as a batch; beyond the images it is padded. Of several failures, the first in the order of the images.
  absl::Status Read(const ReadPixels& read, std::span<const size_t> images, std::span<float> input) {
    const auto prepare = [&](size_t i) {
      const size_t begin = i * sizes_.image_values;
      const auto pixels = read(images[i], std::span(scratch_).subspan(begin, sizes_.image_values));
      statuses_[i] = pixels.status();
      if (pixels.ok()) scaler_->Apply(*pixels, input.subspan(begin, sizes_.image_values));
    };
    if (readers_) {
      readers_->ParallelFor(images.size(), prepare);
    } else {
      for (size_t i = 0; i < images.size(); ++i) prepare(i);
    }
    for (size_t i = 0; i < images.size(); ++i) SB_RETURN_IF_ERROR(statuses_[i]);
    std::ranges::fill(input.subspan(images.size() * sizes_.image_values), 0.0f);
    return absl::OkStatus();
  }

 private:
  const Sizes sizes_;
  const std::shared_ptr<const image::PixelScaler> scaler_;
  std::optional<ThreadPool> readers_;
  std::vector<uint8_t> scratch_;
  std::vector<absl::Status> statuses_;
};

namespace {

// Three stages, each on a thread of its own, between which batches go round in queues.
class Pipeline {
 public:
  Pipeline(const Sizes& sizes, std::span<const size_t> images, BatchReader* reader)
      : sizes_(sizes), images_(images), reader_(reader), batches_(kBatchesInFlight) {
    for (Batch& batch : batches_) {
      batch.input.resize(sizes.batch * sizes.image_values);
      batch.rows.resize(sizes.batch * sizes.row_values);
    }
    for (Batch& batch : batches_) free_.Push(&batch);
  }

  // `forward` fills the rows of a batch and says whether to go on.
  absl::Status Run(const ReadPixels& read, const std::function<absl::Status(Batch*)>& forward, const Extractor::Sink& sink) {
    std::thread preparing([&] { PrepareAll(read); });
    std::thread storing([&] { StoreAll(sink); });
    while (const std::optional<Batch*> batch = prepared_.Pop()) {
      absl::Status status = Stopped() ? absl::CancelledError("another stage failed before") : forward(*batch);
      if (!status.ok()) {
        Fail(std::move(status));
        break;
      }
      computed_.Push(*batch);
    }
    computed_.Close();
    storing.join();
    free_.Close();
    preparing.join();
    MutexLock lock(&mutex_);
    return status_;
  }

 private:
  // The first one is told.
  void Fail(absl::Status status) ABSL_LOCKS_EXCLUDED(mutex_) {
    {
      MutexLock lock(&mutex_);
      if (status_.ok()) status_ = std::move(status);
    }
    free_.Close();
  }

  void PrepareAll(const ReadPixels& read) {
    for (size_t first = 0; first < images_.size(); first += sizes_.batch) {
      const std::optional<Batch*> batch = free_.Pop();
      if (!batch || Stopped()) break;
      (*batch)->first = first;
      (*batch)->count = std::min(sizes_.batch, images_.size() - first);
      if (absl::Status status = reader_->Read(read, images_.subspan(first, (*batch)->count), (*batch)->input); !status.ok()) {
        Fail(std::move(status));
        break;
      }
      prepared_.Push(*batch);
    }
    prepared_.Close();
  }

  void StoreAll(const Extractor::Sink& sink) {
    while (const std::optional<Batch*> batch = computed_.Pop()) {
      if (Stopped()) continue;
      absl::Status status = sink((*batch)->first, std::span(std::as_const((*batch)->rows)).first((*batch)->count * sizes_.row_values));
      if (!status.ok()) Fail(std::move(status));
      free_.Push(*batch);
    }
  }

  bool Stopped() const ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    return !status_.ok();
  }

  const Sizes sizes_;
  const std::span<const size_t> images_;
  BatchReader* const reader_;
  std::vector<Batch> batches_;
  BoundedQueue<Batch*> free_{kBatchesInFlight}, prepared_{kBatchesInFlight}, computed_{kBatchesInFlight};
  mutable Mutex mutex_;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);  // the first failure
};

}  // namespace

ReadPixels PixelsOf(const StoredRows& rows) {
  return [&rows](size_t image, std::span<uint8_t>) -> absl::StatusOr<std::span<const uint8_t>> { return rows.row(image); };
}

Extractor::Extractor(nn::Backend* backend, graph::Shape row_shape, const image::Preprocessing& preprocessing, std::vector<float> mean_image,
                     const ExtractorOptions& options)
    : backend_(backend),
      row_shape_(std::move(row_shape)),
      row_values_(static_cast<size_t>(graph::ElementsOf(row_shape_))),
      image_values_(size_t{3} * static_cast<size_t>(preprocessing.width) * static_cast<size_t>(preprocessing.height)),
      scaler_(std::make_shared<const image::PixelScaler>(preprocessing, std::move(mean_image))),
      options_(options) {}

absl::StatusOr<Extractor> Extractor::Create(nn::Backend* backend, const graph::Shape& layer_shape,
                                            const image::Preprocessing& preprocessing, std::vector<float> mean_image,
                                            const ExtractorOptions& options) {
  SB_RETURN_IF_ERROR(image::CheckPreprocessing(preprocessing));
  if (options.batch < 1) return absl::InvalidArgumentError("a batch has at least one image");
  if (static_cast<int64_t>(backend->output_values()) != graph::ElementsOf(layer_shape)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the backend makes ", backend->output_values(), " values, not ", graph::FormatShape(layer_shape)));
  }
  SB_ASSIGN_OR_RETURN(graph::Shape row_shape, PooledShape(layer_shape, options.pool));
  const size_t mean_values = mean_image.size();
  Extractor extractor(backend, std::move(row_shape), preprocessing, std::move(mean_image), options);
  const size_t expected = preprocessing.center == image::Center::kMeanImage ? extractor.image_values_ : 0;
  if (mean_values != expected) {
    return absl::InvalidArgumentError(absl::StrCat("the mean image has ", mean_values, " values rather than ", expected));
  }
  return extractor;
}

absl::Status Extractor::Forward(std::span<const float> input, size_t count, std::span<float> rows) {
  if (options_.pool == Pool::kNone) return backend_->Forward(input, options_.batch, rows);
  const size_t values = backend_->output_values();
  unpooled_.resize(options_.batch * values);
  SB_RETURN_IF_ERROR(backend_->Forward(input, options_.batch, unpooled_));
  for (size_t i = 0; i < count; ++i) {
    PoolPositions(std::span(std::as_const(unpooled_)).subspan(i * values, values), options_.pool,
                  rows.subspan(i * row_values_, row_values_));
  }
  return absl::OkStatus();
}

absl::Status Extractor::Run(std::span<const size_t> images, const ReadPixels& read, const Sink& sink, const OnProgress& on_progress) {
  const Sizes sizes{options_.batch, image_values_, row_values_};
  try {
    BatchReader reader(sizes, scaler_, options_.reading_threads);
    Pipeline pipeline(sizes, images, &reader);
    const auto forward = [&](Batch* batch) -> absl::Status {
      SB_RETURN_IF_ERROR(Forward(batch->input, batch->count, batch->rows));
      if (!on_progress || on_progress(batch->first + batch->count, images.size())) return absl::OkStatus();
      return absl::CancelledError("the computation of features was stopped");
    };
    return pipeline.Run(read, forward, sink);
  } catch (const std::bad_alloc&) {
    return NoMemory(kBatchesInFlight);
  }
}

absl::Status Extractor::Compute(std::span<const size_t> images, const ReadPixels& read, std::span<float> rows) {
  try {
    if (reader_ == nullptr) {
      reader_ = std::make_shared<BatchReader>(Sizes{options_.batch, image_values_, row_values_}, scaler_, options_.reading_threads);
      input_.resize(options_.batch * image_values_);
      batch_rows_.resize(options_.batch * row_values_);
    }
    for (size_t first = 0; first < images.size(); first += options_.batch) {
      const size_t count = std::min(options_.batch, images.size() - first);
      SB_RETURN_IF_ERROR(reader_->Read(read, images.subspan(first, count), input_));
      SB_RETURN_IF_ERROR(Forward(input_, count, batch_rows_));
      std::copy_n(batch_rows_.begin(), count * row_values_, rows.begin() + static_cast<std::ptrdiff_t>(first * row_values_));
    }
    return absl::OkStatus();
  } catch (const std::bad_alloc&) {
    return NoMemory(1);
  }
}

absl::Status Extractor::NoMemory(size_t batches) const {
  return OutOfMemoryError(absl::StrCat("no memory for ", batches, " batches of ", options_.batch, " images with ",
                                       image_values_ + row_values_, " numbers each; a smaller batch needs less"));
}

}  // namespace seedbed::features
