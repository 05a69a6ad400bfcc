// Networks as data: named layers, their connections, shapes and parameter counts. Nothing here computes; core/nn does.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
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
  int64_t fan_in = 0;  // for initialisation; 0: starts as `initial` everywhere
  int64_t fan_out = 0;
  float initial = 0;
  // Gathered from the data that passes, not learnt by gradient: a batch norm's running mean and variance.
  bool statistic = false;
};

// How a layer slides over an image. Pairs are {height, width}.
struct Window {
  std::array<int64_t, 2> size = {1, 1};
  std::array<int64_t, 2> strides = {1, 1};
  // Rows and columns around the image, on top and left, and below and right: zeros for a convolution, nothing for a pool.
  std::array<int64_t, 2> before = {0, 0};
  std::array<int64_t, 2> after = {0, 0};
};

// min(max(x, 0), ceiling), or x when there is no rectifier.
struct Activation {
  bool rectified = false;
  float ceiling = std::numeric_limits<float>::infinity();
};

// A layer's config as checked numbers, with its defaults: for what computes. Each field is of the types named beside it.
struct LayerSettings {
  Window window;          // conv2d, depthwise_conv2d, max_pool, average_pool
  Activation activation;  // relu itself; after the rest of conv2d, depthwise_conv2d and dense
  bool bias = false;      // conv2d, depthwise_conv2d, dense: there is a parameter "<layer>.bias"
  double epsilon = 0;     // batch_norm
  double momentum = 0;    // batch_norm
  double rate = 0;        // dropout: the share of values that training sets to 0
};

// A layer with what follows from its place in the graph.
struct ResolvedLayer {
  Layer layer;
  std::vector<size_t> inputs = {};  // indices of earlier layers
  Shape output_shape = {};
  std::vector<Parameter> parameters = {};
  LayerSettings settings = {};

  int64_t parameter_count() const;  // with statistics
  int64_t trainable_parameter_count() const;
  bool trainable() const { return trainable_parameter_count() > 0; }
  // Whether training needs to run it, step after step: it learns, or is a dropout. Frozen layers do as they do in inference: a dropout
  // passes everything, a batch norm uses its running statistics.
  bool active_in_training() const { return trainable() || (layer.trainable && layer.type == "dropout"); }
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
  // As Keras counts: statistics belong to the total, and are never trainable; the rest is while its layer is.
  int64_t parameter_count() const;
  int64_t trainable_parameter_count() const;
  int64_t non_trainable_parameter_count() const { return parameter_count() - trainable_parameter_count(); }
  std::vector<SummaryRow> Summary() const;

 private:
  explicit Graph(std::vector<ResolvedLayer> layers) : layers_(std::move(layers)) {}
  std::vector<ResolvedLayer> layers_;
};

// The layer whose output are the logits: the one before a softmax at the end, else the last.
const ResolvedLayer& LogitsLayer(const Graph& graph);

}  // namespace seedbed::graph
