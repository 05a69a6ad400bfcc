// Networks as data: named layers, their connections, shapes and parameter counts. Nothing here computes; core/nn does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"

namespace seedbed::graph {

// Without the batch dimension. Images are height, width, channels, whatever order a backend computes in.
using Shape = std::vector<int64_t>;

std::string FormatShape(const Shape& shape);  // "150x150x3"
int64_t ElementsOf(const Shape& shape);

// One layer as a person or a file describes it.
struct Layer {
  std::string name;  // unique in the graph: [A-Za-z0-9._-]+
  std::string type;  // layer_types.h
  nlohmann::json config = nlohmann::json::object();
  std::vector<std::string> inputs;  // names of earlier layers; none for "input"
  bool trainable = true;
};

// A tensor of weights that a layer has.
struct Parameter {
  std::string name;  // "<layer>.weight", "<layer>.bias": its name in safetensors files
  Shape shape;
  int64_t fan_in = 0;  // for initialisation; 0: starts as zeros
  int64_t fan_out = 0;
};

// A layer with what follows from its place in the graph.
struct ResolvedLayer {
  Layer layer;
  std::vector<size_t> inputs;  // indices of earlier layers
  Shape output_shape;
  std::vector<Parameter> parameters;

  int64_t parameter_count() const;
  bool trainable() const { return layer.trainable && !parameters.empty(); }
};

// A row of the summary table.
struct SummaryRow {
  std::string name;
  std::string type;  // as Keras calls it: "Dense"
  Shape output_shape;
  int64_t parameters = 0;
  bool trainable = false;
};

// A checked graph: one input (the first layer), one output (the last), every layer's inputs before it, every layer used, shapes that fit.
// Immutable; cheap to copy for small nets.
class Graph {
 public:
  // INVALID_ARGUMENT naming the layer, what it got and what it needs.
  static absl::StatusOr<Graph> Create(std::vector<Layer> layers);
  // The form that model.json stores: a list of {"name", "type", "config", "inputs", "trainable"}.
  static absl::StatusOr<Graph> FromJson(const nlohmann::json& json);
  nlohmann::json ToJson() const;

  const std::vector<ResolvedLayer>& layers() const { return layers_; }
  const Shape& input_shape() const { return layers_.front().output_shape; }
  const Shape& output_shape() const { return layers_.back().output_shape; }
  // Null when there is none of the name.
  const ResolvedLayer* Find(std::string_view name) const;

  std::vector<Parameter> parameters() const;  // of all layers, in order
  int64_t parameter_count() const;
  int64_t trainable_parameter_count() const;
  std::vector<SummaryRow> Summary() const;

 private:
  explicit Graph(std::vector<ResolvedLayer> layers) : layers_(std::move(layers)) {}
  std::vector<ResolvedLayer> layers_;
};

// The layer whose output are the logits: the one before a softmax at the end, else the last.
const ResolvedLayer& LogitsLayer(const Graph& graph);

}  // namespace seedbed::graph
