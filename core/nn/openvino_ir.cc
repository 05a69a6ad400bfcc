#include "core/nn/openvino_ir.h"

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"

namespace seedbed::nn {
namespace {

using graph::ResolvedLayer;
using graph::Shape;

using Attributes = std::vector<std::pair<std::string_view, std::string>>;

// An operation's output.
struct Value {
  size_t operation = 0;
  size_t port = 0;
  Shape shape;  // with the batch; images as channels, height, width, which is what OpenVINO's operations want
};

constexpr size_t kImageRank = 4;

Shape ToChannelsFirst(const Shape& shape) { return shape.size() == kImageRank ? Shape{shape[0], shape[3], shape[1], shape[2]} : shape; }

std::string PairText(const std::array<int64_t, 2>& pair) { return absl::StrCat(pair[0], ",", pair[1]); }

// Appends operations to the XML.
class Writer {
 public:
  Value Add(std::string_view type, std::string_view name, const Attributes& attributes, const std::vector<Value>& inputs, Shape shape,
            std::string_view opset = "opset1", std::string_view precision = "FP32") {
    const size_t id = operations_++;
    absl::StrAppend(&layers_, "<layer");
    AppendAttributes({{"id", absl::StrCat(id)},
                      {"name", absl::StrCat(ToAbsl(name), "_", id)},
                      {"type", std::string(type)},
                      {"version", std::string(opset)}});
    absl::StrAppend(&layers_, "><data");
    AppendAttributes(attributes);
    absl::StrAppend(&layers_, "/><input>");
    for (size_t port = 0; port < inputs.size(); ++port) AppendInput(inputs[port], id, port);
    absl::StrAppend(&layers_, "</input>");
    if (type != "Result") {
      absl::StrAppend(&layers_, "<output>");
      AppendPort(inputs.size(), shape, precision);
      absl::StrAppend(&layers_, "</output>");
    }
    absl::StrAppend(&layers_, "</layer>\n");
    return {id, inputs.size(), std::move(shape)};
  }

  Value AddFloats(std::string_view name, std::span<const std::byte> data, Shape shape) {
    return AddConstant(name, "f32", "FP32", data, std::move(shape));
  }
  Value AddIntegers(std::string_view name, const std::vector<int64_t>& values) {
    return AddConstant(name, "i64", "I64", std::as_bytes(std::span(values)), {static_cast<int64_t>(values.size())});
  }

  OpenvinoIr Finish() && {
    return {absl::StrCat(R"(<?xml version="1.0"?><net name="seedbed" version="11"><layers>)", layers_, "</layers><edges>", edges_,
                         "</edges></net>"),
            std::move(constants_)};
  }

 private:
  void AppendAttributes(const Attributes& attributes) {
    for (const auto& [name, value] : attributes) absl::StrAppend(&layers_, " ", ToAbsl(name), "=\"", value, "\"");
  }

  void AppendPort(size_t port, const Shape& shape, std::string_view precision) {
    absl::StrAppend(&layers_, "<port");
    AppendAttributes({{"id", absl::StrCat(port)}, {"precision", std::string(precision)}});
    absl::StrAppend(&layers_, ">");
    for (const int64_t extent : shape) absl::StrAppend(&layers_, "<dim>", extent, "</dim>");
    absl::StrAppend(&layers_, "</port>");
  }

  void AppendInput(const Value& value, size_t operation, size_t port) {
    AppendPort(port, value.shape, "FP32");
    constexpr char kEdge[] = R"(<edge from-layer="%d" from-port="%d" to-layer="%d" to-port="%d"/>)";
    absl::StrAppendFormat(&edges_, kEdge, value.operation, value.port, operation, port);
  }

  Value AddConstant(std::string_view name, std::string_view type, std::string_view precision, std::span<const std::byte> data,
                    Shape shape) {
    constexpr size_t kAlignment = 64;
    constants_.resize((constants_.size() + kAlignment - 1) / kAlignment * kAlignment);
    const Attributes attributes = {{"element_type", std::string(type)},
                                   {"shape", absl::StrJoin(shape, ",")},
                                   {"offset", absl::StrCat(constants_.size())},
                                   {"size", absl::StrCat(data.size())}};
    constants_.insert(constants_.end(), data.begin(), data.end());
    return Add("Const", name, attributes, {}, std::move(shape), "opset1", precision);
  }

  std::string layers_, edges_;
  std::vector<std::byte> constants_;
  size_t operations_ = 0;
};

// One layer while it is written.
struct Context {
  const ResolvedLayer& layer;
  const std::vector<Value>& inputs;
  const TensorViews& weights;
  Shape output;  // as Value::shape
  Writer* writer;

  std::string_view name() const { return layer.layer.name; }
  Value Add(std::string_view type, const Attributes& attributes, const std::vector<Value>& from) const {
    return writer->Add(type, name(), attributes, from, output);
  }
  // The parameter, in another shape if one is given.
  Value Parameter(std::string_view leaf, Shape shape = {}) const {
    const TensorView& view = weights.at(absl::StrCat(layer.layer.name, ".", ToAbsl(leaf)));
    return writer->AddFloats(name(), view.data, shape.empty() ? view.shape : std::move(shape));
  }
};

Value Activated(const Context& context, const Value& value) {
  const graph::Activation& activation = context.layer.settings.activation;
  if (!activation.rectified) return value;
  if (activation.ceiling == std::numeric_limits<float>::infinity()) return context.Add("ReLU", {}, {value});
  return context.Add("Clamp", {{"min", "0"}, {"max", absl::StrCat(activation.ceiling)}}, {value});
}

// With the bias, if the layer has one, and the activation.
Value Finished(const Context& context, Value value) {
  if (context.layer.settings.bias) {
    Shape shape(context.output.size(), 1);
    shape[1] = context.output[1];
    value = context.Add("Add", {{"auto_broadcast", "numpy"}}, {value, context.Parameter("bias", std::move(shape))});
  }
  return Activated(context, value);
}

Attributes WindowAttributes(const graph::Window& window) {
  return {{"strides", PairText(window.strides)},
          {"pads_begin", PairText(window.before)},
          {"pads_end", PairText(window.after)},
          {"auto_pad", "explicit"}};
}

Value WriteConvolution(const Context& context, std::string_view type, const Value& weight) {
  Attributes attributes = WindowAttributes(context.layer.settings.window);
  attributes.emplace_back("dilations", "1,1");
  return Finished(context, context.Add(type, attributes, {context.inputs[0], weight}));
}

Value WriteConv2d(const Context& context) { return WriteConvolution(context, "Convolution", context.Parameter("weight")); }

Value WriteDepthwiseConv2d(const Context& context) {
  const auto& size = context.layer.settings.window.size;
  return WriteConvolution(context, "GroupConvolution", context.Parameter("weight", {context.output[1], 1, 1, size[0], size[1]}));
}

Value WritePool(const Context& context, std::string_view type) {
  const graph::Window& window = context.layer.settings.window;
  Attributes attributes = WindowAttributes(window);
  attributes.emplace_back("kernel", PairText(window.size));
  attributes.emplace_back("rounding_type", "floor");
  if (type == "AvgPool") attributes.emplace_back("exclude-pad", "true");
  return context.Add(type, attributes, {context.inputs[0]});
}

Value WriteMaxPool(const Context& context) { return WritePool(context, "MaxPool"); }
Value WriteAveragePool(const Context& context) { return WritePool(context, "AvgPool"); }

Value WriteReduction(const Context& context, std::string_view type) {
  return context.Add(type, {{"keep_dims", "false"}}, {context.inputs[0], context.writer->AddIntegers(context.name(), {2, 3})});
}

Value WriteGlobalAveragePool(const Context& context) { return WriteReduction(context, "ReduceMean"); }
Value WriteGlobalMaxPool(const Context& context) { return WriteReduction(context, "ReduceMax"); }

Value WriteBatchNorm(const Context& context) {
  const std::vector<Value> inputs = {context.inputs[0], context.Parameter("weight"), context.Parameter("bias"),
                                     context.Parameter("running_mean"), context.Parameter("running_var")};
  const Attributes attributes = {{"epsilon", absl::StrCat(context.layer.settings.epsilon)}};
  return context.writer->Add("BatchNormInference", context.name(), attributes, inputs, context.output, "opset5");
}

Value WriteDense(const Context& context) {
  const Attributes attributes = {{"transpose_a", "false"}, {"transpose_b", "true"}};
  return Finished(context, context.Add("MatMul", attributes, {context.inputs[0], context.Parameter("weight")}));
}

Value WriteTranspose(Writer* writer, std::string_view name, const Value& value, const std::vector<int64_t>& order) {
  Shape shape;
  for (const int64_t axis : order) shape.push_back(value.shape[static_cast<size_t>(axis)]);
  const Value axes = writer->AddIntegers(name, order);
  return writer->Add("Transpose", name, {}, {value, axes}, std::move(shape));
}

// As the caller wants it.
Value ToChannelsLast(Writer* writer, std::string_view name, const Value& value) {
  return value.shape.size() == kImageRank ? WriteTranspose(writer, name, value, {0, 2, 3, 1}) : value;
}

Value WriteFlatten(const Context& context) {
  const Value ordered = ToChannelsLast(context.writer, context.name(), context.inputs[0]);
  const Value shape = context.writer->AddIntegers(context.name(), context.output);
  return context.Add("Reshape", {{"special_zero", "false"}}, {ordered, shape});
}

Value WriteRelu(const Context& context) { return Activated(context, context.inputs[0]); }
Value WriteAdd(const Context& context) { return context.Add("Add", {{"auto_broadcast", "numpy"}}, context.inputs); }
Value WriteSoftmax(const Context& context) { return context.Add("SoftMax", {{"axis", "1"}}, {context.inputs[0]}); }
Value WriteDropout(const Context& context) { return context.inputs[0]; }

using LayerWriter = Value (*)(const Context&);

LayerWriter WriterOf(std::string_view type) {
  static constexpr std::array<std::pair<std::string_view, LayerWriter>, 13> kWriters = {{
      {"flatten", WriteFlatten},
      {"dense", WriteDense},
      {"softmax", WriteSoftmax},
      {"relu", WriteRelu},
      {"dropout", WriteDropout},
      {"add", WriteAdd},
      {"conv2d", WriteConv2d},
      {"depthwise_conv2d", WriteDepthwiseConv2d},
      {"max_pool", WriteMaxPool},
      {"average_pool", WriteAveragePool},
      {"global_average_pool", WriteGlobalAveragePool},
      {"global_max_pool", WriteGlobalMaxPool},
      {"batch_norm", WriteBatchNorm},
  }};
  for (const auto& [name, writer] : kWriters) {
    if (name == type) return writer;
  }
  return nullptr;
}

Shape WithBatch(size_t batch, const Shape& shape) {
  Shape with = {static_cast<int64_t>(batch)};
  with.insert(with.end(), shape.begin(), shape.end());
  return with;
}

Value WriteInput(Writer* writer, const ResolvedLayer& layer, size_t batch) {
  const Shape shape = WithBatch(batch, layer.output_shape);
  const Attributes attributes = {{"element_type", "f32"}, {"shape", absl::StrJoin(shape, ",")}};
  const Value value = writer->Add("Parameter", layer.layer.name, attributes, {}, shape);
  return shape.size() == kImageRank ? WriteTranspose(writer, layer.layer.name, value, {0, 3, 1, 2}) : value;
}

}  // namespace

absl::Status CanWriteOpenvinoIr(const graph::Graph& graph) {
  for (const ResolvedLayer& layer : graph.layers()) {
    if (layer.layer.type == "input" || WriterOf(layer.layer.type) != nullptr) continue;
    return absl::UnimplementedError(absl::StrCat("OpenVINO is not told how to run layers of type '", layer.layer.type, "'"));
  }
  return absl::OkStatus();
}

OpenvinoIr WriteOpenvinoIr(const graph::Graph& graph, const TensorViews& weights, size_t batch) {
  Writer writer;
  std::vector<Value> values = {WriteInput(&writer, graph.layers().front(), batch)};
  for (size_t i = 1; i < graph.layers().size(); ++i) {
    const ResolvedLayer& layer = graph.layers()[i];
    std::vector<Value> inputs;
    for (const size_t index : layer.inputs) inputs.push_back(values[index]);
    values.push_back(WriterOf(layer.layer.type)({layer, inputs, weights, ToChannelsFirst(WithBatch(batch, layer.output_shape)), &writer}));
  }
  const std::string& name = graph.layers().back().layer.name;
  writer.Add("Result", name, {}, {ToChannelsLast(&writer, name, values.back())}, {});
  return std::move(writer).Finish();
}

}  // namespace seedbed::nn
