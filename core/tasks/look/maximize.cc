#include "core/tasks/look/maximize.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/base/named_class.h"
#include "core/base/status_macros.h"
#include "core/graph/backbone.h"
#include "core/graph/objective.h"
#include "core/image/png_writer.h"
#include "core/image/resize.h"
#include "core/nn/model_file.h"
#include "core/tasks/data/dataset_events.h"
#include "core/tasks/model/backbone.h"
#include "core/tasks/model/labelled_images.h"
#include "core/visualize/contact_sheet.h"

namespace seedbed::tasks {
namespace {

using ascent::Maximizer;
using image::Image;
using visualize::ContactSheet;

// What is to grow, and what its pictures are called.
struct Goal {
  graph::Objective objective;
  std::vector<size_t> channels = {};
  std::vector<std::string> targets = {};     // of each: "block5_conv1 110", "maize"
  std::vector<std::string> captions = {};    // on the sheet: "110", "maize"
  std::vector<std::string> file_names = {};  // without the ending
};

absl::StatusOr<Goal> FilterGoal(const MaximizeSpec& spec, const graph::Graph& network) {
  SB_ASSIGN_OR_RETURN(graph::Objective objective, graph::ObjectiveOf(network, spec.layer));
  Goal goal{.objective = std::move(objective)};
  for (const int64_t filter : spec.filters) {
    SB_RETURN_IF_ERROR(graph::CheckFilter(goal.objective, spec.layer, filter));
    const auto channel = static_cast<size_t>(filter);
    if (std::find(goal.channels.begin(), goal.channels.end(), channel) != goal.channels.end()) continue;
    goal.channels.push_back(channel);
    goal.targets.push_back(absl::StrCat(spec.layer, " ", filter));
    goal.captions.push_back(absl::StrCat(filter));
    goal.file_names.push_back(absl::StrCat(spec.model, "-", spec.layer, "-", filter));
  }
  return goal;
}

absl::StatusOr<Goal> ClassGoal(const MaximizeSpec& spec, const graph::Graph& network, const std::vector<std::string>& classes) {
  SB_ASSIGN_OR_RETURN(graph::Objective objective, graph::ClassObjective(network, spec.softmax));
  Goal goal{.objective = std::move(objective)};
  for (const std::string& text : spec.classes) {
    SB_ASSIGN_OR_RETURN(const size_t index, FindClass(classes, text));
    if (std::find(goal.channels.begin(), goal.channels.end(), index) != goal.channels.end()) continue;
    goal.channels.push_back(index);
    goal.targets.push_back(classes[index]);
    goal.captions.push_back(classes[index]);
    goal.file_names.push_back(absl::StrCat(spec.model, "-class-", index, "-", ArtifactName(classes[index])));
  }
  return goal;
}

absl::StatusOr<Goal> GoalOf(const MaximizeSpec& spec, const nn::SavedModel& model) {
  SB_ASSIGN_OR_RETURN(Goal goal, spec.layer.empty() ? ClassGoal(spec, model.graph, model.classes) : FilterGoal(spec, model.graph));
  if (goal.channels.empty()) return absl::InvalidArgumentError("nothing is named: give filters of a layer, or classes");
  const graph::Shape& own = model.graph.input_shape();
  if (own.size() != 3) return goal;  // the maximizer says what is wrong
  const graph::Shape size = {spec.height == 0 ? own[0] : spec.height, spec.width == 0 ? own[1] : spec.width, own[2]};
  SB_ASSIGN_OR_RETURN(goal.objective.graph, graph::ForImages(goal.objective.graph, size));
  return goal;
}

class MaximizeTask {
 public:
  MaximizeTask(const MaximizeSpec& spec, nn::SavedModel model, Goal goal, TaskContext& context)
      : spec_(spec), model_(std::move(model)), goal_(std::move(goal)), context_(context), start_(std::chrono::steady_clock::now()) {}

  absl::StatusOr<MaximizeResult> Run() {
    std::vector<Image> blanks(goal_.channels.size(), BlankPicture());
    SB_RETURN_IF_ERROR(visualize::CheckSheet(Sheet(blanks, goal_.captions, kLargestSide)));
    ascent::MaximizerOptions options = spec_.ascent;
    options.threads = ComputeThreads(0, context_);
    SB_ASSIGN_OR_RETURN(Maximizer maximizer, Maximizer::Create(goal_.objective, WeightsOf(goal_.objective.graph, model_.weights),
                                                               model_.preprocessing, model_.mean_image, options));
    SB_ASSIGN_OR_RETURN(const std::vector<ascent::MaximizedPicture> pictures,
                        maximizer.Run(goal_.channels, [this](const Maximizer::Moment& moment) { return OnStep(moment); }));
    WarnOfHindrances(pictures);
    return Publish(pictures);
  }

 private:
  static constexpr int kLargestSide = 256;   // of a picture on the sheet, pixels
  static constexpr uint8_t kNotBegun = 128;  // grey

  Image BlankPicture() const {
    const graph::Shape& shape = goal_.objective.graph.input_shape();
    return {static_cast<int>(shape[1]), static_cast<int>(shape[0]), {}};
  }

  bool OnStep(const Maximizer::Moment& moment) {
    const auto steps = static_cast<int64_t>(spec_.ascent.steps);
    Progress progress{.phase = "maximize", .unit = "steps"};
    progress.done = static_cast<int64_t>(moment.first) * steps + static_cast<int64_t>(moment.count) * moment.step;
    progress.total = static_cast<int64_t>(goal_.channels.size()) * steps;
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start_;
    progress.rate = static_cast<double>(progress.done) / std::max(seconds.count(), 1e-9);
    if (spec_.preview_every > 0 && (moment.step % spec_.preview_every == 0 || moment.step == 1)) progress.preview = Preview(moment);
    context_.Report(progress);
    return !context_.cancelled();
  }

  // The sheet as it is, with pictures as large as the file may have them; empty when that does not succeed, which ends nothing.
  std::string Preview(const Maximizer::Moment& moment) const {
    std::vector<Image> pictures;
    for (const ascent::MaximizedPicture& done : moment.done) pictures.push_back(done.picture);
    for (size_t i = 0; i < moment.count; ++i) pictures.push_back(moment.picture(i));
    pictures.resize(goal_.channels.size(), BlankPicture());
    constexpr int kSmallestSide = 16;
    for (int side = kLargestSide; side >= kSmallestSide;) {
      const absl::StatusOr<Image> drawn = visualize::DrawSheet(Sheet(pictures, goal_.captions, side));
      if (!drawn.ok()) return "";
      absl::StatusOr<std::string> file = image::EncodePng(image::AsPngPicture(*drawn), image::PngCompression::kFast);
      if (!file.ok()) return "";
      if (file->size() <= kMaxPreviewBytes) return *std::move(file);
      side = static_cast<int>(side * 0.9 * std::sqrt(static_cast<double>(kMaxPreviewBytes) / static_cast<double>(file->size())));
    }
    return "";
  }

  ContactSheet Sheet(const std::vector<Image>& pictures, const std::vector<std::string>& captions, int side) const {
    const bool filters = !spec_.layer.empty();
    const graph::Shape& size = goal_.objective.graph.input_shape();
    ContactSheet sheet{.title = absl::StrCat(filters ? absl::StrCat("Filters of ", spec_.layer, " of ") : "Classes of ", spec_.model, ":",
                                             spec_.model_version),
                       .notes = {Notes(size)},
                       .columns = {},
                       .rows = {}};
    // As many across as down, or a few more.
    const auto across = static_cast<size_t>(std::ceil(std::sqrt(static_cast<double>(pictures.size()))));
    for (size_t i = 0; i < pictures.size(); ++i) {
      if (i % across == 0) sheet.rows.push_back({.heading = "", .cells = {}});
      const Image& picture = pictures[i];
      const bool large = std::max(picture.width, picture.height) > side;
      Image shown = visualize::ShownPicture(large ? visualize::PictureOfSide(picture, side) : picture);
      shown.rgb.resize(size_t{3} * static_cast<size_t>(shown.width) * static_cast<size_t>(shown.height), kNotBegun);
      sheet.rows.back().cells.push_back({std::move(shown), captions[i]});
    }
    return sheet;
  }

  std::string Notes(const graph::Shape& size) const {
    const ascent::MaximizerOptions& options = spec_.ascent;
    return absl::StrFormat("%s%s, %d steps of %g, seed %d, at %dx%d", spec_.softmax ? "probability, " : "",
                           options.mode == ascent::Mode::kNatural ? "natural" : "reference", options.steps, options.step_size, options.seed,
                           size[1], size[0]);
  }

  void WarnOfHindrances(const std::vector<ascent::MaximizedPicture>& pictures) const {
    std::vector<std::string> dead, stuck;
    for (size_t i = 0; i < pictures.size(); ++i) {
      const ascent::Hindrances& hindrances = pictures[i].hindrances;
      if (hindrances.stuck) {
        stuck.push_back(goal_.targets[i]);
      } else if (hindrances.redirected || hindrances.restarts > 0) {
        dead.push_back(goal_.targets[i]);
      }
    }
    if (!dead.empty()) {
      Warn("dead_start",
           absl::StrCat("no gradient where the ascent began, so that it was led to one by the values before the rectifier, or from other "
                        "noise: ",
                        FirstFew(dead)),
           context_);
    }
    if (!stuck.empty()) {
      Warn("no_gradient", absl::StrCat("no gradient wherever the ascent began, so that the picture is noise: ", FirstFew(stuck)), context_);
    }
  }

  absl::StatusOr<MaximizeResult> Publish(const std::vector<ascent::MaximizedPicture>& pictures) const {
    const bool classes = spec_.layer.empty();
    MaximizeResult result;
    std::vector<Image> shown;
    std::vector<std::string> captions;
    for (size_t i = 0; i < pictures.size(); ++i) {
      const ascent::MaximizedPicture& picture = pictures[i];
      MaximizedFile file{.target = goal_.targets[i],
                         .file = goal_.file_names[i] + ".png",
                         .activation = picture.reached.score,
                         .start_activation = picture.start.score,
                         .probability = std::nullopt};
      if (classes) file.probability = picture.reached.probability;
      captions.push_back(classes ? absl::StrFormat("%s %.1f %%", goal_.captions[i], 100 * *file.probability)
                                 : absl::StrFormat("%s: %.3g", goal_.captions[i], file.activation));
      shown.push_back(picture.picture);
      SB_RETURN_IF_ERROR(PublishPicture(file.file, picture.picture, context_).status());
      result.pictures.push_back(std::move(file));
    }
    SB_ASSIGN_OR_RETURN(const Image drawn, visualize::DrawSheet(Sheet(shown, captions, kLargestSide)));
    const std::string name = absl::StrCat(spec_.model, "-", classes ? "classes" : spec_.layer, ".png");
    SB_ASSIGN_OR_RETURN(result.sheet, PublishPicture(name, drawn, context_));
    return result;
  }

  const MaximizeSpec& spec_;
  const nn::SavedModel model_;
  const Goal goal_;
  TaskContext& context_;
  const MonotonicTime start_;
};

absl::Status CheckOptions(const ascent::MaximizerOptions& options) {
  if (options.steps < 1) return absl::InvalidArgumentError(absl::StrCat("steps is ", options.steps, "; it must be at least 1"));
  if (options.batch < 1) return absl::InvalidArgumentError("batch_size is 0; it must be at least 1");
  if (options.step_size > 0 && std::isfinite(options.step_size)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("step_size is ", options.step_size, "; it must be over 0"));
}

}  // namespace

absl::StatusOr<MaximizeResult> RunMaximize(const MaximizeSpec& spec, TaskContext& context) {
  SB_RETURN_IF_ERROR(CheckOptions(spec.ascent));
  SB_ASSIGN_OR_RETURN(nn::SavedModel model, nn::ReadModel(spec.model_dir));
  SB_ASSIGN_OR_RETURN(Goal goal, GoalOf(spec, model));
  return MaximizeTask(spec, std::move(model), std::move(goal), context).Run();
}

}  // namespace seedbed::tasks
