#include "core/tasks/model/frozen_net.h"

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/base/thread_pool.h"
#include "core/graph/edit.h"
#include "core/tasks/data/dataset_events.h"
#include "core/tasks/model/backbone.h"

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

// The rows of some inputs, each once, in the order in which they first come.
struct Positions {
  Positions() = default;
  explicit Positions(std::span<const NetInput> inputs) {
    for (const NetInput& input : inputs) {
      if (of_row.emplace(input.row, rows.size()).second) rows.push_back(input.row);
    }
  }
  std::vector<uint32_t> rows;
  std::unordered_map<uint32_t, size_t> of_row;
};

}  // namespace

std::vector<NetInput> AsTheyAre(std::span<const uint32_t> rows) {
  std::vector<NetInput> inputs;
  for (const uint32_t row : rows) inputs.push_back({.row = row, .view = std::nullopt});
  return inputs;
}

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
                                                  {.pool = part.pool, .batch = options.batch, .reading_threads = options.reading_threads}));
  SB_ASSIGN_OR_RETURN(std::string key, features::FeatureKey({.backbone = part.graph,
                                                             .weights = weights,
                                                             .preprocessing = model.preprocessing,
                                                             .mean_image = model.mean_image,
                                                             .pool = part.pool,
                                                             .batch = options.batch,
                                                             .profile = ProfileText(*backend, profile, options.threads)}));
  return FrozenNet(std::move(backend), std::move(extractor), std::move(key), model.preprocessing, options.threads);
}

absl::StatusOr<features::FeatureRows> FrozenNet::Load(const LabelledDataset& dataset, std::span<const NetInput> inputs,
                                                      const Augmentation& augmentation, const OnPlan& on_plan, TaskContext& context) {
  const auto sha256 = [&](size_t i) -> const std::string& { return dataset.manifest.rows[inputs[i].row].sha256; };
  SB_RETURN_IF_ERROR(CheckFiles(dataset, Positions(inputs).rows, threads_, context));
  std::vector<std::string> view_digests(inputs.size());
  std::vector<features::FeatureCache::Request> requests;
  requests.reserve(inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].view) view_digests[i] = augmentation.Digest(sha256(i), *inputs[i].view);
    requests.push_back({inputs[i].view ? view_digests[i] : sha256(i), i});
  }

  size_t missing = 0;
  Positions wanted;                     // images of missing rows
  std::unique_ptr<StoredRows> decoded;  // theirs
  Augmenter augmenter(augmentation, preprocessing_.width, preprocessing_.height);
  const auto open = [&](std::span<const size_t> images) -> absl::StatusOr<features::ReadPixels> {
    missing = images.size();
    on_plan(missing);
    std::vector<NetInput> missing_inputs;
    for (const size_t image : images) missing_inputs.push_back(inputs[image]);
    wanted = Positions(missing_inputs);
    SB_ASSIGN_OR_RETURN(decoded, DecodeImages(dataset, wanted.rows, preprocessing_, threads_, context));
    return [&](size_t image, std::span<uint8_t> scratch) -> absl::StatusOr<std::span<const uint8_t>> {
      const std::span<const uint8_t> pixels = decoded->row(wanted.of_row.at(inputs[image].row));
      if (!inputs[image].view) return pixels;
      augmenter.Make(sha256(image), *inputs[image].view, pixels, scratch);
      return scratch;
    };
  };
  ImageProgress progress("extract", context);
  const auto on_progress = [&progress](size_t done, size_t total) { return progress.Update(done, total); };
  // What is decoded counts up to inputs.size() (DecodeImages); what is computed of it, beyond.
  const auto on_kept = [&](size_t kept) { context.Checkpointed(static_cast<int64_t>(inputs.size() + kept)); };
  const features::FeatureCache cache(context.paths().cache_dir, context.paths().cache_max_bytes);
  SB_ASSIGN_OR_RETURN(features::FeatureRows loaded, cache.Load(key_, requests, &extractor_, open, on_progress, on_kept));
  if (missing == 0) on_plan(0);
  return loaded;
}

absl::Status FrozenNet::Compute(std::span<const size_t> images, const features::ReadPixels& read, std::span<float> rows) {
  return extractor_.Compute(images, read, rows);
}

}  // namespace seedbed::tasks
