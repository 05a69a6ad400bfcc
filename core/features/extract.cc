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

// Three stages, each on a thread of its own, between which batches go round in queues.
class Pipeline {
 public:
  Pipeline(const Sizes& sizes, std::span<const size_t> images, const image::PixelScaler& scaler, int reading_threads)
      : sizes_(sizes), images_(images), scaler_(scaler), batches_(kBatchesInFlight) {
    if (reading_threads > 1) readers_.emplace(static_cast<size_t>(reading_threads - 1));  // the preparing thread reads too
    for (Batch& batch : batches_) {
      batch.input.resize(sizes.batch * sizes.image_values);
      batch.rows.resize(sizes.batch * sizes.row_values);
    }
    scratch_.resize(sizes.batch * sizes.image_values);
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
      if (absl::Status status = Prepare(read, *batch); !status.ok()) {
        Fail(std::move(status));
        break;
      }
      prepared_.Push(*batch);
    }
    prepared_.Close();
  }

  absl::Status Prepare(const ReadPixels& read, Batch* batch) {
    std::vector<absl::Status> statuses(batch->count);
    const auto prepare = [&](size_t i) {
      const size_t begin = i * sizes_.image_values;
      const auto pixels = read(images_[batch->first + i], std::span(scratch_).subspan(begin, sizes_.image_values));
      statuses[i] = pixels.status();
      if (pixels.ok()) scaler_.Apply(*pixels, std::span(batch->input).subspan(begin, sizes_.image_values));
    };
    if (readers_) {
      readers_->ParallelFor(batch->count, prepare);
    } else {
      for (size_t i = 0; i < batch->count; ++i) prepare(i);
    }
    for (const absl::Status& status : statuses) SB_RETURN_IF_ERROR(status);
    std::fill(batch->input.begin() + static_cast<std::ptrdiff_t>(batch->count * sizes_.image_values), batch->input.end(), 0.0f);
    return absl::OkStatus();
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
  const image::PixelScaler& scaler_;
  std::optional<ThreadPool> readers_;
  std::vector<Batch> batches_;
  std::vector<uint8_t> scratch_;  // of the batch that is being prepared
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

absl::Status Extractor::Run(std::span<const size_t> images, const ReadPixels& read, const Sink& sink, const OnProgress& on_progress) {
  const Sizes sizes{options_.batch, image_values_, row_values_};
  try {
    Pipeline pipeline(sizes, images, *scaler_, options_.reading_threads);
    std::vector<float> unpooled(options_.pool == Pool::kNone ? 0 : options_.batch * backend_->output_values());
    const auto forward = [&](Batch* batch) -> absl::Status {
      SB_RETURN_IF_ERROR(backend_->Forward(batch->input, options_.batch, unpooled.empty() ? batch->rows : unpooled));
      for (size_t i = 0; !unpooled.empty() && i < batch->count; ++i) {
        const size_t values = backend_->output_values();
        PoolPositions(std::span(unpooled).subspan(i * values, values), options_.pool,
                      std::span(batch->rows).subspan(i * row_values_, row_values_));
      }
      if (!on_progress || on_progress(batch->first + batch->count, images.size())) return absl::OkStatus();
      return absl::CancelledError("the computation of features was stopped");
    };
    return pipeline.Run(read, forward, sink);
  } catch (const std::bad_alloc&) {
    return OutOfMemoryError(absl::StrCat("no memory for ", kBatchesInFlight, " batches of ", options_.batch, " images with ",
                                         image_values_ + row_values_, " numbers each; a smaller batch needs less"));
  }
}

}  // namespace seedbed::features
