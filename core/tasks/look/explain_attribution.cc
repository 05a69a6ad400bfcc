// The view of an explain job that shows which pixels speak for a class.
#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/named_class.h"
#include "core/base/status_macros.h"
#include "core/features/npy.h"
#include "core/graph/spatial_layers.h"
#include "core/nn/gradient_network.h"
#include "core/nn/softmax.h"
#include "core/tasks/data/dataset_events.h"
#include "core/tasks/look/class_scores.h"
#include "core/tasks/look/explain_views.h"
#include "core/tasks/model/labelled_images.h"
#include "core/visualize/attribution/attribution.h"
#include "core/visualize/attribution/map_resize.h"
#include "core/visualize/attribution/occlusion.h"
#include "core/visualize/contact_sheet.h"
#include "core/visualize/heat_map.h"

namespace seedbed::tasks {
namespace {

using visualize::ContactSheet;
using visualize::HeatMap;
using visualize::HeatScale;
using visualize::SheetRow;

constexpr size_t kImagesPerSheet = 24;
constexpr size_t kGradientBatch = 8;    // copies or steps at a time
constexpr size_t kOcclusionBatch = 32;  // covered copies at a time
constexpr double kIncomplete = 0.05;    // share of the rise that the sum of integrated gradients may miss without a word
constexpr double kOutshining = 0.99;    // share of the pixels that decides what is bright where a few would outshine the rest

// How a method is called, and how its maps are to be read.
struct MethodText {
  std::string_view file;  // also what people type
  std::string_view title;
  std::string_view legend;
  std::string_view unit;  // of progress
};

constexpr std::array<MethodText, 5> kMethods = {{
    {"saliency", "Saliency", "bright: the pixels by which the class's score changes most", "images"},
    {"smoothgrad", "SmoothGrad", "bright: the pixels by which the class's score changes most, on average over noisy copies", "copies"},
    {"integrated_gradients", "Integrated gradients",
     "red: what raises the class's score, coming from a black picture; blue: what lowers it", "steps"},
    {"gradcam", "Grad-CAM", "bright: where the layer sees what speaks for the class", "images"},
    {"occlusion", "Occlusion", "red: covering it lowers the class's probability; blue: covering it raises that", "windows"},
}};

const MethodText& TextOf(AttributionMethod method) { return kMethods[static_cast<size_t>(method)]; }

AttributionMethod MethodOf(const AttributionSpec& attribution, const graph::Graph& graph) {
  if (attribution.method) return *attribution.method;
  return graph::LastSpatialLayer(graph) != nullptr ? AttributionMethod::kGradCam : AttributionMethod::kSaliency;
}

bool IsSigned(AttributionMethod method) {
  return method == AttributionMethod::kIntegratedGradients || method == AttributionMethod::kOcclusion;
}

// Coarse maps have no single pixels that outshine others.
bool IsCoarse(AttributionMethod method) { return method == AttributionMethod::kGradCam || method == AttributionMethod::kOcclusion; }

// One image's class and map.
struct Explanation {
  size_t class_index = 0;
  size_t top_class = 0;
  std::vector<double> probabilities;
  std::vector<float> map;
  std::string remark;  // for below the map
};

// Side of the window that occlusion covers, in pixels.
int WindowOf(const AttributionSpec& attribution, int shorter_side) {
  return attribution.window > 0 ? attribution.window : std::max(1, shorter_side / 8);
}

class AttributionTask {
 public:
  AttributionTask(const ExplainSpec& spec, const AttributionSpec& attribution, const nn::SavedModel& model, const ExplainedImages& images,
                  TaskContext& context)
      : spec_(spec),
        attribution_(attribution),
        model_(model),
        images_(images),
        context_(context),
        method_(MethodOf(attribution, model.graph)),
        width_(model.preprocessing.width),
        height_(model.preprocessing.height),
        progress_("explain", context, std::string(TextOf(method_).unit)) {}

  absl::StatusOr<ExplainResult> Run() {
    SB_RETURN_IF_ERROR(Prepare());
    ExplainResult result;
    for (size_t first = 0; first < images_.list().size(); first += kImagesPerSheet) {
      const size_t end = std::min(first + kImagesPerSheet, images_.list().size());
      ContactSheet sheet = EmptySheet(first, end);
      for (size_t i = first; i < end; ++i) {
        image_ = i;
        if (context_.cancelled()) return absl::CancelledError("the explanation was cancelled");
        SB_RETURN_IF_ERROR(ExplainImage(i, &sheet, &result));
      }
      SB_ASSIGN_OR_RETURN(const image::Image drawn, visualize::DrawSheet(sheet));
      SB_ASSIGN_OR_RETURN(const PictureArtifact picture, PublishPicture(SheetName(first / kImagesPerSheet), drawn, context_));
      if (first == 0) result.sheet = picture;
    }
    return result;
  }

 private:
  absl::Status Prepare() {
    const int threads = ComputeThreads(0, context_);
    if (!attribution_.class_name.empty()) {
      SB_ASSIGN_OR_RETURN(class_index_, FindClass(model_.classes, attribution_.class_name));
    }
    const size_t batch = method_ == AttributionMethod::kOcclusion ? kOcclusionBatch : 1;
    SB_ASSIGN_OR_RETURN(scores_, ClassScores::Create(model_, batch, threads));
    if (method_ == AttributionMethod::kOcclusion) return absl::OkStatus();
    // Near 0 rounding decides whether a rectifier passes a gradient: LibTorch's rounds as other programs' that people compare maps with.
    nn::GradientOptions options{.target = graph::LogitsLayer(model_.graph).layer.name, .threads = threads, .backend = "torch"};
    if (method_ == AttributionMethod::kGradCam) {
      SB_ASSIGN_OR_RETURN(layer_, graph::SpatialLayer(model_.graph, attribution_.layer));
      options.with_respect_to = layer_->layer.name;
    }
    SB_ASSIGN_OR_RETURN(network_, nn::GradientNetwork::Create(model_.graph, nn::ViewsOf(model_.weights), options));
    return absl::OkStatus();
  }

  absl::Status ExplainImage(size_t i, ContactSheet* sheet, ExplainResult* result) {
    SB_ASSIGN_OR_RETURN(const PreparedImage image, images_.Prepare(i));
    SB_ASSIGN_OR_RETURN(const Explanation explanation, Explain(image));
    if (TextOf(method_).unit == "images") Update(1, 1);  // the others have told how far they are
    const double share = IsCoarse(method_) ? 1.0 : kOutshining;
    const HeatMap map{.width = width_,
                      .height = height_,
                      .values = explanation.map,
                      .scale = IsSigned(method_) ? HeatScale::kSigned : HeatScale::kPositive,
                      .limit = visualize::LimitOf(explanation.map, share)};
    const image::Image over = visualize::DrawOver(image.picture, map), alone = visualize::DrawHeatMap(map);

    const ImageToExplain& about = images_.list()[i];
    const std::string base = absl::StrCat(about.stem, "-", ToAbsl(TextOf(method_).file));
    ExplainedImage& explained = result->images.emplace_back();
    explained.name = about.name;
    explained.class_name = model_.classes[explanation.class_index];
    explained.probability = explanation.probabilities[explanation.class_index];
    explained.files = {base + "-overlay.png", base + ".png", base + ".npy"};
    SB_RETURN_IF_ERROR(PublishPicture(explained.files[0], over, context_).status());
    SB_RETURN_IF_ERROR(PublishPicture(explained.files[1], alone, context_).status());
    SB_RETURN_IF_ERROR(
        PublishArtifact(explained.files[2], "application/octet-stream", features::NpyFile({height_, width_}, explanation.map), context_));

    SheetRow& row = sheet->rows.emplace_back();
    row.heading = about.name;
    if (!about.label.empty()) row.note = absl::StrCat("labelled ", about.label);
    row.cells.push_back({visualize::ShownPicture(image.picture), TopText(explanation)});
    row.cells.push_back({visualize::ShownPicture(over), ClassText(explained.class_name, explained.probability)});
    row.cells.push_back({visualize::ShownPicture(alone), explanation.remark});
    return absl::OkStatus();
  }

  std::string TopText(const Explanation& explanation) const {
    if (explanation.top_class == explanation.class_index) return "";
    return absl::StrCat("top: ", ClassText(model_.classes[explanation.top_class], explanation.probabilities[explanation.top_class]));
  }

  absl::StatusOr<Explanation> Explain(const PreparedImage& image) {
    SB_ASSIGN_OR_RETURN(const std::vector<float> logits, scores_->Logits(image.input));
    Explanation explanation;
    explanation.probabilities = nn::Softmax(logits);
    explanation.top_class = static_cast<size_t>(std::ranges::max_element(logits) - logits.begin());
    explanation.class_index = class_index_.value_or(explanation.top_class);
    SB_ASSIGN_OR_RETURN(explanation.map, MapOf(image, explanation.class_index));
    SB_ASSIGN_OR_RETURN(explanation.remark, Remark(explanation, logits[explanation.class_index]));
    return explanation;
  }

  absl::StatusOr<std::vector<float>> MapOf(const PreparedImage& image, size_t class_index) {
    const size_t copies = static_cast<size_t>(attribution_.samples), steps = static_cast<size_t>(attribution_.steps);
    switch (method_) {
      case AttributionMethod::kSaliency:
        return visualize::Saliency(*network_, image.input, class_index);
      case AttributionMethod::kSmoothGrad:
        return visualize::SmoothGrad(*network_, image.input, class_index,
                                     {.samples = copies, .noise = attribution_.noise, .seed = attribution_.seed, .batch = kGradientBatch},
                                     [&](size_t done) { return Update(done, copies); });
      case AttributionMethod::kIntegratedGradients:
        return visualize::IntegratedGradients(*network_, image.input, images_.Black(), class_index,
                                              {.steps = steps, .batch = kGradientBatch}, [&](size_t done) { return Update(done, steps); });
      case AttributionMethod::kGradCam:
        return GradCamOf(image, class_index);
      case AttributionMethod::kOcclusion:
        return OcclusionOf(image, class_index);
    }
    return absl::InternalError("an unknown method of attribution");
  }

  absl::StatusOr<std::vector<float>> GradCamOf(const PreparedImage& image, size_t class_index) const {
    SB_ASSIGN_OR_RETURN(const std::vector<float> map, visualize::GradCam(*network_, image.input, class_index));
    const graph::Shape& shape = layer_->output_shape;
    return visualize::ResizeMap(map, {.width = static_cast<int>(shape[1]), .height = static_cast<int>(shape[0])},
                                {.width = width_, .height = height_});
  }

  int Window() const { return WindowOf(attribution_, std::min(width_, height_)); }
  int Stride() const { return attribution_.stride > 0 ? attribution_.stride : std::max(1, Window() / 2); }

  absl::StatusOr<std::vector<float>> OcclusionOf(const PreparedImage& image, size_t class_index) {
    const auto score = [&](std::span<const float> inputs, std::span<float> probabilities) {
      return scores_->Probabilities(inputs, class_index, probabilities);
    };
    return visualize::Occlusion(image.input,
                                {.width = width_, .height = height_, .window = Window(), .stride = Stride(), .batch = kOcclusionBatch},
                                score, [this](size_t done, size_t total) { return Update(done, total); });
  }

  // Of the image at hand. False once the task is cancelled.
  bool Update(size_t done, size_t total) { return progress_.Update(image_ * total + done, images_.list().size() * total); }

  // What the numbers are: their range; of integrated gradients, how nearly they add up to what they explain.
  absl::StatusOr<std::string> Remark(const Explanation& explanation, float logit) {
    const auto [least, most] = std::ranges::minmax(explanation.map);
    if (most <= 0 && least >= 0) return std::string("0 everywhere: nothing speaks for it");
    if (method_ != AttributionMethod::kIntegratedGradients) return absl::StrFormat("%.3g to %.3g", least, most);
    SB_ASSIGN_OR_RETURN(const std::vector<float> black, scores_->Logits(images_.Black()));
    const double sum = std::accumulate(explanation.map.begin(), explanation.map.end(), 0.0);
    const double rise = logit - black[explanation.class_index];
    const bool complete = std::abs(sum - rise) <= kIncomplete * std::abs(rise);
    return absl::StrFormat("sum %.3g of the logit's rise by %.3g%s", sum, rise, complete ? "" : "; more --steps come nearer");
  }

  ContactSheet EmptySheet(size_t first, size_t end) const {
    const size_t count = images_.list().size();
    ContactSheet sheet{.title = absl::StrCat(ToAbsl(TextOf(method_).title), " of ", spec_.model, ":", spec_.model_version),
                       .notes = {},
                       .columns = {"what the network sees", "the map over it", "the map"},
                       .rows = {}};
    if (count > kImagesPerSheet) sheet.notes.push_back(absl::StrCat("Images ", first + 1, " to ", end, " of ", count, "."));
    sheet.notes.push_back(absl::StrCat(ToAbsl(TextOf(method_).legend), SettingsText()));
    return sheet;
  }

  std::string SettingsText() const {
    switch (method_) {
      case AttributionMethod::kSmoothGrad:
        return absl::StrCat("; ", attribution_.samples, " copies, noise ", attribution_.noise, ", seed ", attribution_.seed);
      case AttributionMethod::kIntegratedGradients:
        return absl::StrCat("; ", Counted(attribution_.steps, "step"));
      case AttributionMethod::kGradCam:
        return absl::StrCat("; layer ", layer_->layer.name, ", ", graph::FormatShape(layer_->output_shape));
      case AttributionMethod::kOcclusion:
        return absl::StrCat("; a window of ", Window(), " pixels every ", Stride());
      case AttributionMethod::kSaliency:
        break;
    }
    return "";
  }

  std::string SheetName(size_t sheet) const {
    const std::string number = sheet == 0 ? "" : absl::StrCat("-", sheet + 1);
    return absl::StrCat(spec_.model, "-", ToAbsl(TextOf(method_).file), number, ".png");
  }

  const ExplainSpec& spec_;
  const AttributionSpec& attribution_;
  const nn::SavedModel& model_;
  const ExplainedImages& images_;
  TaskContext& context_;
  const AttributionMethod method_;
  const int width_;
  const int height_;
  ImageProgress progress_;
  size_t image_ = 0;                   // the one at hand
  std::optional<size_t> class_index_;  // of all images; empty: the top class of each
  std::optional<ClassScores> scores_;
  std::unique_ptr<nn::GradientNetwork> network_;  // not for kOcclusion
  const graph::ResolvedLayer* layer_ = nullptr;   // kGradCam
};

}  // namespace

absl::Status CheckAttribution(const AttributionSpec& attribution, const nn::SavedModel& model) {
  if (model.classes.empty()) return absl::InvalidArgumentError("the model is a network without classes: train a head on it first");
  if (!attribution.class_name.empty()) SB_RETURN_IF_ERROR(FindClass(model.classes, attribution.class_name).status());
  const int side = std::min(model.preprocessing.width, model.preprocessing.height);
  if (attribution.window > side) {
    return absl::InvalidArgumentError(absl::StrCat("window is ", attribution.window, ", but pictures have a side of ", side));
  }
  if (const int window = WindowOf(attribution, side); attribution.stride > window) {
    return absl::InvalidArgumentError(
        absl::StrCat("stride is ", attribution.stride, ", but the window has a side of ", window, ": pixels would be left out"));
  }
  if (MethodOf(attribution, model.graph) != AttributionMethod::kGradCam) return absl::OkStatus();
  if (graph::LastSpatialLayer(model.graph) == nullptr) return absl::InvalidArgumentError(ToAbsl(graph::kNoSpatialLayer));
  return graph::SpatialLayer(model.graph, attribution.layer).status();
}

absl::StatusOr<ExplainResult> Attribute(const ExplainSpec& spec, const AttributionSpec& attribution, const nn::SavedModel& model,
                                        const ExplainedImages& images, TaskContext& context) {
  return AttributionTask(spec, attribution, model, images, context).Run();
}

}  // namespace seedbed::tasks
