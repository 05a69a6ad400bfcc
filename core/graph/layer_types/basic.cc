// Layers that know no neighbours: what comes in, is reshaped, weighed, rectified or added up value by value.
#include <limits>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/graph/layer_types/config.h"
#include "core/graph/layer_types/infer.h"

namespace seedbed::graph {
namespace {

constexpr size_t kImageAxes = 3;

absl::Status NeedsVector(const Shape& input, std::string_view advice) {
  if (input.size() == 1) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("needs a vector, got ", FormatShape(input), ToAbsl(advice)));
}

}  // namespace

absl::Status InferInput(std::span<const Shape>, ResolvedLayer* layer) {
  const nlohmann::json& config = layer->layer.config;
  SB_RETURN_IF_ERROR(CheckKeys(config, {"shape"}));
  const auto shape = config.find("shape");
  if (shape == config.end() || !shape->is_array() || shape->empty()) return absl::InvalidArgumentError("needs a shape");
  for (const nlohmann::json& extent : *shape) {
    SB_ASSIGN_OR_RETURN(const int64_t value, PositiveInteger(extent, "an extent of shape"));
    layer->output_shape.push_back(value);
  }
  return CheckSize(layer->output_shape, "the shape");
}

absl::Status InferFlatten(std::span<const Shape> inputs, ResolvedLayer* layer) {
  SB_RETURN_IF_ERROR(CheckKeys(layer->layer.config, {}));
  layer->output_shape = {ElementsOf(inputs[0])};
  return absl::OkStatus();
}

absl::Status InferDense(std::span<const Shape> inputs, ResolvedLayer* layer) {
  const nlohmann::json& config = layer->layer.config;
  SB_RETURN_IF_ERROR(CheckKeys(config, {"units", "bias", "activation"}));
  SB_RETURN_IF_ERROR(NeedsVector(inputs[0], "; flatten first"));
  SB_ASSIGN_OR_RETURN(const int64_t units, PositiveSetting(config, "units"));
  SB_ASSIGN_OR_RETURN(layer->settings.bias, BooleanSetting(config, "bias", true));
  SB_ASSIGN_OR_RETURN(layer->settings.activation, ActivationSetting(config));
  const int64_t width = inputs[0][0];
  SB_RETURN_IF_ERROR(CheckSize({units, width}, "the weight's shape"));
  layer->output_shape = {units};
  layer->parameters.push_back({.name = layer->layer.name + ".weight", .shape = {units, width}, .fan_in = width, .fan_out = units});
  if (layer->settings.bias) layer->parameters.push_back({.name = layer->layer.name + ".bias", .shape = {units}});
  return absl::OkStatus();
}

absl::Status InferSoftmax(std::span<const Shape> inputs, ResolvedLayer* layer) {
  SB_RETURN_IF_ERROR(CheckKeys(layer->layer.config, {}));
  SB_RETURN_IF_ERROR(NeedsVector(inputs[0], ""));
  layer->output_shape = inputs[0];
  return absl::OkStatus();
}

absl::Status InferRelu(std::span<const Shape> inputs, ResolvedLayer* layer) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const nlohmann::json& config = layer->layer.config;
  SB_RETURN_IF_ERROR(CheckKeys(config, {"max_value"}));
  SB_ASSIGN_OR_RETURN(const double ceiling,
                      NumberSetting(config, "max_value", kInfinity, {.low = 0, .low_is_open = true, .high = kInfinity}));
  layer->settings.activation = {.rectified = true, .ceiling = static_cast<float>(ceiling)};
  layer->output_shape = inputs[0];
  return absl::OkStatus();
}

absl::Status InferDropout(std::span<const Shape> inputs, ResolvedLayer* layer) {
  const nlohmann::json& config = layer->layer.config;
  SB_RETURN_IF_ERROR(CheckKeys(config, {"rate"}));
  SB_ASSIGN_OR_RETURN(layer->settings.rate, NumberSetting(config, "rate", std::nullopt, {.low = 0, .high = 1, .high_is_open = true}));
  layer->output_shape = inputs[0];
  return absl::OkStatus();
}

absl::Status InferAdd(std::span<const Shape> inputs, ResolvedLayer* layer) {
  SB_RETURN_IF_ERROR(CheckKeys(layer->layer.config, {}));
  if (inputs[0] != inputs[1]) {
    return absl::InvalidArgumentError(
        absl::StrCat("adds inputs of one shape, got ", FormatShape(inputs[0]), " and ", FormatShape(inputs[1])));
  }
  layer->output_shape = inputs[0];
  return absl::OkStatus();
}

absl::Status InferWhiten(std::span<const Shape> inputs, ResolvedLayer* layer) {
  constexpr int64_t kMostValues = 4096;  // the matrix has 64 MiB then
  SB_RETURN_IF_ERROR(CheckKeys(layer->layer.config, {}));
  const int64_t values = ElementsOf(inputs[0]);
  if (values > kMostValues) {
    return absl::InvalidArgumentError(absl::StrCat("whitens at most ", kMostValues, " values, such as 36x36x3, and ",
                                                   FormatShape(inputs[0]), " has ", values, "; make the images smaller"));
  }
  layer->output_shape = inputs[0];
  layer->parameters = {{.name = layer->layer.name + ".weight", .shape = {values, values}, .statistic = true}};
  return absl::OkStatus();
}

absl::Status InferBatchNorm(std::span<const Shape> inputs, ResolvedLayer* layer) {
  constexpr double kDefaultEpsilon = 0.001, kDefaultMomentum = 0.99;  // Keras's
  const nlohmann::json& config = layer->layer.config;
  SB_RETURN_IF_ERROR(CheckKeys(config, {"epsilon", "momentum"}));
  SB_ASSIGN_OR_RETURN(layer->settings.epsilon,
                      NumberSetting(config, "epsilon", kDefaultEpsilon, {.low = 0, .low_is_open = true, .high = 1}));
  SB_ASSIGN_OR_RETURN(layer->settings.momentum, NumberSetting(config, "momentum", kDefaultMomentum, {.low = 0, .high = 1}));
  if (inputs[0].size() != 1 && inputs[0].size() != kImageAxes) {
    return absl::InvalidArgumentError(absl::StrCat("needs a vector or an image (height, width, channels), got ", FormatShape(inputs[0])));
  }
  const Shape channels = {inputs[0].back()};
  const std::string& name = layer->layer.name;
  layer->output_shape = inputs[0];
  layer->parameters = {{.name = name + ".weight", .shape = channels, .initial = 1},
                       {.name = name + ".bias", .shape = channels},
                       {.name = name + ".running_mean", .shape = channels, .statistic = true},
                       {.name = name + ".running_var", .shape = channels, .initial = 1, .statistic = true}};
  return absl::OkStatus();
}

}  // namespace seedbed::graph
