#include "core/graph/layer_types.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace seedbed::graph {
namespace {

// Far above any net, far below what overflows when multiplied.
constexpr int64_t kMaxElements = int64_t{1} << 40;

absl::Status CheckKeys(const nlohmann::json& config, std::initializer_list<std::string_view> known) {
  if (!config.is_object()) return absl::InvalidArgumentError("its config is not an object");
  for (const auto& [key, value] : config.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      return absl::InvalidArgumentError(absl::StrCat("has no setting '", key, "'"));
    }
  }
  return absl::OkStatus();
}

// A positive integer, checked before it is narrowed.
absl::StatusOr<int64_t> PositiveInteger(const nlohmann::json& value, std::string_view what) {
  if (value.is_number_integer() && value >= 1 && value <= kMaxElements) return value.get<int64_t>();
  return absl::InvalidArgumentError(absl::StrCat(ToAbsl(what), " must be a positive integer, not ", value.dump()));
}

absl::Status InferInput(std::span<const Shape>, ResolvedLayer* layer) {
  const nlohmann::json& config = layer->layer.config;
  SB_RETURN_IF_ERROR(CheckKeys(config, {"shape"}));
  const auto shape = config.find("shape");
  if (shape == config.end() || !shape->is_array() || shape->empty()) return absl::InvalidArgumentError("needs a shape");
  int64_t elements = 1;
  for (const nlohmann::json& extent : *shape) {
    SB_ASSIGN_OR_RETURN(const int64_t value, PositiveInteger(extent, "an extent of shape"));
    if (value > kMaxElements / elements) return absl::InvalidArgumentError(absl::StrCat("the shape ", shape->dump(), " is too large"));
    elements *= value;
    layer->output_shape.push_back(value);
  }
  return absl::OkStatus();
}

absl::Status InferFlatten(std::span<const Shape> inputs, ResolvedLayer* layer) {
  SB_RETURN_IF_ERROR(CheckKeys(layer->layer.config, {}));
  layer->output_shape = {ElementsOf(inputs[0])};
  return absl::OkStatus();
}

absl::Status InferDense(std::span<const Shape> inputs, ResolvedLayer* layer) {
  const nlohmann::json& config = layer->layer.config;
  SB_RETURN_IF_ERROR(CheckKeys(config, {"units", "bias"}));
  if (inputs[0].size() != 1) {
    return absl::InvalidArgumentError(absl::StrCat("needs a vector, got ", FormatShape(inputs[0]), "; flatten first"));
  }
  if (!config.contains("units")) return absl::InvalidArgumentError("needs units");
  SB_ASSIGN_OR_RETURN(const int64_t units, PositiveInteger(config["units"], "units"));
  const int64_t width = inputs[0][0];
  if (units > kMaxElements / width) return absl::InvalidArgumentError(absl::StrCat(units, " units of ", width, " inputs are too many"));
  if (config.contains("bias") && !config["bias"].is_boolean()) return absl::InvalidArgumentError("bias must be true or false");
  layer->output_shape = {units};
  layer->parameters.push_back({.name = layer->layer.name + ".weight", .shape = {units, width}, .fan_in = width, .fan_out = units});
  if (config.value("bias", true)) {
    layer->parameters.push_back({.name = layer->layer.name + ".bias", .shape = {units}, .fan_in = 0, .fan_out = 0});
  }
  return absl::OkStatus();
}

absl::Status InferSoftmax(std::span<const Shape> inputs, ResolvedLayer* layer) {
  SB_RETURN_IF_ERROR(CheckKeys(layer->layer.config, {}));
  if (inputs[0].size() != 1) return absl::InvalidArgumentError(absl::StrCat("needs a vector, got ", FormatShape(inputs[0])));
  layer->output_shape = inputs[0];
  return absl::OkStatus();
}

std::span<const LayerType> Table() {
  static const std::array<LayerType, 4> table = {{
      {"input", "InputLayer", 0, InferInput},
      {"flatten", "Flatten", 1, InferFlatten},
      {"dense", "Dense", 1, InferDense},
      {"softmax", "Softmax", 1, InferSoftmax},
  }};
  return table;
}

}  // namespace

const LayerType* FindLayerType(std::string_view name) {
  const auto table = Table();
  const auto found = std::find_if(table.begin(), table.end(), [&](const LayerType& type) { return type.name == name; });
  return found == table.end() ? nullptr : &*found;
}

std::vector<std::string> LayerTypeNames() {
  std::vector<std::string> names;
  for (const LayerType& type : Table()) names.push_back(type.name);
  return names;
}

}  // namespace seedbed::graph
