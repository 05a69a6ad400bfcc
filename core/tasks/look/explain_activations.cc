// The view of an explain job that shows what a layer makes of an image.
#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"
#include "core/graph/spatial_layers.h"
#include "core/image/resize.h"
#include "core/nn/network.h"
#include "core/nn/softmax.h"
#include "core/tasks/data/dataset_events.h"
#include "core/tasks/look/explain_views.h"
#include "core/tasks/model/labelled_images.h"
#include "core/visualize/contact_sheet.h"
#include "core/visualize/heat_map.h"

namespace seedbed::tasks {
namespace {

using visualize::ContactSheet;
using visualize::HeatMap;
using visualize::HeatScale;

constexpr int kShownSide = 112;  // pixels that a map has at least on its longer side
constexpr int kMinColumns = 8;

std::vector<int> ChannelsOf(const ActivationSpec& activations, const graph::ResolvedLayer& layer) {
  if (!activations.channels.empty()) return activations.channels;
  std::vector<int> channels(static_cast<size_t>(std::min<int64_t>(activations.count, layer.output_shape.back())));
  std::iota(channels.begin(), channels.end(), 0);
  return channels;
}

image::Image Enlarged(const image::Image& picture, int width, int height, image::Filter filter) {
  image::Image enlarged{width, height, std::vector<uint8_t>(3 * static_cast<size_t>(width) * static_cast<size_t>(height))};
  image::ResizeInto(picture, width, height, filter, enlarged.rgb);
  return enlarged;
}

// Values of one layer for one image, drawn channel by channel.
class MapSheet {
 public:
  MapSheet(const graph::ResolvedLayer& layer, std::vector<int> channels)
      : channels_(std::move(channels)), height_(static_cast<int>(layer.output_shape[0])), width_(static_cast<int>(layer.output_shape[1])) {
    const int longer = std::max(width_, height_), factor = (kShownSide + longer - 1) / longer;
    const visualize::ShownSize size = visualize::ShownSizeOf(width_ * factor, height_ * factor);
    shown_width_ = size.width;
    shown_height_ = size.height;
    columns_ = std::max(kMinColumns, static_cast<int>(std::ceil(std::sqrt(static_cast<double>(channels_.size())))));
  }

  const std::vector<int>& channels() const { return channels_; }

  // The picture, then the channels. Without values, the same cells without pixels: that tells whether there is room.
  void Draw(const image::Image& picture, std::span<const float> values, ContactSheet* sheet) const {
    image::Image shown{shown_width_, shown_height_, {}};
    if (!values.empty()) shown = Enlarged(picture, shown_width_, shown_height_, image::Filter::kBilinear);
    sheet->rows.push_back({.heading = "", .cells = {{std::move(shown), "the image"}}});
    const bool is_signed = std::ranges::any_of(values, [](float value) { return value < 0; });
    for (size_t i = 0; i < channels_.size(); ++i) {
      if (i % static_cast<size_t>(columns_) == 0) sheet->rows.push_back({.heading = "", .cells = {}});
      sheet->rows.back().cells.push_back(Cell(channels_[i], values, is_signed ? HeatScale::kSigned : HeatScale::kPositive));
    }
  }

 private:
  visualize::SheetCell Cell(int channel, std::span<const float> values, HeatScale scale) const {
    if (values.empty()) return {{shown_width_, shown_height_, {}}, "0"};
    const size_t pixels = static_cast<size_t>(width_) * static_cast<size_t>(height_), channels = values.size() / pixels;
    std::vector<float> map(pixels);
    for (size_t i = 0; i < pixels; ++i) map[i] = values[i * channels + static_cast<size_t>(channel)];
    const auto [least, most] = std::ranges::minmax(map);
    const HeatMap heat{.width = width_, .height = height_, .values = map, .scale = scale, .limit = visualize::LimitOf(map, 1.0)};
    return {Enlarged(visualize::DrawHeatMap(heat), shown_width_, shown_height_, image::Filter::kNearest),
            least < 0 ? absl::StrFormat("%d: %.2g to %.2g", channel, least, most) : absl::StrFormat("%d: to %.3g", channel, most)};
  }

  const std::vector<int> channels_;
  const int height_;
  const int width_;
  int shown_width_ = 0;
  int shown_height_ = 0;
  int columns_ = kMinColumns;
};

class ActivationTask {
 public:
  ActivationTask(const ExplainSpec& spec, const nn::SavedModel& model, const ExplainedImages& images, const graph::ResolvedLayer& layer,
                 const MapSheet& maps, TaskContext& context)
      : spec_(spec), model_(model), images_(images), layer_(layer), maps_(maps), context_(context) {}

  absl::StatusOr<ExplainResult> Run() {
    nn::SetComputeThreads(ComputeThreads(0, context_));
    SB_ASSIGN_OR_RETURN(network_, nn::Network::Create(model_.graph, nn::ViewsOf(model_.weights)));
    ExplainResult result;
    ImageProgress progress("explain", context_);
    for (size_t i = 0; i < images_.list().size(); ++i) {
      if (!progress.Update(i, images_.list().size())) return absl::CancelledError("the explanation was cancelled");
      SB_RETURN_IF_ERROR(ShowImage(i, &result));
    }
    progress.Update(images_.list().size(), images_.list().size());
    return result;
  }

 private:
  absl::Status ShowImage(size_t i, ExplainResult* result) {
    SB_ASSIGN_OR_RETURN(const PreparedImage image, images_.Prepare(i));
    const ImageToExplain& about = images_.list()[i];
    ExplainedImage& explained = result->images.emplace_back();
    explained.name = about.name;
    SB_ASSIGN_OR_RETURN(const std::vector<float> values, Compute(image.input, &explained));
    ContactSheet sheet{.title = absl::StrCat(layer_.layer.name, " of ", spec_.model, ":", spec_.model_version),
                       .notes = {ImageNote(about, explained), LayerNote(values)},
                       .columns = {},
                       .rows = {}};
    maps_.Draw(image.picture, values, &sheet);
    SB_ASSIGN_OR_RETURN(const image::Image drawn, visualize::DrawSheet(sheet));
    const std::string name = absl::StrCat(about.stem, "-", ArtifactName(layer_.layer.name), ".png");
    SB_ASSIGN_OR_RETURN(const PictureArtifact picture, PublishPicture(name, drawn, context_));
    explained.files = {picture.file};
    if (i == 0) result->sheet = picture;
    return absl::OkStatus();
  }

  // The layer's values and, where there are classes, the most probable one: in one pass.
  absl::StatusOr<std::vector<float>> Compute(std::span<const float> input, ExplainedImage* explained) const {
    const graph::ResolvedLayer& last = graph::LogitsLayer(model_.graph);
    std::vector<float> values(static_cast<size_t>(graph::ElementsOf(layer_.output_shape)));
    std::vector<float> logits(static_cast<size_t>(graph::ElementsOf(last.output_shape)));
    const std::vector<std::string> layers = {layer_.layer.name, last.layer.name};
    const std::array<std::span<float>, 2> outputs = {values, logits};
    const size_t wanted = model_.classes.empty() ? 1 : 2;
    SB_RETURN_IF_ERROR(network_->RunInto(input, 1, std::span(layers).first(wanted), std::span(outputs).first(wanted)));
    if (model_.classes.empty()) return values;
    const std::vector<double> probabilities = nn::Softmax(logits);
    const auto top = std::ranges::max_element(probabilities);
    explained->class_name = model_.classes[static_cast<size_t>(top - probabilities.begin())];
    explained->probability = *top;
    return values;
  }

  static std::string ImageNote(const ImageToExplain& about, const ExplainedImage& explained) {
    std::string note = about.name;
    if (!about.label.empty()) absl::StrAppend(&note, ", labelled ", about.label);
    if (!explained.class_name.empty()) absl::StrAppend(&note, "; taken for ", ClassText(explained.class_name, explained.probability));
    return note;
  }

  std::string LayerNote(std::span<const float> values) const {
    const bool is_signed = std::ranges::any_of(values, [](float value) { return value < 0; });
    return absl::StrCat(maps_.channels().size(), " of ", Counted(layer_.output_shape.back(), "channel"), " of ", layer_.output_shape[0],
                        "x", layer_.output_shape[1],
                        ", each in its own range: ", is_signed ? "red above 0, white 0, blue below" : "black 0, bright its largest value",
                        ", told with its number");
  }

  const ExplainSpec& spec_;
  const nn::SavedModel& model_;
  const ExplainedImages& images_;
  const graph::ResolvedLayer& layer_;
  const MapSheet& maps_;
  TaskContext& context_;
  std::unique_ptr<nn::Network> network_;
};

}  // namespace

absl::Status CheckActivations(const ActivationSpec& activations, const nn::SavedModel& model) {
  SB_ASSIGN_OR_RETURN(const graph::ResolvedLayer* layer, graph::SpatialLayer(model.graph, activations.layer));
  for (const int channel : activations.channels) {
    if (channel >= 0 && channel < layer->output_shape.back()) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("layer '", layer->layer.name, "' has no channel ", channel, "; it has 0 to ", layer->output_shape.back() - 1));
  }
  ContactSheet sheet;
  MapSheet(*layer, ChannelsOf(activations, *layer)).Draw({}, {}, &sheet);
  return visualize::CheckSheet(sheet);
}

absl::StatusOr<ExplainResult> ShowActivations(const ExplainSpec& spec, const ActivationSpec& activations, const nn::SavedModel& model,
                                              const ExplainedImages& images, TaskContext& context) {
  SB_ASSIGN_OR_RETURN(const graph::ResolvedLayer* layer, graph::SpatialLayer(model.graph, activations.layer));
  const MapSheet maps(*layer, ChannelsOf(activations, *layer));
  return ActivationTask(spec, model, images, *layer, maps, context).Run();
}

}  // namespace seedbed::tasks
