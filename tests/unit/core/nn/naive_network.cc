#include "tests/unit/core/nn/naive_network.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/philox.h"
#include "core/nn/weights.h"

namespace seedbed::nn {
namespace {

using graph::ResolvedLayer;
using graph::Shape;
using Values = std::vector<double>;

struct Image {
  const Values& values;
  const Shape& shape;
  double At(int64_t row, int64_t column, int64_t channel) const {
    return values[static_cast<size_t>((row * shape[1] + column) * shape[2] + channel)];
  }
};

// One example of one layer.
struct Step {
  const ResolvedLayer& layer;
  std::vector<const Values*> inputs;
  std::vector<const Shape*> shapes;
  const TensorViews& weights;

  std::vector<float> Parameter(const std::string& leaf) const {
    const auto found = weights.find(layer.layer.name + "." + leaf);
    return found == weights.end() ? std::vector<float>() : FloatsOf(found->second);
  }
  double Activated(double value) const {
    const graph::Activation& activation = layer.settings.activation;
    return activation.rectified ? std::min(std::max(value, 0.0), static_cast<double>(activation.ceiling)) : value;
  }
};

// Calls visit(row, column, row in the window, column in the window) for the pixels of the image under the window at an output's place.
template <typename Visit>
void ForWindow(const Step& step, int64_t row, int64_t column, Visit visit) {
  const graph::Window& window = step.layer.settings.window;
  for (int64_t i = 0; i < window.size[0]; ++i) {
    for (int64_t j = 0; j < window.size[1]; ++j) {
      const int64_t y = row * window.strides[0] + i - window.before[0], x = column * window.strides[1] + j - window.before[1];
      if (y >= 0 && y < (*step.shapes[0])[0] && x >= 0 && x < (*step.shapes[0])[1]) visit(y, x, i, j);
    }
  }
}

// value(row, column, channel) for every place of the output.
template <typename Value>
Values ForPlaces(const Step& step, Value value) {
  const Shape& shape = step.layer.output_shape;
  Values output;
  for (int64_t row = 0; row < shape[0]; ++row) {
    for (int64_t column = 0; column < shape[1]; ++column) {
      for (int64_t channel = 0; channel < shape[2]; ++channel) output.push_back(value(row, column, channel));
    }
  }
  return output;
}

Values Convolution(const Step& step, bool depthwise) {
  const Image image{*step.inputs[0], *step.shapes[0]};
  const std::vector<float> weight = step.Parameter("weight"), bias = step.Parameter("bias");
  const graph::Window& window = step.layer.settings.window;
  const int64_t channels = depthwise ? 1 : image.shape[2];
  return ForPlaces(step, [&](int64_t row, int64_t column, int64_t filter) {
    double sum = bias.empty() ? 0 : bias[static_cast<size_t>(filter)];
    ForWindow(step, row, column, [&](int64_t y, int64_t x, int64_t i, int64_t j) {
      for (int64_t channel = 0; channel < channels; ++channel) {
        const int64_t index = ((filter * channels + channel) * window.size[0] + i) * window.size[1] + j;
        sum += weight[static_cast<size_t>(index)] * image.At(y, x, depthwise ? filter : channel);
      }
    });
    return step.Activated(sum);
  });
}

Values Pool(const Step& step, bool mean) {
  const Image image{*step.inputs[0], *step.shapes[0]};
  return ForPlaces(step, [&](int64_t row, int64_t column, int64_t channel) {
    double sum = 0, largest = -std::numeric_limits<double>::infinity(), count = 0;
    ForWindow(step, row, column, [&](int64_t y, int64_t x, int64_t, int64_t) {
      sum += image.At(y, x, channel);
      largest = std::max(largest, image.At(y, x, channel));
      ++count;
    });
    return mean ? sum / count : largest;
  });
}

Values GlobalPool(const Step& step, bool mean) {
  const size_t channels = static_cast<size_t>((*step.shapes[0])[2]);
  const Values& values = *step.inputs[0];
  const size_t pixels = values.size() / channels;
  Values sums(channels), largest(channels, -std::numeric_limits<double>::infinity());
  for (size_t i = 0; i < values.size(); ++i) {
    sums[i % channels] += values[i] / static_cast<double>(pixels);
    largest[i % channels] = std::max(largest[i % channels], values[i]);
  }
  return mean ? sums : largest;
}

Values BatchNorm(const Step& step) {
  const std::vector<float> weight = step.Parameter("weight"), bias = step.Parameter("bias"), mean = step.Parameter("running_mean"),
                           variance = step.Parameter("running_var");
  Values output = *step.inputs[0];
  for (size_t i = 0; i < output.size(); ++i) {
    const size_t c = i % weight.size();
    output[i] = (output[i] - mean[c]) / std::sqrt(variance[c] + step.layer.settings.epsilon) * weight[c] + bias[c];
  }
  return output;
}

Values Dense(const Step& step) {
  const Values& input = *step.inputs[0];
  const std::vector<float> weight = step.Parameter("weight"), bias = step.Parameter("bias");
  Values output;
  for (size_t unit = 0; unit < static_cast<size_t>(step.layer.output_shape[0]); ++unit) {
    double sum = bias.empty() ? 0 : bias[unit];
    for (size_t i = 0; i < input.size(); ++i) sum += weight[unit * input.size() + i] * input[i];
    output.push_back(step.Activated(sum));
  }
  return output;
}

Values Whiten(const Step& step) {
  const Values& input = *step.inputs[0];
  const std::vector<float> weight = step.Parameter("weight");
  Values output(input.size());
  for (size_t i = 0; i < weight.size(); ++i) output[i % input.size()] += weight[i] * input[i / input.size()];
  return output;
}

Values Softmax(const Step& step) {
  Values output = *step.inputs[0];
  double total = 0;
  for (double& value : output) total += value = std::exp(value);
  for (double& value : output) value /= total;
  return output;
}

Values RunLayer(const Step& step) {
  const std::string& type = step.layer.layer.type;
  if (type == "conv2d") return Convolution(step, false);
  if (type == "depthwise_conv2d") return Convolution(step, true);
  if (type == "max_pool") return Pool(step, false);
  if (type == "average_pool") return Pool(step, true);
  if (type == "global_average_pool") return GlobalPool(step, true);
  if (type == "global_max_pool") return GlobalPool(step, false);
  if (type == "batch_norm") return BatchNorm(step);
  if (type == "dense") return Dense(step);
  if (type == "softmax") return Softmax(step);
  if (type == "whiten") return Whiten(step);
  Values output = *step.inputs[0];  // flatten, dropout
  for (size_t i = 0; i < output.size(); ++i) {
    if (type == "relu") output[i] = step.Activated(output[i]);
    if (type == "add") output[i] += (*step.inputs[1])[i];
  }
  return output;
}

graph::Layer LayerOf(std::string name, std::string type, nlohmann::json config, std::vector<std::string> inputs) {
  return {.name = std::move(name), .type = std::move(type), .config = std::move(config), .inputs = std::move(inputs)};
}

}  // namespace

std::map<std::string, std::vector<double>> RunNaively(const graph::Graph& graph, const TensorViews& weights, std::span<const float> input,
                                                      size_t batch) {
  std::map<std::string, std::vector<double>> all;
  const size_t size = input.size() / batch;
  for (size_t example = 0; example < batch; ++example) {
    std::vector<Values> outputs;
    for (const ResolvedLayer& layer : graph.layers()) {
      Step step{layer, {}, {}, weights};
      for (const size_t index : layer.inputs) {
        step.inputs.push_back(&outputs[index]);
        step.shapes.push_back(&graph.layers()[index].output_shape);
      }
      const std::span<const float> values = input.subspan(example * size, size);
      outputs.push_back(layer.inputs.empty() ? Values(values.begin(), values.end()) : RunLayer(step));
      Values& into = all[layer.layer.name];
      into.insert(into.end(), outputs.back().begin(), outputs.back().end());
    }
  }
  return all;
}

graph::Graph EveryLayerGraph() {
  using nlohmann::json;
  const json none = json::object();
  return *graph::Graph::Create({
      LayerOf("input", "input", {{"shape", {23, 18, 3}}}, {}),
      LayerOf("stem", "conv2d", {{"filters", 20}, {"kernel", 3}, {"strides", 2}, {"padding", "same"}, {"bias", false}}, {"input"}),
      LayerOf("stem_bn", "batch_norm", none, {"stem"}),
      LayerOf("stem_relu6", "relu", {{"max_value", 6}}, {"stem_bn"}),
      LayerOf("depthwise", "depthwise_conv2d", {{"kernel", {5, 3}}, {"padding", 2}}, {"stem_relu6"}),
      LayerOf("wide", "conv2d", {{"filters", 40}, {"kernel", 3}, {"padding", "same"}, {"activation", "relu6"}}, {"depthwise"}),
      LayerOf("narrow", "conv2d", {{"filters", 20}, {"kernel", {1, 1}}, {"activation", "relu"}}, {"wide"}),
      LayerOf("branch", "depthwise_conv2d", {{"kernel", 3}, {"padding", "same"}, {"bias", false}, {"activation", "relu"}}, {"depthwise"}),
      LayerOf("sum", "add", none, {"narrow", "branch"}),
      LayerOf("pool", "max_pool", {{"size", 3}, {"strides", 2}, {"padding", 1}}, {"sum"}),
      LayerOf("same_pool", "max_pool", {{"size", {2, 3}}, {"padding", "same"}}, {"pool"}),
      LayerOf("strided", "conv2d", {{"filters", 33}, {"kernel", {3, 2}}, {"strides", {2, 1}}, {"padding", 1}}, {"pool"}),
      LayerOf("mean_pool", "average_pool", {{"size", 2}, {"padding", "same"}}, {"strided"}),
      LayerOf("odd", "conv2d", {{"filters", 33}, {"kernel", 3}, {"padding", 1}}, {"mean_pool"}),
      LayerOf("mean", "global_average_pool", none, {"odd"}),
      LayerOf("max", "global_max_pool", none, {"odd"}),
      LayerOf("both", "add", none, {"mean", "max"}),
      LayerOf("vector_bn", "batch_norm", {{"epsilon", 0.01}}, {"both"}),
      LayerOf("dropout", "dropout", {{"rate", 0.5}}, {"vector_bn"}),
      LayerOf("hidden", "dense", {{"units", 19}, {"activation", "relu"}}, {"dropout"}),
      LayerOf("flatten", "flatten", none, {"same_pool"}),
      LayerOf("from_image", "dense", {{"units", 19}, {"bias", false}}, {"flatten"}),
      LayerOf("joined", "add", none, {"hidden", "from_image"}),
      LayerOf("logits", "dense", {{"units", 5}}, {"joined"}),
      LayerOf("softmax", "softmax", none, {"logits"}),
  });
}

TensorMap LivelyWeights(const graph::Graph& graph, uint64_t seed) {
  TensorMap weights = InitializeWeights(graph, seed);
  for (const graph::Parameter& parameter : graph.parameters()) {
    if (parameter.fan_in > 0) continue;
    std::vector<float> values = RandomValues(static_cast<size_t>(graph::ElementsOf(parameter.shape)), ++seed);
    for (float& value : values) value = parameter.initial + value / 2;
    weights[parameter.name] = Tensor::FromFloats(parameter.shape, values);
  }
  return weights;
}

std::vector<float> RandomValues(size_t count, uint64_t seed) {
  RandomStream random(seed, RandomPurpose::kGenerate);
  std::vector<float> values(count);
  for (float& value : values) value = 2 * random.NextUniform() - 1;
  return values;
}

double DistanceFrom(std::span<const double> expected, std::span<const float> values) {
  double largest = 0, difference = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    largest = std::max(largest, std::abs(expected[i]));
    difference = std::max(difference, std::abs(expected[i] - values[i]));
  }
  return difference / largest;
}

}  // namespace seedbed::nn
