#include "core/nn/naming.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"
#include "core/nn/weights.h"

namespace seedbed::nn {
namespace {

using Names = std::vector<std::string>;
// Layers by our name and by theirs.
using LayerTable = std::span<const std::pair<std::string_view, std::string_view>>;

constexpr size_t kExamples = 3;
constexpr std::string_view kBatchCounter = "num_batches_tracked";

std::string_view Lookup(LayerTable table, std::string_view layer) {
  const auto found = std::find_if(table.begin(), table.end(), [&](const auto& row) { return row.first == layer; });
  return found == table.end() ? std::string_view() : found->second;
}

// PyTorch's leaves are ours.
Names Joined(std::string_view layer, std::string_view leaf) {
  if (layer.empty()) return {};
  return {absl::StrCat(ToAbsl(layer), ".", ToAbsl(leaf))};
}

// The number at the front of `text`, which is cut off it.
std::optional<int> TakeNumber(std::string_view* text) {
  const size_t digits = std::min(text->find_first_not_of("0123456789"), text->size());
  int number = 0;
  if (digits > 4 || !absl::SimpleAtoi(ToAbsl(text->substr(0, digits)), &number)) return std::nullopt;
  text->remove_prefix(digits);
  return number;
}

bool TakePrefix(std::string_view* text, std::string_view prefix) {
  if (!text->starts_with(prefix)) return false;
  text->remove_prefix(prefix.size());
  return true;
}

Names OwnNames(std::string_view layer, std::string_view leaf) { return Joined(layer, leaf); }

// As to_safetensors.py writes what Keras stores; layers have Keras's names here too.
Names KerasNames(std::string_view layer, std::string_view leaf) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kLeaves = {{
      {"weight", "kernel"},
      {"weight", "depthwise_kernel"},
      {"weight", "gamma"},
      {"bias", "bias"},
      {"bias", "beta"},
      {"running_mean", "moving_mean"},
      {"running_var", "moving_variance"},
  }};
  Names names;
  for (const auto& [ours, theirs] : kLeaves) {
    if (ours == leaf) names.push_back(absl::StrCat(ToAbsl(layer), "/", ToAbsl(theirs)));
  }
  return names;
}

constexpr std::array<std::pair<std::string_view, std::string_view>, 13> kVggConvolutions = {{
    {"block1_conv1", "features.0"},
    {"block1_conv2", "features.2"},
    {"block2_conv1", "features.5"},
    {"block2_conv2", "features.7"},
    {"block3_conv1", "features.10"},
    {"block3_conv2", "features.12"},
    {"block3_conv3", "features.14"},
    {"block4_conv1", "features.17"},
    {"block4_conv2", "features.19"},
    {"block4_conv3", "features.21"},
    {"block5_conv1", "features.24"},
    {"block5_conv2", "features.26"},
    {"block5_conv3", "features.28"},
}};

// "conv3_block2_1_conv" -> "layer2.1.conv1", "conv3_block1_0_bn" -> "layer2.0.downsample.1"; "" when it is no such layer.
std::string ResnetLayer(std::string_view layer) {
  if (layer == "conv1_conv") return "conv1";
  if (layer == "conv1_bn") return "bn1";
  if (layer == "predictions") return "fc";
  if (!TakePrefix(&layer, "conv")) return "";
  const std::optional<int> stage = TakeNumber(&layer);
  if (!stage || !TakePrefix(&layer, "_block")) return "";
  const std::optional<int> block = TakeNumber(&layer);
  if (!block || !TakePrefix(&layer, "_")) return "";
  const std::optional<int> place = TakeNumber(&layer);
  if (!place || (layer != "_conv" && layer != "_bn")) return "";
  const std::string path = absl::StrCat("layer", *stage - 1, ".", *block - 1, ".");
  const bool is_convolution = layer == "_conv";
  if (*place == 0) return absl::StrCat(path, "downsample.", is_convolution ? 0 : 1);
  return absl::StrCat(path, is_convolution ? "conv" : "bn", *place);
}

Names TorchvisionNames(std::string_view layer, std::string_view leaf) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kVggTop = {{
      {"fc1", "classifier.0"},
      {"fc2", "classifier.3"},
      {"predictions", "classifier.6"},
  }};
  Names names = Joined(Lookup(kVggConvolutions, layer), leaf);
  for (const std::string& theirs : {std::string(Lookup(kVggTop, layer)), ResnetLayer(layer)}) {
    const Names joined = Joined(theirs, leaf);
    names.insert(names.end(), joined.begin(), joined.end());
  }
  return names;
}

// "block2b_dwconv": stage 2, place 1, part "dwconv".
struct EfficientNetLayer {
  int stage = 0;
  int place = 0;
  std::string_view part;
};
std::optional<EfficientNetLayer> ParseEfficientNetLayer(std::string_view layer) {
  if (!TakePrefix(&layer, "block")) return std::nullopt;
  const std::optional<int> stage = TakeNumber(&layer);
  if (!stage || *stage < 1 || *stage > 7 || layer.size() < 3 || layer[0] < 'a' || layer[0] > 'z' || layer[1] != '_') return std::nullopt;
  return EfficientNetLayer{.stage = *stage, .place = layer[0] - 'a', .part = layer.substr(2)};
}

constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kTimmEnds = {{
    {"stem_conv", "conv_stem"},
    {"stem_bn", "bn1"},
    {"top_conv", "conv_head"},
    {"top_bn", "bn2"},
    {"predictions", "classifier"},
}};

// geffnet's are the same. The first stage's blocks have no expansion, and their layers are counted from there.
std::string TimmEfficientNetLayer(std::string_view layer) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kFirst = {{
      {"dwconv", "conv_dw"},
      {"bn", "bn1"},
      {"project_conv", "conv_pw"},
      {"project_bn", "bn2"},
  }};
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kOthers = {{
      {"expand_conv", "conv_pw"},
      {"expand_bn", "bn1"},
      {"dwconv", "conv_dw"},
      {"bn", "bn2"},
      {"project_conv", "conv_pwl"},
      {"project_bn", "bn3"},
  }};
  const std::optional<EfficientNetLayer> parsed = ParseEfficientNetLayer(layer);
  if (!parsed) return std::string(Lookup(kTimmEnds, layer));
  const std::string_view part = Lookup(parsed->stage == 1 ? LayerTable(kFirst) : LayerTable(kOthers), parsed->part);
  return part.empty() ? "" : absl::StrCat("blocks.", parsed->stage - 1, ".", parsed->place, ".", ToAbsl(part));
}

Names TimmNames(std::string_view layer, std::string_view leaf) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kVggTop = {{
      {"fc1", "pre_logits.fc1"},
      {"fc2", "pre_logits.fc2"},
      {"predictions", "head.fc"},
  }};
  Names names = Joined(Lookup(kVggConvolutions, layer), leaf);
  for (const std::string& theirs : {std::string(Lookup(kVggTop, layer)), ResnetLayer(layer), TimmEfficientNetLayer(layer)}) {
    const Names joined = Joined(theirs, leaf);
    names.insert(names.end(), joined.begin(), joined.end());
  }
  return names;
}

// The Python package efficientnet_lite_pytorch: blocks are counted over all stages.
Names LitePytorchNames(std::string_view layer, std::string_view leaf) {
  static constexpr std::array<int, 7> kFirstBlock = {0, 1, 3, 5, 8, 11, 15};
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kEnds = {{
      {"stem_conv", "_conv_stem"},
      {"stem_bn", "_bn0"},
      {"top_conv", "_conv_head"},
      {"top_bn", "_bn1"},
      {"predictions", "_fc"},
  }};
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kParts = {{
      {"expand_conv", "_expand_conv"},
      {"expand_bn", "_bn0"},
      {"dwconv", "_depthwise_conv"},
      {"bn", "_bn1"},
      {"project_conv", "_project_conv"},
      {"project_bn", "_bn2"},
  }};
  const std::optional<EfficientNetLayer> parsed = ParseEfficientNetLayer(layer);
  if (!parsed) return Joined(Lookup(kEnds, layer), leaf);
  const std::string_view part = Lookup(kParts, parsed->part);
  if (part.empty()) return {};
  const int block = kFirstBlock[static_cast<size_t>(parsed->stage - 1)] + parsed->place;
  return Joined(absl::StrCat("_blocks.", block, ".", ToAbsl(part)), leaf);
}

constexpr std::array<Naming, 5> kNamings = {{
    {"seedbed", false, OwnNames},
    {"keras", false, KerasNames},
    {"torchvision", true, TorchvisionNames},
    {"timm", true, TimmNames},
    {"efficientnet_lite_pytorch", true, LitePytorchNames},
}};

// The file's name for our parameter; empty: it has none.
std::string FindName(const Naming& naming, const TensorViews& source, std::string_view parameter) {
  const size_t dot = parameter.rfind('.');
  for (std::string& name : naming.names(parameter.substr(0, dot), parameter.substr(dot + 1))) {
    if (source.contains(name)) return std::move(name);
  }
  return "";
}

// The one that finds most, the first among equals; null when none finds anything.
const Naming* DetectNaming(const graph::Graph& graph, const TensorViews& source, const std::set<std::string>& unused) {
  const Naming* best = nullptr;
  int64_t most = 0;
  std::set<std::string> parameters = unused;
  for (const graph::Parameter& parameter : graph.parameters()) parameters.insert(parameter.name);
  for (const Naming& naming : kNamings) {
    const auto found = std::count_if(parameters.begin(), parameters.end(),
                                     [&](const std::string& parameter) { return !FindName(naming, source, parameter).empty(); });
    if (found > most) {
      most = found;
      best = &naming;
    }
  }
  return best;
}

absl::Status NothingFits(const graph::Graph& graph, const TensorViews& source) {
  std::vector<std::string> theirs, ours, known;
  for (const auto& [name, tensor] : source) {
    if (theirs.size() < kExamples) theirs.push_back(absl::StrCat("'", name, "'"));
  }
  for (const graph::Parameter& parameter : graph.parameters()) {
    if (ours.size() < kExamples) ours.push_back(absl::StrCat("'", parameter.name, "'"));
  }
  for (const Naming& naming : kNamings) known.emplace_back(naming.name);
  return absl::InvalidArgumentError(absl::StrCat("the weights are of another network, or named in a way that is not known: they have ",
                                                 theirs.empty() ? "no tensor" : absl::StrJoin(theirs, ", "), ", while the network needs ",
                                                 absl::StrJoin(ours, ", "), "; known namings are ", absl::StrJoin(known, ", ")));
}

// The height, width and channels that a flatten in front of the layer makes a row of; nullptr: there is none.
const graph::Shape* FlattenedBefore(const graph::Graph& graph, std::string_view parameter) {
  const graph::ResolvedLayer* dense = graph.Find(parameter.substr(0, parameter.rfind('.')));
  if (dense == nullptr || dense->layer.type != "dense" || !parameter.ends_with(".weight")) return nullptr;
  const graph::ResolvedLayer& before = graph.layers()[dense->inputs.front()];
  if (before.layer.type != "flatten") return nullptr;
  const graph::Shape& image = graph.layers()[before.inputs.front()].output_shape;
  return image.size() == 3 ? &image : nullptr;
}

// (outputs, channels * height * width), or with the extents apart, to (outputs, height * width * channels). Other shapes stay: the check
// that follows complains of them.
void BringChannelsLast(const graph::Shape& image, Tensor* weight) {
  const auto height = static_cast<size_t>(image[0]), width = static_cast<size_t>(image[1]), channels = static_cast<size_t>(image[2]);
  const int64_t inputs = image[0] * image[1] * image[2];
  if (weight->shape.size() == 4 && weight->shape[1] == image[2] && weight->shape[2] == image[0] && weight->shape[3] == image[1]) {
    weight->shape = {weight->shape[0], inputs};
  }
  if (weight->shape.size() != 2 || weight->shape[1] != inputs) return;
  const std::vector<float> before = FloatsOf(weight->view());
  std::vector<float> after(before.size());
  const size_t positions = height * width;
  for (size_t first = 0; first < before.size(); first += positions * channels) {
    for (size_t channel = 0; channel < channels; ++channel) {
      for (size_t position = 0; position < positions; ++position) {
        after[first + position * channels + channel] = before[first + channel * positions + position];
      }
    }
  }
  *weight = Tensor::FromFloats(std::move(weight->shape), after);
}

}  // namespace

std::span<const Naming> Namings() { return kNamings; }

std::string NameInFile(const graph::Graph& graph, const TensorViews& source, std::string_view parameter) {
  const Naming* naming = DetectNaming(graph, source, {});
  return naming == nullptr ? "" : FindName(*naming, source, parameter);
}

absl::StatusOr<RenamedWeights> RenameWeights(const graph::Graph& graph, const TensorViews& source, const std::set<std::string>& unused) {
  const Naming* naming = DetectNaming(graph, source, unused);
  if (naming == nullptr) return NothingFits(graph, source);
  RenamedWeights renamed{.naming = naming->name, .weights = {}};
  TensorViews left = source;
  for (const std::string& parameter : unused) left.erase(FindName(*naming, source, parameter));
  std::erase_if(left, [](const auto& entry) { return entry.first.ends_with(kBatchCounter); });
  for (const graph::Parameter& parameter : graph.parameters()) {
    const std::string name = FindName(*naming, source, parameter.name);
    if (left.erase(name) == 0) continue;
    Tensor weight = ToFloat32(source.at(name));
    const graph::Shape* flattened = naming->flattens_channels_first ? FlattenedBefore(graph, parameter.name) : nullptr;
    if (flattened != nullptr && weight.dtype == DType::kF32) BringChannelsLast(*flattened, &weight);
    renamed.weights.emplace(parameter.name, std::move(weight));
  }
  TensorViews all = ViewsOf(renamed.weights);
  all.merge(left);  // what nobody asked for, by its own name: the check names it
  const absl::Status checked = CheckWeights(graph, all);
  if (!checked.ok()) return Annotate(checked, absl::StrCat("weights named as ", ToAbsl(naming->name), " names them"));
  return renamed;
}

}  // namespace seedbed::nn
