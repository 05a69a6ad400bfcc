// Training from images: pixels for a network that is trained from its input on, what the frozen layers make of them for any other.
#include <memory>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/graph/edit.h"
#include "core/tasks/dataset_events.h"
#include "core/tasks/frozen_net.h"
#include "core/tasks/labelled_images.h"
#include "core/tasks/train_inputs.h"
#include "core/train/mean_image.h"

namespace seedbed::tasks {
namespace {

// What both subsets' rows are made of: training rows first.
struct BothSubsets {
  std::vector<uint32_t> rows;
  size_t training = 0;
};

train::Examples PointersTo(const auto& rows, size_t first, const std::vector<int32_t>& labels) {
  using Element = std::remove_const_t<typename std::remove_reference_t<decltype(rows.row(0))>::element_type>;
  train::Examples examples{.rows = std::vector<const Element*>(), .labels = labels};
  auto& pointers = std::get<std::vector<const Element*>>(examples.rows);
  for (size_t i = 0; i < labels.size(); ++i) pointers.push_back(rows.row(first + i).data());
  return examples;
}

// A frozen net with the pixels it reads, for as long as batches ask for rows.
struct NetOnPixels {
  FrozenNet net;
  std::shared_ptr<StoredRows> pixels;
};

train::Examples FetchedFrom(std::shared_ptr<NetOnPixels> source, size_t first, const std::vector<int32_t>& labels) {
  const auto fetch = [source = std::move(source), first](std::span<const uint32_t> examples, std::span<float> rows) {
    std::vector<size_t> images;
    for (const uint32_t example : examples) images.push_back(first + example);
    return source->net.Compute(images, features::PixelsOf(*source->pixels), rows);
  };
  return {.rows = train::FetchRows(fetch), .labels = labels};
}

class TrainImages : public TrainInputs {
 public:
  TrainImages(const TrainSpec& spec, LabelledDataset dataset, std::vector<uint32_t> training, std::vector<uint32_t> validation)
      : TrainInputs(dataset.manifest.classes, LabelsOf(dataset, training), LabelsOf(dataset, validation)),
        spec_(spec),
        dataset_(std::move(dataset)),
        training_(std::move(training)),
        validation_(std::move(validation)) {}

  nlohmann::json Identity() const override {
    return {{"manifest", dataset_.sha256}, {"training_rows", training_}, {"validation_rows", validation_}};
  }
  nlohmann::json Record() const override {
    return {{"dataset", spec_.dataset},
            {"dataset_version", spec_.dataset_version},
            {"manifest_sha256", dataset_.sha256},
            {"split", spec_.split}};
  }

  absl::StatusOr<TrainNetwork> MakeNetwork() const override { return NetworkForImages(spec_, classes()); }

  absl::StatusOr<TrainRows> MakeRows(const std::string& plan, int threads, TrainNetwork* network, TaskContext& context) const override {
    const bool frozen = network->frozen != network->model.graph.layers().front().layer.name;
    if (!frozen) Log("plan", plan, context);
    std::shared_ptr<StoredRows> pixels;
    nn::SavedModel& model = network->model;
    if (!frozen || NeedsMeanImage(model)) {
      SB_ASSIGN_OR_RETURN(pixels, DecodeImages(dataset_, BothRows(), model.preprocessing, threads, context));
      if (NeedsMeanImage(model)) model.mean_image = MeanOf(*pixels, model.preprocessing, threads);
    }
    if (frozen) return FrozenRows(plan, threads, *network, context);
    return TrainRows{.training = PointersTo(*pixels, 0, training_labels()),
                     .validation = PointersTo(*pixels, training_.size(), validation_labels()),
                     .pixels = {.preprocessing = model.preprocessing, .mean_image = model.mean_image},
                     .lie_in = {pixels},
                     .frozen = std::nullopt};
  }

 private:
  static std::vector<int32_t> LabelsOf(const LabelledDataset& dataset, const std::vector<uint32_t>& rows) {
    std::vector<int32_t> labels;
    for (const uint32_t row : rows) labels.push_back(dataset.manifest.rows[row].label);
    return labels;
  }

  static bool NeedsMeanImage(const nn::SavedModel& model) {
    return model.preprocessing.center == image::Center::kMeanImage && model.mean_image.empty();
  }

  // Training rows first.
  std::vector<uint32_t> BothRows() const {
    std::vector<uint32_t> rows = training_;
    rows.insert(rows.end(), validation_.begin(), validation_.end());
    return rows;
  }

  std::vector<float> MeanOf(const StoredRows& pixels, const image::Preprocessing& preprocessing, int threads) const {
    const train::Examples training = PointersTo(pixels, 0, training_labels());
    train::ThreadTeam team(threads);
    return train::MeanImage(std::get<std::vector<const uint8_t*>>(training.rows), preprocessing, &team);
  }

  absl::StatusOr<TrainRows> FrozenRows(const std::string& plan, int threads, const TrainNetwork& network, TaskContext& context) const {
    SB_ASSIGN_OR_RETURN(FrozenNet net, FrozenNet::Create(network.model, network.frozen, {.threads = threads}, context.profile()));
    TrainRows result;
    result.frozen = FrozenUse{.layer = network.frozen, .backend = std::string(net.backend()), .threads = threads};
    const std::string backbone = absl::StrCat("the backbone (up to '", network.frozen, "', by ", result.frozen->backend, ")");
    if (!spec_.feature_cache) {
      Log("plan", absl::StrCat(plan, "; the feature cache is off: runs ", backbone, " for every batch"), context);
      SB_ASSIGN_OR_RETURN(std::shared_ptr<StoredRows> pixels,
                          DecodeImages(dataset_, BothRows(), network.model.preprocessing, threads, context));
      auto source = std::make_shared<NetOnPixels>(NetOnPixels{.net = std::move(net), .pixels = std::move(pixels)});
      result.training = FetchedFrom(source, 0, training_labels());
      result.validation = FetchedFrom(source, training_.size(), validation_labels());
      return result;
    }
    const std::vector<uint32_t> rows = BothRows();
    const auto on_plan = [&](size_t missing) {
      result.frozen->computed = missing;
      Log("plan",
          absl::StrCat(plan, "; runs ", backbone, " once: ", rows.size() - missing, " of ", rows.size(), " images in the feature cache"),
          context);
    };
    SB_ASSIGN_OR_RETURN(features::FeatureRows loaded, net.Load(dataset_, rows, on_plan, context));
    auto features = std::make_shared<features::FeatureRows>(std::move(loaded));
    result.frozen->cached = true;
    result.training = PointersTo(*features, 0, training_labels());
    result.validation = PointersTo(*features, training_.size(), validation_labels());
    result.lie_in.push_back(std::move(features));
    return result;
  }

  const TrainSpec& spec_;
  const LabelledDataset dataset_;
  const std::vector<uint32_t> training_;
  const std::vector<uint32_t> validation_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<TrainInputs>> OpenTrainImages(const TrainSpec& spec) {
  SB_ASSIGN_OR_RETURN(LabelledDataset dataset, OpenDataset(spec.dataset_dir, spec.split_file));
  std::vector<uint32_t> training = dataset.RowsOf("train"), validation = dataset.RowsOf("validation");
  if (training.empty()) {
    return absl::InvalidArgumentError(dataset.split ? absl::StrCat("split '", spec.split, "' has no image in its subset 'train'")
                                                    : absl::StrCat("dataset '", spec.dataset, "' has no image"));
  }
  return std::make_unique<TrainImages>(spec, std::move(dataset), std::move(training), std::move(validation));
}

}  // namespace seedbed::tasks
