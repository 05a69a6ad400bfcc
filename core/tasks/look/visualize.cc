#include "core/tasks/look/visualize.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "core/augment/mixing.h"
#include "core/augment/pipeline.h"
#include "core/augment/suggest_colours.h"
#include "core/base/status_macros.h"
#include "core/tasks/data/dataset_events.h"
#include "core/tasks/look/image_choice.h"
#include "core/tasks/look/picture_artifact.h"
#include "core/tasks/model/labelled_images.h"
#include "core/visualize/contact_sheet.h"
#include "nlohmann/json.hpp"

namespace seedbed::tasks {
namespace {

using augment::Pipeline;
using augment::Sample;
using image::Image;
using nlohmann::json;
using visualize::ContactSheet;
using visualize::SheetRow;

constexpr char kRemoveBackground[] = "remove_background";
constexpr int kSuggestedColours = 4;
constexpr int kSwatchSide = 64;  // pixels

std::string_view ViewName(View view) {
  constexpr std::array<std::string_view, 3> kNames = {"samples", "augment", "background"};
  return kNames[static_cast<size_t>(view)];
}

json ListOf(const std::string& text) {
  return text.empty() ? json::array() : json::parse(text, /*cb=*/nullptr, /*allow_exceptions=*/false);
}

// A list of steps as people write it in one line: [fliplr: 0.5, multiply: [0.8, 1.2]].
std::string StepsText(const json& list) {
  const std::string text = absl::StrReplaceAll(list.dump(), {{"\"", ""}, {",", ", "}, {":", ": "}});
  return list.size() == 1 ? text.substr(1, text.size() - 2) : text;
}

std::string_view FileName(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// What a sheet shows, beside the images themselves.
struct Stages {
  Pipeline pipeline;
  Pipeline augment;
  bool mixed = false;  // augment also mixes the pictures of a batch: that is not shown, for there is no batch
  // kBackground: steps before remove_background, that step with its mask as result, and that step itself.
  Pipeline before;
  Pipeline mask;
  Pipeline removal;
};

// The settings of a step of the list, which has every setting written out: {name: {settings}}.
json WithSetting(json step, const std::string& setting, json value) {
  step.begin().value()[setting] = std::move(value);
  return step;
}

absl::Status SplitAtRemoval(Stages* stages) {
  json before = json::array(), removal = kRemoveBackground;
  const json& list = stages->pipeline.json();
  for (size_t i = 0; i < list.size(); ++i) {
    if (stages->pipeline.name(i) == kRemoveBackground) {
      removal = list[i];
      break;
    }
    before.push_back(list[i]);
  }
  if (removal.is_string()) before = json::array();
  SB_ASSIGN_OR_RETURN(stages->before, Pipeline::Parse(before, "pipeline"));
  SB_ASSIGN_OR_RETURN(stages->removal, Pipeline::Parse(json::array({removal}), "pipeline"));
  SB_ASSIGN_OR_RETURN(stages->mask, Pipeline::Parse(json::array({WithSetting(stages->removal.json()[0], "mask", true)}), "pipeline"));
  return absl::OkStatus();
}

absl::StatusOr<Stages> ParseStages(const VisualizeSpec& spec) {
  Stages stages;
  SB_ASSIGN_OR_RETURN(stages.pipeline, Pipeline::Parse(ListOf(spec.pipeline), "pipeline"));
  SB_ASSIGN_OR_RETURN(augment::AugmentList augment, augment::ParseAugment(ListOf(spec.augment), "augment"));
  stages.augment = std::move(augment.steps);
  stages.mixed = !augment.mixing.empty();
  SB_RETURN_IF_ERROR(Annotate(stages.pipeline.CheckSize(spec.width, spec.height), "pipeline"));
  SB_RETURN_IF_ERROR(Annotate(stages.augment.CheckSize(spec.width, spec.height), "augment"));
  if (spec.view == View::kBackground) SB_RETURN_IF_ERROR(SplitAtRemoval(&stages));
  return stages;
}

// Composes the sheet. Without decoded pictures it has the same cells, whose pictures have a size only: that tells whether there is room.
class SheetComposer {
 public:
  SheetComposer(const VisualizeSpec& spec, const LabelledDataset& dataset, std::span<const uint32_t> rows, TaskContext& context)
      : spec_(spec), dataset_(dataset), rows_(rows), context_(context) {}

  void set_stages(Stages stages) { stages_ = std::move(stages); }
  void set_decoded(const StoredRows* decoded) { decoded_ = decoded; }

  absl::StatusOr<ContactSheet> Compose() {
    ContactSheet sheet{.title = Title(), .notes = Notes(), .columns = Columns(), .rows = {}};
    ImageProgress progress("draw", context_);
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (decoded_ != nullptr && !progress.Update(i, rows_.size())) return absl::CancelledError("the drawing was cancelled");
      AddImage(i, &sheet.rows);
    }
    if (spec_.suggest) sheet.rows.push_back(Swatches());
    return sheet;
  }

  // The picture of row rows[i] at its size.
  Image Original(size_t i) const {
    Image image{spec_.width, spec_.height, {}};
    if (decoded_ != nullptr) image.rgb.assign(decoded_->row(i).begin(), decoded_->row(i).end());
    return image;
  }

 private:
  const dataset::ManifestRow& File(size_t i) const { return dataset_.manifest.rows[rows_[i]]; }
  const std::string& ClassOf(size_t i) const { return dataset_.manifest.classes[static_cast<size_t>(File(i).label)]; }

  std::string Title() const {
    constexpr std::array<std::string_view, 3> kTitles = {"Samples of ", "Augmentation of ", "Background removal of "};
    return absl::StrCat(ToAbsl(kTitles[static_cast<size_t>(spec_.view)]), spec_.dataset, ":", spec_.dataset_version);
  }

  std::vector<std::string> Notes() const {
    std::string images = Counted(static_cast<int64_t>(rows_.size()), "image");
    if (!spec_.split.empty()) absl::StrAppend(&images, " of split ", spec_.split, spec_.subset.empty() ? "" : ", subset " + spec_.subset);
    std::vector<std::string> notes = {
        absl::StrCat(images, " at ", spec_.width, "x", spec_.height, ", ", ToAbsl(image::FilterName(spec_.interpolation)))};
    if (spec_.view == View::kBackground) {
      notes.push_back(absl::StrCat("step: ", StepsText(stages_.removal.json())));
    } else if (!stages_.pipeline.empty()) {
      notes.push_back(absl::StrCat("pipeline: ", StepsText(ListOf(spec_.pipeline))));
    }
    if (!stages_.augment.empty()) {
      notes.push_back(absl::StrCat("augment: ", StepsText(ListOf(spec_.augment)), "; seed ", spec_.seed));
    }
    if (stages_.mixed) notes.emplace_back("Training also mixes the pictures of a batch with each other, which is not shown.");
    return notes;
  }

  std::vector<std::string> Columns() const {
    if (spec_.view == View::kSamples) return {};
    std::vector<std::string> columns = {"original"};
    if (spec_.view == View::kBackground) {
      columns.insert(columns.end(), {"mask", "result"});
    } else if (spec_.steps) {
      for (const Pipeline* steps : {&stages_.pipeline, &stages_.augment}) {
        for (size_t i = 0; i < steps->size(); ++i) columns.push_back(absl::StrCat(columns.size(), ". ", steps->name(i)));
      }
    } else {
      if (!stages_.pipeline.empty()) columns.emplace_back("after the pipeline");
      for (int epoch = 1; HasVariants() && epoch <= spec_.variants; ++epoch) columns.push_back(absl::StrCat("epoch ", epoch));
    }
    return columns;
  }

  bool HasVariants() const { return !stages_.augment.empty(); }

  // The colours that were proposed, each with its threshold.
  SheetRow Swatches() const {
    SheetRow row{.heading = "proposed colours", .note = "and thresholds", .cells = {}};
    const json& settings = stages_.removal.json()[0].begin().value();
    const size_t count = decoded_ != nullptr ? settings["colours"].size() : kSuggestedColours;
    for (size_t i = 0; i < count; ++i) {
      Image swatch{kSwatchSide, kSwatchSide, {}};
      if (decoded_ == nullptr) {
        row.cells.push_back({std::move(swatch), "colour"});
        continue;
      }
      const auto colour = settings["colours"][i].get<std::array<uint8_t, 3>>();
      for (int pixel = 0; pixel < kSwatchSide * kSwatchSide; ++pixel) swatch.rgb.insert(swatch.rgb.end(), colour.begin(), colour.end());
      row.cells.push_back(
          {std::move(swatch), absl::StrFormat("#%02x%02x%02x, %d", colour[0], colour[1], colour[2], settings["thresholds"][i].get<int>())});
    }
    return row;
  }

  void AddImage(size_t i, std::vector<SheetRow>* rows) {
    switch (spec_.view) {
      case View::kSamples:
        AddSample(i, rows);
        break;
      case View::kAugment:
        AddVariants(i, rows);
        break;
      case View::kBackground:
        AddBackground(i, rows);
        break;
    }
  }

  // Images of a class, or as many of them as were asked for in a row, stand in one row.
  void AddSample(size_t i, std::vector<SheetRow>* rows) {
    if (i == 0 || File(i).label != File(i - 1).label) rows->push_back({.heading = ClassOf(i), .note = "", .cells = {}});
    Image picture = Original(i);
    Apply(stages_.pipeline, {}, &picture);
    rows->back().cells.push_back({visualize::ShownPicture(picture), std::string(FileName(File(i).path))});
  }

  void AddVariants(size_t i, std::vector<SheetRow>* rows) {
    SheetRow row{.heading = ClassOf(i), .note = std::string(FileName(File(i).path)), .cells = {}};
    Image picture = Original(i);
    Show(picture, &row);
    for (size_t step = 0; step < stages_.pipeline.size(); ++step) {
      ApplyStep(stages_.pipeline, step, {}, &picture);
      if (spec_.steps) Show(picture, &row);
    }
    if (!spec_.steps && !stages_.pipeline.empty()) Show(picture, &row);
    for (int epoch = 0; epoch < (HasVariants() ? spec_.variants : 0); ++epoch) {
      const Sample sample{.seed = spec_.seed, .epoch = static_cast<uint32_t>(epoch), .image = augment::ImageNumber(File(i).sha256)};
      if (!spec_.steps) {
        ShowAugmented(sample, picture, &row);
        continue;
      }
      SheetRow steps = row;
      if (spec_.variants > 1) absl::StrAppend(&steps.note, ", epoch ", epoch + 1);
      ShowSteps(sample, picture, &steps);
      rows->push_back(std::move(steps));
    }
    if (!spec_.steps || !HasVariants()) rows->push_back(std::move(row));
  }

  void ShowAugmented(const Sample& sample, Image picture, SheetRow* row) {
    Apply(stages_.augment, sample, &picture);
    Show(picture, row);
  }

  void ShowSteps(const Sample& sample, Image picture, SheetRow* row) {
    for (size_t step = 0; step < stages_.augment.size(); ++step) {
      ApplyStep(stages_.augment, step, sample, &picture);
      Show(picture, row);
    }
  }

  void AddBackground(size_t i, std::vector<SheetRow>* rows) {
    SheetRow row{.heading = ClassOf(i), .note = std::string(FileName(File(i).path)), .cells = {}};
    Image picture = Original(i);
    Show(picture, &row);
    Apply(stages_.before, {}, &picture);
    Image mask = picture;
    Apply(stages_.mask, {}, &mask);
    Apply(stages_.removal, {}, &picture);
    Show(mask, &row);
    Show(picture, &row);
    rows->push_back(std::move(row));
  }

  static void Show(const Image& picture, SheetRow* row) { row->cells.push_back({visualize::ShownPicture(picture), ""}); }

  void Apply(const Pipeline& pipeline, const Sample& sample, Image* picture) {
    for (size_t step = 0; step < pipeline.size(); ++step) ApplyStep(pipeline, step, sample, picture);
  }

  void ApplyStep(const Pipeline& pipeline, size_t step, const Sample& sample, Image* picture) {
    if (picture->rgb.empty()) return;
    pipeline.ApplyStep(step, sample, {.width = picture->width, .height = picture->height, .rgb = picture->rgb}, &scratch_);
  }

  const VisualizeSpec& spec_;
  const LabelledDataset& dataset_;
  const std::span<const uint32_t> rows_;
  TaskContext& context_;
  Stages stages_;
  const StoredRows* decoded_ = nullptr;
  augment::Scratch scratch_;
};

absl::StatusOr<std::vector<uint32_t>> ChooseRows(const VisualizeSpec& spec, const LabelledDataset& dataset) {
  if (!spec.images.empty()) return RowsNamed(dataset.manifest, spec.images);
  if (spec.count < 1) return absl::InvalidArgumentError(absl::StrCat("count is ", spec.count, "; it must be at least 1"));
  SB_ASSIGN_OR_RETURN(const std::vector<uint32_t> rows, RowsOfAnySubset(dataset, spec.dataset, spec.subset));
  const auto count = static_cast<size_t>(spec.count);
  return spec.view == View::kSamples ? ChooseOfEachClass(dataset.manifest, rows, count, spec.seed)
                                     : ChooseAcrossClasses(dataset.manifest, rows, count, spec.seed);
}

// The step with colours proposed from the pictures, in the size that they are shown in: it does not change their colours.
absl::StatusOr<json> SuggestStep(const SheetComposer& composer, size_t images, uint64_t seed) {
  std::vector<Image> pictures;
  for (size_t i = 0; i < images; ++i) pictures.push_back(visualize::ShownPicture(composer.Original(i)));
  SB_ASSIGN_OR_RETURN(json settings, augment::SuggestColours(pictures, kSuggestedColours, seed));
  return json{{kRemoveBackground, std::move(settings)}};
}

absl::StatusOr<VisualizeResult> Publish(const VisualizeSpec& spec, const ContactSheet& sheet, TaskContext& context) {
  SB_ASSIGN_OR_RETURN(const Image drawn, visualize::DrawSheet(sheet));
  const std::string name = absl::StrCat(spec.dataset, "-", ToAbsl(ViewName(spec.view)), ".png");
  SB_ASSIGN_OR_RETURN(PictureArtifact picture, PublishPicture(name, drawn, context));
  return VisualizeResult{.sheet = std::move(picture), .images = 0, .suggestion = ""};
}

}  // namespace

absl::StatusOr<VisualizeResult> RunVisualize(const VisualizeSpec& spec, TaskContext& context) {
  SB_ASSIGN_OR_RETURN(Stages stages, ParseStages(spec));
  SB_ASSIGN_OR_RETURN(const LabelledDataset dataset, OpenDataset(spec.dataset_dir, spec.split_file));
  SB_ASSIGN_OR_RETURN(const std::vector<uint32_t> rows, ChooseRows(spec, dataset));
  SheetComposer composer(spec, dataset, rows, context);
  composer.set_stages(stages);
  SB_ASSIGN_OR_RETURN(ContactSheet sheet, composer.Compose());
  SB_RETURN_IF_ERROR(visualize::CheckSheet(sheet));

  image::Preprocessing size;
  size.width = spec.width;
  size.height = spec.height;
  size.interpolation = spec.interpolation;
  SB_ASSIGN_OR_RETURN(const auto decoded, DecodeImages(dataset, rows, size, ComputeThreads(0, context), context));
  composer.set_decoded(decoded.get());
  std::string suggestion;
  if (spec.suggest) {
    SB_ASSIGN_OR_RETURN(const json step, SuggestStep(composer, rows.size(), spec.seed));
    SB_ASSIGN_OR_RETURN(stages.pipeline, Pipeline::Parse(json::array({step}), "pipeline"));
    SB_RETURN_IF_ERROR(SplitAtRemoval(&stages));
    composer.set_stages(std::move(stages));
    suggestion = step.dump();
  }
  SB_ASSIGN_OR_RETURN(sheet, composer.Compose());
  SB_ASSIGN_OR_RETURN(VisualizeResult result, Publish(spec, sheet, context));
  result.images = static_cast<int>(rows.size());
  result.suggestion = std::move(suggestion);
  return result;
}

}  // namespace seedbed::tasks
