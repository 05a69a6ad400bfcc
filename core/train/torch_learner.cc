#include "core/train/torch_learner.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"
#include "core/nn/torch_errors.h"
#include "core/nn/torch_pch.h"
#include "core/nn/weights.h"
#include "core/train/bound_kernels.h"
#include "core/train/torch_optimizer.h"
#include "core/train/training_pass.h"

namespace seedbed::train {
namespace {

using graph::ResolvedLayer;

class TorchLearner : public Learner {
 public:
  TorchLearner(const graph::Graph& graph, Examples training, Examples validation, const TorchLearnerOptions& options,
               UpdateParameters update)
      : graph_(graph),
        training_(std::move(training)),
        validation_(std::move(validation)),
        seed_(options.seed),
        evaluation_batch_(std::max<size_t>(options.evaluation_batch, 1)),
        reader_(static_cast<size_t>(graph::ElementsOf(graph_.input_shape())), options.pixels),
        mixer_(options.mixing, options.seed, RowShapeOf(graph_.input_shape())),
        optimizer_(options.optimizer, update),
        softmax_(static_cast<size_t>(graph_.output_shape()[0])),
        parameters_(MakeParameters()),
        runner_(graph_, parameters_) {}

  size_t training_examples() const override { return training_.labels.size(); }
  size_t validation_examples() const override { return validation_.labels.size(); }

  absl::StatusOr<BatchResult> TrainBatch(const Batch& batch) override {
    return AtTheDoor("training", batch.examples.size(), [&]() -> absl::StatusOr<BatchResult> {
      SB_ASSIGN_OR_RETURN(const at::Tensor input, Read(training_, batch));
      const BatchLabels labels = Mix(batch, input);
      const at::Tensor logits = runner_.Train(input, {.seed = seed_, .step = step_ + 1, .examples = batch.examples}).contiguous();
      const at::Tensor delta = at::empty(logits.sizes(), at::kFloat);
      BatchResult result;
      AddLosses(labels, logits, delta.data_ptr<float>(), &result);
      logits.backward(delta);
      optimizer_.Step(++step_);
      return result;
    });
  }

  absl::StatusOr<BatchResult> EvaluateBatch(size_t first, size_t count) override {
    BatchResult result;
    const auto add = [&](std::span<const uint32_t> examples, const at::Tensor& logits) {
      AddLosses(LabelsOf(validation_, examples), logits, /*delta=*/nullptr, &result);
    };
    SB_RETURN_IF_ERROR(ForwardValidation(first, count, add));
    return result;
  }

  absl::Status Predict(size_t first, size_t count, std::span<float> logits) override {
    float* to = logits.data();
    const auto copy = [&to](std::span<const uint32_t>, const at::Tensor& values) {
      to = std::copy_n(values.const_data_ptr<float>(), values.numel(), to);
    };
    return ForwardValidation(first, count, copy);
  }

  nn::TensorMap weights() const override {
    nn::TensorMap tensors;
    for (const auto& [name, tensor] : parameters_) tensors.emplace(name, TensorFrom(tensor));
    return tensors;
  }

  nn::TensorMap optimizer_state() const override {
    nn::TensorMap tensors;
    optimizer_.AddState(&tensors);
    return tensors;
  }

  absl::Status Restore(const nn::TensorMap& weights, const nn::TensorMap& optimizer_state, int64_t step) override {
    SB_RETURN_IF_ERROR(nn::CheckWeights(graph_, nn::ViewsOf(weights)));
    return nn::WithoutExceptions([&]() -> absl::Status {
      SB_RETURN_IF_ERROR(optimizer_.Restore(optimizer_state));
      for (const auto& [name, tensor] : weights) CopyInto(tensor, parameters_.at(name));
      step_ = step;
      return absl::OkStatus();
    });
  }

 private:
  nn::TorchParameters MakeParameters() {
    nn::TorchParameters parameters;
    for (const ResolvedLayer& layer : graph_.layers()) {
      for (const graph::Parameter& parameter : layer.parameters) {
        const bool learns = layer.trainable() && !parameter.statistic;
        parameters.emplace(parameter.name, learns ? optimizer_.AddParameter(parameter) : at::empty(parameter.shape, at::kFloat));
      }
    }
    return parameters;
  }

  // Calls use(examples, logits) on the validation examples from `first` on, a few at a time.
  template <typename Use>
  absl::Status ForwardValidation(size_t first, size_t count, const Use& use) {
    std::vector<uint32_t> examples;
    for (size_t end = first + count; first < end; first += examples.size()) {
      examples.resize(std::min(evaluation_batch_, end - first));
      std::iota(examples.begin(), examples.end(), static_cast<uint32_t>(first));
      SB_RETURN_IF_ERROR(AtTheDoor("evaluating", examples.size(), [&]() -> absl::Status {
        const c10::InferenceMode inference;
        SB_ASSIGN_OR_RETURN(const at::Tensor input, Read(validation_, {.examples = examples}));
        use(examples, runner_.Evaluate(input).contiguous());
        return absl::OkStatus();
      }));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<at::Tensor> Read(const Examples& from, const Batch& batch) const {
    std::vector<int64_t> shape = {static_cast<int64_t>(batch.examples.size())};
    shape.insert(shape.end(), graph_.input_shape().begin(), graph_.input_shape().end());
    at::Tensor input = at::empty(shape, at::kFloat);
    SB_RETURN_IF_ERROR(reader_.Read(from, batch, {input.data_ptr<float>(), static_cast<size_t>(input.numel())}));
    return input;
  }

  // In batch_labels_.
  BatchLabels LabelsOf(const Examples& of, std::span<const uint32_t> examples) {
    batch_labels_.clear();
    for (const uint32_t example : examples) batch_labels_.push_back(of.labels[example]);
    return batch_labels_;
  }

  // The labels of a training batch, and of what its input is mixed with, in place.
  BatchLabels Mix(const Batch& batch, const at::Tensor& input) {
    const BatchLabels own = LabelsOf(training_, batch.examples);
    const std::span<float> rows(input.data_ptr<float>(), static_cast<size_t>(input.numel()));
    const augment::MixedLabels mixed = mixer_.Mix(batch.epoch, batch.index, own.labels, rows);
    return {own.labels, mixed.others, mixed.weight};
  }

  // Unless `delta` is null it gets the gradient of the batch's mean loss by the logits.
  void AddLosses(const BatchLabels& labels, const at::Tensor& logits, float* delta, BatchResult* result) {
    const size_t classes = static_cast<size_t>(logits.size(1));
    const std::span<const float> values(logits.const_data_ptr<float>(), static_cast<size_t>(logits.numel()));
    const size_t examples = labels.labels.size();
    for (size_t i = 0; i < examples; ++i) {
      softmax_.Add(values.subspan(i * classes, classes), labels, i, 1.0 / static_cast<double>(examples),
                   delta == nullptr ? nullptr : delta + i * classes, result);
    }
  }

  // What `body` returns; where memory runs out, with the sizes and what to do.
  template <typename Body>
  auto AtTheDoor(std::string_view doing, size_t examples, Body body) const -> decltype(body()) {
    auto result = nn::WithoutExceptions(body);
    const absl::Status& status = StatusOf(result);
    if (status.code() != absl::StatusCode::kResourceExhausted) return result;
    return OutOfMemoryError(absl::StrCat(ToAbsl(doing), " with batches of ", examples, " examples of ",
                                         graph::FormatShape(graph_.input_shape()), " values and ", graph_.parameter_count(),
                                         " parameters: ", status.message(),
                                         "; try a smaller --batch-size, smaller images or fewer trainable layers"));
  }
  static const absl::Status& StatusOf(const absl::Status& status) { return status; }
  static const absl::Status& StatusOf(const absl::StatusOr<BatchResult>& result) { return result.status(); }

  // Constant after construction.
  const graph::Graph graph_;
  const Examples training_;
  const Examples validation_;
  const uint64_t seed_;
  const size_t evaluation_batch_;
  const InputReader reader_;

  augment::BatchMixer mixer_;
  std::vector<int32_t> batch_labels_;
  TorchOptimizer optimizer_;
  SoftmaxCrossEntropy softmax_;
  nn::TorchParameters parameters_;
  GraphRunner runner_;
  int64_t step_ = 0;  // updates made
};

absl::Status CheckGraph(const graph::Graph& graph) {
  const graph::Shape& logits = graph::LogitsLayer(graph).output_shape;
  if (logits.size() != 1 || logits[0] < 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("the network ends in ", graph::FormatShape(logits), "; to be trained it needs a vector of at least 2 classes"));
  }
  const auto learns = [](const ResolvedLayer& layer) { return layer.trainable_parameter_count() > 0; };
  if (std::none_of(graph.layers().begin(), graph.layers().end(), learns)) {
    return absl::InvalidArgumentError("no layer of the network is trainable");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Learner>> MakeTorchLearner(const graph::Graph& graph, const nn::TensorMap& weights, Examples training,
                                                          Examples validation, const TorchLearnerOptions& options) {
  SB_RETURN_IF_ERROR(CheckGraph(graph));
  SB_RETURN_IF_ERROR(augment::CheckMixing(options.mixing, RowShapeOf(graph.input_shape())));
  const size_t values = static_cast<size_t>(graph::ElementsOf(graph.input_shape()));
  for (const Examples* examples : {&training, &validation}) {
    SB_RETURN_IF_ERROR(CheckExamples(*examples, options.pixels, values, graph.output_shape()[0]));
  }
  SB_ASSIGN_OR_RETURN(const LinearKernels* kernels, BoundKernels(options.instruction_set));
  return nn::WithoutExceptions([&]() -> absl::StatusOr<std::unique_ptr<Learner>> {
    auto learner = std::make_unique<TorchLearner>(graph, std::move(training), std::move(validation), options, kernels->update);
    SB_RETURN_IF_ERROR(learner->Restore(weights, {}, 0));
    return learner;
  });
}

}  // namespace seedbed::train
