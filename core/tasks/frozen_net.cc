#include "core/tasks/frozen_net.h"

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/base/thread_pool.h"
#include "core/graph/edit.h"
#include "core/tasks/backbone.h"
#include "core/tasks/dataset_events.h"

namespace seedbed::tasks {
namespace {

struct Part {
  graph::Graph graph;
  features::Pool pool;
};

// Names of trainable layers do not matter to what is frozen, and must not keep equal nets apart.
absl::StatusOr<Part> PartUpTo(const graph::Graph& graph, std::string_view layer, features::Pool pool) {
  SB_ASSIGN_OR_RETURN(const graph::ResolvedLayer* last, graph::FindLayer(graph, layer));
  const std::string& type = last->layer.type;
  std::string end = last->layer.name;
  if (pool == features::Pool::kNone && (type == "global_average_pool" || type == "global_max_pool")) {
    pool = type == "global_average_pool" ? features::Pool::kAverage : features::Pool::kMax;
    end = last->layer.inputs[0];
  }
  SB_ASSIGN_OR_RETURN(const graph::Graph cut, graph::CutAt(graph, end));
  const std::vector<std::string> none = {"none"};
  SB_ASSIGN_OR_RETURN(graph::Graph frozen, graph::SetTrainable(cut, none));
  return Part{.graph = std::move(frozen), .pool = pool};
}

std::string ProfileText(const nn::Backend& backend, const ExecutionProfile& profile, int threads) {
  return absl::StrCat(ToAbsl(backend.name()), ", ", profile.device, ", ", profile.instruction_set, ", ", profile.precision, ", ", threads,
                      " threads");
}

}  // namespace

FrozenNet::FrozenNet(std::unique_ptr<nn::Backend> backend, features::Extractor extractor, std::string key,
                     image::Preprocessing preprocessing, int threads)
    : backend_(std::move(backend)),
      extractor_(std::move(extractor)),
      key_(std::move(key)),
      preprocessing_(std::move(preprocessing)),
      threads_(threads) {}

absl::StatusOr<FrozenNet> FrozenNet::Create(const nn::SavedModel& model, std::string_view layer, const FrozenNetOptions& options,
                                            const ExecutionProfile& profile) {
  SB_ASSIGN_OR_RETURN(const Part part, PartUpTo(model.graph, layer, options.pool));
  const nn::TensorViews weights = WeightsOf(part.graph, model.weights);
  SB_ASSIGN_OR_RETURN(auto backend, nn::MakeBackend(part.graph, weights, {.backend = "auto", .layer = "", .threads = options.threads}));
  SB_ASSIGN_OR_RETURN(features::Extractor extractor,
                      features::Extractor::Create(backend.get(), part.graph.output_shape(), model.preprocessing, model.mean_image,
                                                  {.pool = part.pool, .batch = options.batch, .reading_threads = 1}));
  SB_ASSIGN_OR_RETURN(std::string key, features::FeatureKey({.backbone = part.graph,
                                                             .weights = weights,
                                                             .preprocessing = model.preprocessing,
                                                             .mean_image = model.mean_image,
                                                             .pool = part.pool,
                                                             .batch = options.batch,
                                                             .profile = ProfileText(*backend, profile, options.threads)}));
  return FrozenNet(std::move(backend), std::move(extractor), std::move(key), model.preprocessing, options.threads);
}

absl::StatusOr<features::FeatureRows> FrozenNet::Load(const LabelledDataset& dataset, std::span<const uint32_t> rows, const OnPlan& on_plan,
                                                      TaskContext& context) {
  SB_RETURN_IF_ERROR(CheckFiles(dataset, rows, threads_, context));
  std::vector<features::FeatureCache::Request> requests;
  requests.reserve(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) requests.push_back({dataset.manifest.rows[rows[i]].sha256, i});

  size_t missing = 0;
  std::unique_ptr<StoredRows> decoded;             // those of the missing
  std::unordered_map<size_t, size_t> decoded_row;  // by request
  const auto open = [&](std::span<const size_t> images) -> absl::StatusOr<features::ReadPixels> {
    missing = images.size();
    on_plan(missing);
    std::vector<uint32_t> wanted;
    for (const size_t image : images) {
      decoded_row.emplace(image, wanted.size());
      wanted.push_back(rows[image]);
    }
    SB_ASSIGN_OR_RETURN(decoded, DecodeImages(dataset, wanted, preprocessing_, threads_, context));
    return
        [&](size_t image, std::span<uint8_t>) -> absl::StatusOr<std::span<const uint8_t>> { return decoded->row(decoded_row.at(image)); };
  };
  ImageProgress progress("extract", context);
  const auto on_progress = [&progress](size_t done, size_t total) { return progress.Update(done, total); };
  // What is decoded counts up to rows.size() (DecodeImages); what is computed of it, beyond.
  const auto on_kept = [&](size_t kept) { context.Checkpointed(static_cast<int64_t>(rows.size() + kept)); };
  const features::FeatureCache cache(context.paths().cache_dir, context.paths().cache_max_bytes);
  SB_ASSIGN_OR_RETURN(features::FeatureRows loaded, cache.Load(key_, requests, &extractor_, open, on_progress, on_kept));
  if (missing == 0) on_plan(0);
  return loaded;
}

absl::Status FrozenNet::Compute(std::span<const size_t> images, const features::ReadPixels& read, std::span<float> rows) {
  const auto store = [&](size_t first, std::span<const float> computed) {
    std::copy(computed.begin(), computed.end(), rows.begin() + static_cast<std::ptrdiff_t>(first * row_values()));
    return absl::OkStatus();
  };
  return extractor_.Run(images, read, store, nullptr);
}

}  // namespace seedbed::tasks
