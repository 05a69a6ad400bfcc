// Training from images: pixels for a network that is trained from its input on, what the frozen layers make of them for any other.
#include <algorithm>
#include <iterator>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/graph/edit.h"
#include "core/nn/network.h"
#include "core/tasks/data/dataset_events.h"
#include "core/tasks/model/augmentation.h"
#include "core/tasks/model/frozen_net.h"
#include "core/tasks/model/labelled_images.h"
#include "core/tasks/model/train_inputs.h"
#include "core/train/channel_moments.h"
#include "core/train/mean_image.h"
#include "core/train/thread_team.h"
#include "core/train/whitening.h"

namespace seedbed::tasks {
namespace {

train::Examples PointersTo(const auto& rows, size_t first, const std::vector<int32_t>& labels) {
  using Element = std::remove_const_t<typename std::remove_reference_t<decltype(rows.row(0))>::element_type>;
  train::Examples examples{.rows = std::vector<const Element*>(), .labels = labels};
  auto& pointers = std::get<std::vector<const Element*>>(examples.rows);
  for (size_t i = 0; i < labels.size(); ++i) pointers.push_back(rows.row(first + i).data());
  return examples;
}

// The digests of some rows' files.
std::vector<std::string_view> DigestsOf(const LabelledDataset& dataset, const std::vector<uint32_t>& rows) {
  std::vector<std::string_view> digests;
  for (const uint32_t row : rows) digests.push_back(dataset.manifest.rows[row].sha256);
  return digests;
}

// Training pictures that are augmented for each batch, on all threads.
class AugmentedPixels {
 public:
  // Row i of `pixels` is example i, of the file with the digest sha256[i].
  AugmentedPixels(Augmentation augmentation, std::shared_ptr<StoredRows> pixels, std::vector<std::string_view> sha256,
                  const nn::SavedModel& model, int threads)
      : augmenter_(std::move(augmentation), model.preprocessing.width, model.preprocessing.height),
        pixels_(std::move(pixels)),
        sha256_(std::move(sha256)),
        scaler_(model.preprocessing, model.mean_image),
        team_(threads),
        pictures_(static_cast<size_t>(threads), std::vector<uint8_t>(pixels_->row(0).size())) {}

  void Fetch(const train::Batch& batch, std::span<float> rows) {
    const size_t values = pixels_->row(0).size();
    team_.ParallelFor(batch.examples.size(), [&](size_t i, int member) {
      std::vector<uint8_t>& picture = pictures_[static_cast<size_t>(member)];
      const uint32_t example = batch.examples[i];
      augmenter_.Make(sha256_[example], batch.epoch, pixels_->row(example), picture);
      scaler_.Apply(picture, rows.subspan(i * values, values));
    });
  }

 private:
  Augmenter augmenter_;
  const std::shared_ptr<StoredRows> pixels_;
  const std::vector<std::string_view> sha256_;
  const image::PixelScaler scaler_;
  train::ThreadTeam team_;
  std::vector<std::vector<uint8_t>> pictures_;  // of each thread
};

// A frozen net that is run on each batch, with the pixels it reads.
class NetOnPixels {
 public:
  // Row i of `pixels` is an image of the file with the digest sha256[i].
  NetOnPixels(FrozenNet net, const Augmentation& augmentation, const image::Preprocessing& preprocessing,
              std::shared_ptr<StoredRows> pixels, std::vector<std::string_view> sha256)
      : net_(std::move(net)),
        augmenter_(augmentation, preprocessing.width, preprocessing.height),
        pixels_(std::move(pixels)),
        sha256_(std::move(sha256)) {}

  // Of the images from `first` on; as they are in the batch's epoch where they are augmented.
  absl::Status Fetch(const train::Batch& batch, size_t first, bool augmented, std::span<float> rows) {
    images_.clear();
    for (const uint32_t example : batch.examples) images_.push_back(first + example);
    const auto read = [&](size_t image, std::span<uint8_t> scratch) -> absl::StatusOr<std::span<const uint8_t>> {
      if (!augmented) return pixels_->row(image);
      augmenter_.Make(sha256_[image], batch.epoch, pixels_->row(image), scratch);
      return scratch;
    };
    return net_.Compute(images_, read, rows);
  }

 private:
  FrozenNet net_;
  Augmenter augmenter_;
  const std::shared_ptr<StoredRows> pixels_;
  const std::vector<std::string_view> sha256_;
  std::vector<size_t> images_;
};

train::Examples FetchedFrom(std::shared_ptr<NetOnPixels> source, size_t first, bool augmented, const std::vector<int32_t>& labels) {
  const auto fetch = [source = std::move(source), first, augmented](const train::Batch& batch, std::span<float> rows) {
    return source->Fetch(batch, first, augmented, rows);
  };
  return {.rows = train::FetchRows(fetch), .labels = labels};
}

// Example i's view v is row v * examples + i; epochs take the views in turn.
train::Examples ViewsIn(std::shared_ptr<const features::FeatureRows> rows, size_t views, const std::vector<int32_t>& labels) {
  const auto fetch = [rows = std::move(rows), views, examples = labels.size()](const train::Batch& batch, std::span<float> to) {
    const size_t first = batch.epoch % views * examples, values = to.size() / batch.examples.size();
    for (size_t i = 0; i < batch.examples.size(); ++i) {
      std::ranges::copy(rows->row(first + batch.examples[i]), to.begin() + static_cast<std::ptrdiff_t>(i * values));
    }
    return absl::OkStatus();
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

  absl::StatusOr<std::vector<dataset::RejectedFile>> Rejected() const override { return dataset::ReadRejected(spec_.dataset_dir); }
  std::vector<std::string> Paths(Subset subset) const override {
    std::vector<std::string> paths;
    for (const uint32_t row : RowsOf(subset)) paths.push_back(dataset_.manifest.rows[row].path);
    return paths;
  }
  bool HasPictures() const override { return true; }
  absl::StatusOr<std::vector<image::Image>> Pictures(Subset subset, std::span<const size_t> examples,
                                                     const image::Preprocessing& preprocessing, const TaskContext& context) const override {
    std::vector<uint32_t> rows;
    for (const size_t example : examples) rows.push_back(RowsOf(subset)[example]);
    return ReadPictures(dataset_, rows, preprocessing, context);
  }

  absl::StatusOr<TrainNetwork> MakeNetwork() const override { return NetworkForImages(spec_, classes()); }

  absl::StatusOr<TrainRows> MakeRows(const std::string& plan, int threads, TrainNetwork* network, TaskContext& context) const override {
    nn::SavedModel& model = network->model;
    SB_ASSIGN_OR_RETURN(const Augmentation augmentation, Augmentation::Create(spec_));
    SB_RETURN_IF_ERROR(augmentation.CheckSize(model.preprocessing.width, model.preprocessing.height));
    const bool frozen = network->frozen != model.graph.layers().front().layer.name;
    if (!frozen && augmentation.views() > 0) {
      return absl::InvalidArgumentError("augment_views needs layers that are not trained in front of all that are; leave it out");
    }
    if (!frozen) {
      Log("plan",
          augmentation.empty() ? plan : absl::StrCat(plan, "; augments the training images anew in each epoch: ", augmentation.Text()),
          context);
    }
    std::shared_ptr<StoredRows> pixels;
    if (!frozen || NeedsMeanImage(model) || NeedsChannels(model.preprocessing) || network->whitening) {
      SB_ASSIGN_OR_RETURN(pixels, DecodeImages(dataset_, BothRows(), model.preprocessing, threads, context));
      SB_RETURN_IF_ERROR(FitTo(*pixels, threads, network));
    }
    if (frozen) return FrozenRows(plan, threads, *network, augmentation, context);
    TrainRows rows{.training = PointersTo(*pixels, 0, training_labels()),
                   .validation = PointersTo(*pixels, training_.size(), validation_labels()),
                   .pixels = {.preprocessing = model.preprocessing, .mean_image = model.mean_image},
                   .lie_in = {pixels},
                   .frozen = std::nullopt};
    if (!augmentation.empty()) {
      const auto source = std::make_shared<AugmentedPixels>(augmentation, pixels, DigestsOf(dataset_, training_), model, threads);
      rows.training.rows = train::FetchRows([source](const train::Batch& batch, std::span<float> to) {
        source->Fetch(batch, to);
        return absl::OkStatus();
      });
    }
    return rows;
  }

 private:
  const std::vector<uint32_t>& RowsOf(Subset subset) const { return subset == Subset::kTraining ? training_ : validation_; }

  static std::vector<int32_t> LabelsOf(const LabelledDataset& dataset, const std::vector<uint32_t>& rows) {
    std::vector<int32_t> labels;
    for (const uint32_t row : rows) labels.push_back(dataset.manifest.rows[row].label);
    return labels;
  }

  static bool NeedsMeanImage(const nn::SavedModel& model) {
    return model.preprocessing.center == image::Center::kMeanImage && model.mean_image.empty();
  }

  // The training images' means belong to weights that were trained with them; new weights have none.
  static bool NeedsChannels(const image::Preprocessing& preprocessing) {
    const image::Preprocessing open;
    return preprocessing.featurewise != image::Standardize::kNone && preprocessing.mean == open.mean && preprocessing.std == open.std;
  }

  // Training rows first.
  std::vector<uint32_t> BothRows() const {
    std::vector<uint32_t> rows = training_;
    rows.insert(rows.end(), validation_.begin(), validation_.end());
    return rows;
  }

  // What of the preprocessing comes from the training images.
  absl::Status FitTo(const StoredRows& pixels, int threads, TrainNetwork* network) const {
    nn::SavedModel* const model = &network->model;
    const train::Examples training = PointersTo(pixels, 0, training_labels());
    const auto& rows = std::get<std::vector<const uint8_t*>>(training.rows);
    train::ThreadTeam team(threads);
    if (NeedsChannels(model->preprocessing)) train::FitChannels(rows, &team, &model->preprocessing);
    if (NeedsMeanImage(*model)) model->mean_image = train::MeanImage(rows, model->preprocessing, &team);
    if (!network->whitening) return absl::OkStatus();
    nn::SetComputeThreads(threads);
    const image::PixelScaler scaler(model->preprocessing, model->mean_image);
    SB_ASSIGN_OR_RETURN(model->weights.at(absl::StrCat(ToAbsl(graph::kWhitening), ".weight")),
                        train::FitWhitening(rows, pixels.row(0).size(), scaler, *network->whitening));
    return absl::OkStatus();
  }

  absl::StatusOr<TrainRows> FrozenRows(const std::string& plan, int threads, const TrainNetwork& network, const Augmentation& augmentation,
                                       TaskContext& context) const {
    const FrozenNetOptions options{.threads = threads, .reading_threads = augmentation.empty() ? 1 : threads};
    SB_ASSIGN_OR_RETURN(FrozenNet net, FrozenNet::Create(network.model, network.frozen, options, context.profile()));
    TrainRows result;
    result.frozen = FrozenUse{.layer = network.frozen, .backend = std::string(net.backend()), .threads = threads};
    const std::string backbone = absl::StrCat("the backbone (up to '", network.frozen, "', by ", result.frozen->backend, ")");
    const bool anew = !augmentation.empty() && augmentation.views() == 0;
    std::string how = absl::StrCat(plan, spec_.feature_cache ? "" : "; the feature cache is off", "; runs ", backbone);
    if (spec_.feature_cache) SB_RETURN_IF_ERROR(LoadRows(how, augmentation, &net, &result, context));
    if (spec_.feature_cache && !anew) return result;
    if (!spec_.feature_cache) Log("plan", absl::StrCat(how, " for every batch", AnewText(augmentation)), context);
    const image::Preprocessing& preprocessing = network.model.preprocessing;
    SB_ASSIGN_OR_RETURN(std::shared_ptr<StoredRows> pixels, DecodeImages(dataset_, BothRows(), preprocessing, threads, context));
    auto source =
        std::make_shared<NetOnPixels>(std::move(net), augmentation, preprocessing, std::move(pixels), DigestsOf(dataset_, BothRows()));
    result.training = FetchedFrom(source, 0, anew, training_labels());
    if (!spec_.feature_cache) result.validation = FetchedFrom(source, training_.size(), /*augmented=*/false, validation_labels());
    return result;
  }

  static std::string AnewText(const Augmentation& augmentation) {
    return augmentation.empty() ? "" : absl::StrCat(", on training images augmented anew in each epoch: ", augmentation.Text());
  }

  // What can be computed once: the views of the training images, or the images themselves unless they are new in each epoch; and those for
  // validation. `how` is the beginning of the plan.
  absl::Status LoadRows(const std::string& how, const Augmentation& augmentation, FrozenNet* net, TrainRows* result,
                        TaskContext& context) const {
    const size_t views = augmentation.views();
    std::vector<NetInput> inputs;
    if (augmentation.empty()) inputs = AsTheyAre(training_);
    for (size_t view = 0; view < views; ++view) {
      for (const uint32_t row : training_) inputs.push_back({.row = row, .view = static_cast<uint32_t>(view)});
    }
    const size_t of_training = inputs.size();
    std::ranges::copy(AsTheyAre(validation_), std::back_inserter(inputs));
    const auto on_plan = [&](size_t missing) {
      result->frozen->computed = missing;
      const std::string found = absl::StrCat(inputs.size() - missing, " of ", inputs.size(), of_training > 0 ? "" : " validation",
                                             views > 0 ? " rows" : " images", " in the feature cache");
      std::string what = absl::StrCat(" once: ", found);
      if (views > 0) {
        what = absl::StrCat(" once on each of ", views, " augmented views of a training image (", augmentation.Text(),
                            "), which the epochs take in turn: ", found);
      } else if (!augmentation.empty()) {
        what = absl::StrCat(" for every batch", AnewText(augmentation), "; ", found);
      }
      Log("plan", absl::StrCat(how, what), context);
    };
    SB_ASSIGN_OR_RETURN(features::FeatureRows loaded, net->Load(dataset_, inputs, augmentation, on_plan, context));
    auto features = std::make_shared<features::FeatureRows>(std::move(loaded));
    result->frozen->cached = true;
    result->frozen->rows = inputs.size();
    if (of_training > 0) {
      result->training = views > 0 ? ViewsIn(features, views, training_labels()) : PointersTo(*features, 0, training_labels());
    }
    result->validation = PointersTo(*features, of_training, validation_labels());
    result->lie_in.push_back(std::move(features));
    return absl::OkStatus();
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
