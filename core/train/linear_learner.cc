#include "core/train/linear_learner.h"

#include <numeric>
#include <tuple>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/nn/weights.h"
#include "core/train/linear_classifier.h"

namespace seedbed::train {
namespace {

// Whether one factor and one offset for each value make the input: the classifier then reads the bytes themselves.
bool ArePlain(const image::Preprocessing& preprocessing) {
  const auto& [mean, std] = std::tie(preprocessing.mean, preprocessing.std);
  return preprocessing.samplewise == image::Standardize::kNone && preprocessing.channels == image::ChannelOrder::kRgb &&
         mean[0] == mean[1] && mean[0] == mean[2] && std[0] == std[1] && std[0] == std[2];
}

// What the classifier does with rows of bytes: (v rescale - mean) / std - mean_image = v (rescale / std) - (mean / std + mean_image).
// Other rows are finished inputs.
void SetScaleAndOffset(const PixelOptions& pixels, LinearClassifierOptions* options) {
  const image::Preprocessing& preprocessing = pixels.preprocessing;
  options->scale = static_cast<float>(preprocessing.rescale / preprocessing.std[0]);
  options->offset = pixels.mean_image;
  if (preprocessing.mean[0] == 0) return;
  options->offset.resize(options->features);
  for (float& offset : options->offset) offset += static_cast<float>(preprocessing.mean[0] / preprocessing.std[0]);
}

class LinearLearner : public Learner {
 public:
  LinearLearner(const graph::Graph& graph, const LinearLearnerOptions& options, std::unique_ptr<LinearClassifier> classifier,
                Examples training, Examples validation)
      : layer_(graph::LogitsLayer(graph).layer.name),
        weight_shape_(graph::LogitsLayer(graph).parameters[0].shape),
        optimizer_(options.optimizer),
        plain_pixels_(ArePlain(options.pixels.preprocessing)),
        reader_(static_cast<size_t>(weight_shape_[1]), options.pixels),
        training_(std::move(training)),
        validation_(std::move(validation)),
        mixer_(options.mixing, options.seed, RowShapeOf(graph.input_shape())),
        classifier_(std::move(classifier)) {}

  size_t training_examples() const override { return training_.labels.size(); }
  size_t validation_examples() const override { return validation_.labels.size(); }

  absl::StatusOr<BatchResult> TrainBatch(const Batch& batch) override {
    SB_ASSIGN_OR_RETURN(const Rows rows, Gather(training_, batch));
    const augment::MixedLabels mixed = mixer_.Mix(batch.epoch, batch.index, batch_labels_, inputs_);
    return classifier_->TrainBatch(rows, {batch_labels_, mixed.others, mixed.weight});
  }

  absl::StatusOr<BatchResult> EvaluateBatch(size_t first, size_t count) override {
    validation_batch_.resize(count);
    std::iota(validation_batch_.begin(), validation_batch_.end(), static_cast<uint32_t>(first));
    SB_ASSIGN_OR_RETURN(const Rows rows, Gather(validation_, {.examples = validation_batch_}));
    return classifier_->EvaluateBatch(rows, batch_labels_);
  }

  absl::Status Predict(size_t first, size_t count, std::span<float> logits) override {
    SB_RETURN_IF_ERROR(EvaluateBatch(first, count).status());
    std::ranges::copy(classifier_->logits(), logits.begin());
    return absl::OkStatus();
  }

  nn::TensorMap weights() const override {
    nn::TensorMap tensors;
    Add(classifier_->state().parameters, "", &tensors);
    return tensors;
  }

  nn::TensorMap optimizer_state() const override {
    nn::TensorMap tensors;
    const LinearState state = classifier_->state();
    for (size_t i = 0; i < state.slots.size(); ++i) Add(state.slots[i], SlotSuffix(i), &tensors);
    return tensors;
  }

  absl::Status Restore(const nn::TensorMap& weights, const nn::TensorMap& optimizer_state, int64_t step) override {
    LinearState state;
    state.step = step;
    SB_ASSIGN_OR_RETURN(state.parameters, Take(weights, ""));
    const size_t slots = optimizer_state.empty() ? 0 : static_cast<size_t>(SlotCount(optimizer_));
    for (size_t i = 0; i < slots; ++i) {
      SB_ASSIGN_OR_RETURN(LinearParameters slot, Take(optimizer_state, SlotSuffix(i)));
      state.slots.push_back(std::move(slot));
    }
    return classifier_->Restore(state);
  }

 private:
  // The rows of a batch, and their labels in batch_labels_. Those that are to be mixed are copies, in inputs_.
  absl::StatusOr<Rows> Gather(const Examples& from, const Batch& batch) {
    const std::span<const uint32_t> examples = batch.examples;
    batch_labels_.resize(examples.size());
    for (size_t i = 0; i < examples.size(); ++i) batch_labels_[i] = from.labels[examples[i]];
    if (mixer_.empty()) {
      if (const auto* rows = std::get_if<std::vector<const float*>>(&from.rows)) return Choose(*rows, examples);
      const auto* pixels = std::get_if<std::vector<const uint8_t*>>(&from.rows);
      if (pixels != nullptr && plain_pixels_) return Choose(*pixels, examples);
    }
    const size_t features = static_cast<size_t>(weight_shape_[1]);
    inputs_.resize(examples.size() * features);
    SB_RETURN_IF_ERROR(reader_.Read(from, batch, inputs_));
    auto& chosen = std::get<std::vector<const float*>>(batch_rows_);
    chosen.clear();
    for (size_t i = 0; i < examples.size(); ++i) chosen.push_back(&inputs_[i * features]);
    return std::span<const float* const>(chosen);
  }

  template <typename Element>
  Rows Choose(const std::vector<const Element*>& rows, std::span<const uint32_t> examples) {
    auto& chosen = std::get<std::vector<const Element*>>(batch_rows_);
    chosen.clear();
    for (const uint32_t example : examples) chosen.push_back(rows[example]);
    return std::span<const Element* const>(chosen);
  }

  std::string SlotSuffix(size_t slot) const { return absl::StrCat("/", ToAbsl(SlotName(optimizer_, static_cast<int>(slot)))); }

  void Add(const LinearParameters& parameters, const std::string& suffix, nn::TensorMap* tensors) const {
    tensors->emplace(layer_ + ".weight" + suffix, nn::Tensor::FromFloats(weight_shape_, parameters.weight));
    tensors->emplace(layer_ + ".bias" + suffix, nn::Tensor::FromFloats({weight_shape_[0]}, parameters.bias));
  }

  absl::StatusOr<LinearParameters> Take(const nn::TensorMap& tensors, const std::string& suffix) const {
    const auto weight = tensors.find(layer_ + ".weight" + suffix), bias = tensors.find(layer_ + ".bias" + suffix);
    if (weight == tensors.end() || bias == tensors.end()) {
      return absl::InvalidArgumentError(absl::StrCat("there is no '", layer_, ".weight", suffix, "' with its bias"));
    }
    return LinearParameters{.weight = nn::FloatsOf(weight->second.view()), .bias = nn::FloatsOf(bias->second.view())};
  }

  // Constant after construction.
  const std::string layer_;
  const graph::Shape weight_shape_;
  const OptimizerOptions optimizer_;
  const bool plain_pixels_;  // the classifier takes them as they are
  const InputReader reader_;
  const Examples training_;
  const Examples validation_;

  augment::BatchMixer mixer_;
  const std::unique_ptr<LinearClassifier> classifier_;
  std::tuple<std::vector<const uint8_t*>, std::vector<const float*>> batch_rows_;  // buffers; one of them is used
  std::vector<float> inputs_;  // of a batch, where the classifier does not take the rows as they are
  std::vector<int32_t> batch_labels_;
  std::vector<uint32_t> validation_batch_;
};

}  // namespace

absl::StatusOr<const graph::ResolvedLayer*> LinearLayerOf(const graph::Graph& graph) {
  std::vector<std::string> types;
  for (const graph::ResolvedLayer& layer : graph.layers()) types.push_back(layer.layer.type);
  std::erase(types, "flatten");
  const graph::ResolvedLayer& dense = graph::LogitsLayer(graph);
  if (types == std::vector<std::string>{"input", "dense", "softmax"} && dense.parameters.size() == 2 && dense.trainable() &&
      !dense.settings.activation.rectified) {
    return &dense;
  }
  return absl::UnimplementedError("it is no network of the form flatten, dense, softmax with a trainable dense layer");
}

absl::StatusOr<std::unique_ptr<Learner>> MakeLinearLearner(const graph::Graph& graph, const nn::TensorMap& weights, Examples training,
                                                           Examples validation, const LinearLearnerOptions& options) {
  SB_ASSIGN_OR_RETURN(const graph::ResolvedLayer* dense, LinearLayerOf(graph));
  SB_RETURN_IF_ERROR(nn::CheckWeights(graph, nn::ViewsOf(weights)));
  LinearClassifierOptions linear;
  linear.features = static_cast<size_t>(dense->parameters[0].shape[1]);
  linear.classes = static_cast<size_t>(dense->parameters[0].shape[0]);
  linear.optimizer = options.optimizer;
  linear.threads = options.threads;
  linear.instruction_set = options.instruction_set;
  bool takes_bytes = false;
  for (const Examples* examples : {&training, &validation}) {
    SB_RETURN_IF_ERROR(CheckExamples(*examples, options.pixels, linear.features, dense->parameters[0].shape[0]));
    takes_bytes |= std::holds_alternative<std::vector<const uint8_t*>>(examples->rows) && !examples->labels.empty();
  }
  SB_RETURN_IF_ERROR(augment::CheckMixing(options.mixing, RowShapeOf(graph.input_shape())));
  if (takes_bytes && options.mixing.empty() && ArePlain(options.pixels.preprocessing)) SetScaleAndOffset(options.pixels, &linear);
  SB_ASSIGN_OR_RETURN(std::unique_ptr<LinearClassifier> classifier, LinearClassifier::Create(std::move(linear)));
  auto learner = std::make_unique<LinearLearner>(graph, options, std::move(classifier), std::move(training), std::move(validation));
  SB_RETURN_IF_ERROR(learner->Restore(weights, {}, 0));
  return learner;
}

}  // namespace seedbed::train
