// Layers that slide over images, or take them as a whole.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/graph/layer_types/config.h"
#include "core/graph/layer_types/infer.h"

namespace seedbed::graph {
namespace {

using Pair = std::array<int64_t, 2>;  // height, width

absl::Status NeedsImage(const Shape& input) {
  if (input.size() == 3) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("needs an image (height, width, channels), got ", FormatShape(input)));
}

// TensorFlow's rule, for one axis.
void PadSame(int64_t image, size_t axis, Window* window) {
  const int64_t stride = window->strides[axis];
  const int64_t places = (image - 1) / stride + 1;
  const int64_t padding = std::max<int64_t>((places - 1) * stride + window->size[axis] - image, 0);
  window->before[axis] = padding / 2;
  window->after[axis] = padding - padding / 2;
}

// `largest`: what a number may be at most, so that no window lies in the padding alone.
absl::Status SetPadding(const nlohmann::json& config, const Shape& image, const Pair& largest, Window* window) {
  const nlohmann::json padding = config.value("padding", nlohmann::json("valid"));
  if (padding == "valid") return absl::OkStatus();
  if (padding == "same") {
    for (const size_t axis : {0, 1}) PadSame(image[axis], axis, window);
    return absl::OkStatus();
  }
  const int64_t limit = std::min(largest[0], largest[1]);
  if (!padding.is_number_integer() || padding < 0 || padding > limit) {
    return absl::InvalidArgumentError(absl::StrCat(R"(padding must be "valid", "same" or an integer of 0 to )", limit, " for a window of ",
                                                   window->size[0], "x", window->size[1], ", not ", padding.dump()));
  }
  window->before = window->after = {padding.get<int64_t>(), padding.get<int64_t>()};
  return absl::OkStatus();
}

// The output's height and width.
absl::StatusOr<Pair> PlacesOf(const Shape& image, const Window& window) {
  Pair places = {};
  for (const size_t axis : {0, 1}) {
    const int64_t room = image[axis] + window.before[axis] + window.after[axis] - window.size[axis];
    if (room < 0) {
      return absl::InvalidArgumentError(absl::StrCat("its window of ", window.size[0], "x", window.size[1], " is larger than the image of ",
                                                     FormatShape(image), window.before[axis] > 0 ? " with its padding" : ""));
    }
    places[axis] = room / window.strides[axis] + 1;
  }
  return places;
}

// What the two convolutions have in common; the weight's shape is set before.
absl::Status InferConvolution(const Shape& image, const Pair& kernel, int64_t filters, ResolvedLayer* layer) {
  const nlohmann::json& config = layer->layer.config;
  Window& window = layer->settings.window;
  window.size = kernel;
  SB_ASSIGN_OR_RETURN(window.strides, PairSetting(config, "strides", Pair{1, 1}));
  SB_ASSIGN_OR_RETURN(layer->settings.bias, BooleanSetting(config, "bias", true));
  SB_ASSIGN_OR_RETURN(layer->settings.activation, ActivationSetting(config));
  SB_RETURN_IF_ERROR(SetPadding(config, image, {kernel[0] - 1, kernel[1] - 1}, &window));
  SB_ASSIGN_OR_RETURN(const Pair places, PlacesOf(image, window));
  SB_RETURN_IF_ERROR(CheckSize({places[0], places[1], filters}, "the output's shape"));
  layer->output_shape = {places[0], places[1], filters};
  if (layer->settings.bias) layer->parameters.push_back({.name = layer->layer.name + ".bias", .shape = {filters}});
  return absl::OkStatus();
}

}  // namespace

absl::Status InferConv2d(std::span<const Shape> inputs, ResolvedLayer* layer) {
  const nlohmann::json& config = layer->layer.config;
  SB_RETURN_IF_ERROR(CheckKeys(config, {"filters", "kernel", "strides", "padding", "bias", "activation"}));
  SB_RETURN_IF_ERROR(NeedsImage(inputs[0]));
  SB_ASSIGN_OR_RETURN(const int64_t filters, PositiveSetting(config, "filters"));
  SB_ASSIGN_OR_RETURN(const Pair kernel, PairSetting(config, "kernel", std::nullopt));
  const int64_t channels = inputs[0][2];
  SB_RETURN_IF_ERROR(CheckSize({filters, channels, kernel[0], kernel[1]}, "the weight's shape"));
  const int64_t positions = kernel[0] * kernel[1];
  layer->parameters.push_back({.name = layer->layer.name + ".weight",
                               .shape = {filters, channels, kernel[0], kernel[1]},
                               .fan_in = positions * channels,
                               .fan_out = positions * filters});
  return InferConvolution(inputs[0], kernel, filters, layer);
}

absl::Status InferDepthwiseConv2d(std::span<const Shape> inputs, ResolvedLayer* layer) {
  const nlohmann::json& config = layer->layer.config;
  SB_RETURN_IF_ERROR(CheckKeys(config, {"kernel", "strides", "padding", "bias", "activation"}));
  SB_RETURN_IF_ERROR(NeedsImage(inputs[0]));
  SB_ASSIGN_OR_RETURN(const Pair kernel, PairSetting(config, "kernel", std::nullopt));
  const int64_t channels = inputs[0][2];
  SB_RETURN_IF_ERROR(CheckSize({channels, 1, kernel[0], kernel[1]}, "the weight's shape"));
  const int64_t positions = kernel[0] * kernel[1];
  // Keras takes its kernel (height, width, channels, 1) for a convolution from all channels to one.
  layer->parameters.push_back({.name = layer->layer.name + ".weight",
                               .shape = {channels, 1, kernel[0], kernel[1]},
                               .fan_in = positions * channels,
                               .fan_out = positions});
  return InferConvolution(inputs[0], kernel, channels, layer);
}

absl::Status InferPool(std::span<const Shape> inputs, ResolvedLayer* layer) {
  const nlohmann::json& config = layer->layer.config;
  Window& window = layer->settings.window;
  SB_RETURN_IF_ERROR(CheckKeys(config, {"size", "strides", "padding"}));
  SB_RETURN_IF_ERROR(NeedsImage(inputs[0]));
  SB_ASSIGN_OR_RETURN(window.size, PairSetting(config, "size", std::nullopt));
  SB_ASSIGN_OR_RETURN(window.strides, PairSetting(config, "strides", window.size));
  // At most half the window, as in PyTorch.
  SB_RETURN_IF_ERROR(SetPadding(config, inputs[0], {window.size[0] / 2, window.size[1] / 2}, &window));
  SB_ASSIGN_OR_RETURN(const Pair places, PlacesOf(inputs[0], window));
  layer->output_shape = {places[0], places[1], inputs[0][2]};
  return absl::OkStatus();
}

absl::Status InferGlobalPool(std::span<const Shape> inputs, ResolvedLayer* layer) {
  SB_RETURN_IF_ERROR(CheckKeys(layer->layer.config, {}));
  SB_RETURN_IF_ERROR(NeedsImage(inputs[0]));
  layer->output_shape = {inputs[0][2]};
  return absl::OkStatus();
}

}  // namespace seedbed::graph
