#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"
#include "core/nn/torchscript.h"

namespace seedbed::nn {
namespace {

using graph::ResolvedLayer;
using Pair = std::array<int64_t, 2>;

constexpr char kFloat32[] = "6";                       // c10::ScalarType::Float
constexpr char kLowest[] = "-3.4028234663852886e+38";  // what a maximum ignores

// A float for Python, which takes a number without a point for an integer.
std::string Number(double value) {
  std::string text = absl::StrFormat("%.17g", value);
  return text.find_first_of(".e") == std::string::npos ? absl::StrCat(text, ".0") : text;
}
std::string List(const Pair& pair) { return absl::StrCat("[", pair[0], ", ", pair[1], "]"); }

// A name for Python: letters, digits and underscores, no digit in front.
std::string Identifier(std::string_view name) {
  std::string result = name[0] >= '0' && name[0] <= '9' ? absl::StrCat("_", ToAbsl(name)) : std::string(name);
  std::replace_if(
      result.begin(), result.end(), [](char c) { return c == '.' || c == '-'; }, '_');
  return result;
}

class Writer {
 public:
  explicit Writer(const graph::Graph& graph) : graph_(graph) {
    std::set<std::string> taken = {"channel_mean", "channel_std", "classes", "forward", "mean_image", "training"};
    for (const graph::Parameter& parameter : graph.parameters()) {
      std::string attribute = Identifier(parameter.name);
      while (!taken.insert(attribute).second) attribute += "_";
      source_.attributes.emplace(parameter.name, std::move(attribute));
    }
  }

  absl::StatusOr<TorchScriptSource> Run(const image::Preprocessing& preprocessing) {
    Line("def forward(self, images):");
    Prepare(preprocessing);
    const ResolvedLayer& last = graph::LogitsLayer(graph_);
    const std::vector<ResolvedLayer>& layers = graph_.layers();
    for (size_t i = 1; &layers[i - 1] != &last; ++i) {
      SB_ASSIGN_OR_RETURN(const std::string expression, Expression(layers[i]));
      Assign(Value(i), expression);
    }
    const size_t index = static_cast<size_t>(&last - layers.data());
    Line(absl::StrCat("  return ", IsImage(last) ? absl::StrCat(Value(index), ".permute([0, 2, 3, 1])") : Value(index)));
    return std::move(source_);
  }

 private:
  void Line(std::string_view line) { absl::StrAppend(&source_.code, ToAbsl(line), "\n"); }
  void Assign(std::string_view name, std::string_view expression) { Line(absl::StrCat("  ", ToAbsl(name), " = ", ToAbsl(expression))); }

  static std::string Value(size_t layer) { return absl::StrCat("x", layer); }
  static bool IsImage(const ResolvedLayer& layer) { return layer.output_shape.size() == 3; }

  // As image::PixelScaler does it, operation by operation.
  void Prepare(const image::Preprocessing& preprocessing) {
    const image::Preprocessing plain;
    Assign("x0", absl::StrCat("torch.mul(torch.to(images, ", kFloat32, "), ", Number(static_cast<float>(preprocessing.rescale)), ")"));
    if (preprocessing.channels == image::ChannelOrder::kBgr) Assign("x0", "torch.flip(x0, [3])");
    if (preprocessing.samplewise != plain.samplewise) {
      Assign("x0", "torch.sub(x0, torch.mean(x0, [1, 2, 3], True))");
    }
    if (preprocessing.samplewise == image::Standardize::kCenterAndScale) {
      Assign("s0", "torch.sqrt(torch.mean(torch.mul(x0, x0), [1, 2, 3], True))");
      Assign("x0", absl::StrCat("torch.div(x0, torch.add(s0, ", Number(static_cast<float>(image::kStdEpsilon)), "))"));
    }
    if (preprocessing.mean != plain.mean || preprocessing.std != plain.std) {
      Assign("x0", "torch.div(torch.sub(x0, self.channel_mean), self.channel_std)");
    }
    if (preprocessing.center == image::Center::kMeanImage) Assign("x0", "torch.sub(x0, self.mean_image)");
    Assign("x0", "x0.permute([0, 3, 1, 2])");
  }

  std::string Input(const ResolvedLayer& layer, size_t index = 0) const { return Value(layer.inputs[index]); }
  std::string Attribute(const ResolvedLayer& layer, std::string_view leaf) const {
    return absl::StrCat("self.", source_.attributes.at(absl::StrCat(layer.layer.name, ".", ToAbsl(leaf))));
  }
  std::string Bias(const ResolvedLayer& layer) const { return layer.settings.bias ? Attribute(layer, "bias") : "None"; }

  static std::string Activated(std::string expression, const graph::Activation& activation) {
    if (!activation.rectified) return expression;
    if (activation.ceiling == std::numeric_limits<float>::infinity()) return absl::StrCat("torch.relu(", expression, ")");
    return absl::StrCat("torch.clamp(", expression, ", 0.0, ", Number(activation.ceiling), ")");
  }

  static std::string Padded(std::string image, const graph::Window& window, std::string_view value) {
    if (window.before == Pair{} && window.after == Pair{}) return image;
    return absl::StrCat("torch.constant_pad_nd(", image, ", [", window.before[1], ", ", window.after[1], ", ", window.before[0], ", ",
                        window.after[0], "], ", ToAbsl(value), ")");
  }

  std::string Convolution(const ResolvedLayer& layer, int64_t groups) const {
    const graph::Window& window = layer.settings.window;
    const bool even = window.before == window.after;
    return Activated(
        absl::StrCat("torch.conv2d(", even ? Input(layer) : Padded(Input(layer), window, "0.0"), ", ", Attribute(layer, "weight"), ", ",
                     Bias(layer), ", ", List(window.strides), ", ", List(even ? window.before : Pair{}), ", [1, 1], ", groups, ")"),
        layer.settings.activation);
  }

  static std::string WindowSum(const std::string& image, const graph::Window& window) {
    return absl::StrCat("torch.avg_pool2d(", Padded(image, window, "0.0"), ", ", List(window.size), ", ", List(window.strides),
                        ", [0, 0], False, True, 1)");
  }

  // The mean over the pixels of the image in the window.
  std::string AveragePool(const ResolvedLayer& layer) const {
    const std::string pixels = absl::StrCat("torch.ones_like(torch.narrow(torch.narrow(", Input(layer), ", 0, 0, 1), 1, 0, 1))");
    return absl::StrCat("torch.div(", WindowSum(Input(layer), layer.settings.window), ", ", WindowSum(pixels, layer.settings.window), ")");
  }

  std::string Flatten(const ResolvedLayer& layer) const {
    const bool image = IsImage(graph_.layers()[layer.inputs[0]]);
    return absl::StrCat("torch.flatten(", Input(layer), image ? ".permute([0, 2, 3, 1])" : "", ", 1)");
  }

  std::string Whiten(const ResolvedLayer& layer) const {
    const std::string outside = absl::StrCat(Input(layer), IsImage(layer) ? ".permute([0, 2, 3, 1])" : "");
    return absl::StrCat("torch.view_as(torch.matmul(torch.flatten(", outside, ", 1), ", Attribute(layer, "weight"), "), ", outside, ")",
                        IsImage(layer) ? ".permute([0, 3, 1, 2])" : "");
  }

  absl::StatusOr<std::string> Expression(const ResolvedLayer& layer) const {
    const std::string_view type = layer.layer.type;
    const graph::Window& window = layer.settings.window;
    if (type == "flatten") return Flatten(layer);
    if (type == "whiten") return Whiten(layer);
    if (type == "dropout") return Input(layer);
    if (type == "softmax") return absl::StrCat("torch.softmax(", Input(layer), ", -1)");
    if (type == "relu") return Activated(Input(layer), layer.settings.activation);
    if (type == "add") return absl::StrCat("torch.add(", Input(layer), ", ", Input(layer, 1), ")");
    if (type == "conv2d") return Convolution(layer, 1);
    if (type == "depthwise_conv2d") return Convolution(layer, layer.output_shape[2]);
    if (type == "average_pool") return AveragePool(layer);
    if (type == "global_average_pool") return absl::StrCat("torch.mean(", Input(layer), ", [2, 3])");
    if (type == "global_max_pool") return absl::StrCat("torch.amax(", Input(layer), ", [2, 3])");
    if (type == "max_pool") {
      return absl::StrCat("torch.max_pool2d(", Padded(Input(layer), window, kLowest), ", ", List(window.size), ", ", List(window.strides),
                          ")");
    }
    if (type == "dense") {
      return Activated(absl::StrCat("torch.linear(", Input(layer), ", ", Attribute(layer, "weight"), ", ", Bias(layer), ")"),
                       layer.settings.activation);
    }
    if (type == "batch_norm") {
      return absl::StrCat("torch.batch_norm(", Input(layer), ", ", Attribute(layer, "weight"), ", ", Attribute(layer, "bias"), ", ",
                          Attribute(layer, "running_mean"), ", ", Attribute(layer, "running_var"), ", False, 0.0, ",
                          Number(layer.settings.epsilon), ", False)");
    }
    return absl::UnimplementedError(absl::StrCat("layers of type '", layer.layer.type, "' cannot be exported as TorchScript"));
  }

  const graph::Graph& graph_;
  TorchScriptSource source_;
};

}  // namespace

absl::StatusOr<TorchScriptSource> WriteTorchScriptSource(const graph::Graph& graph, const image::Preprocessing& preprocessing) {
  return Writer(graph).Run(preprocessing);
}

}  // namespace seedbed::nn
