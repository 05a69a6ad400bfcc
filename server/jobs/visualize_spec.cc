#include "server/jobs/visualize_spec.h"

#include <string>

#include "core/base/status_macros.h"
#include "core/graph/architectures.h"
#include "server/jobs/field_checks.h"
#include "server/jobs/steps_spec.h"

namespace seedbed::jobs {
namespace {

constexpr int kMaxImages = 1000;
constexpr int kMaxVariants = 100;
constexpr int kMaxSide = 4096;
constexpr char kDefaultArch[] = "logistic";
constexpr size_t kMaxPathBytes = 4096;

absl::Status CompleteChoice(v1::VisualizeSpec& spec) {
  SB_RETURN_IF_ERROR(CheckRange("spec.visualize.images", spec.images_size(), 0, kMaxImages));
  for (const std::string& path : spec.images()) SB_RETURN_IF_ERROR(CheckLength("spec.visualize.images", path, kMaxPathBytes));
  if (spec.images_size() > 0) {
    if (spec.has_count()) return FieldError("spec.visualize.count", "goes without images: they are counted already");
    return absl::OkStatus();
  }
  if (!spec.has_count()) spec.set_count(spec.view() == v1::VIEW_AUGMENT ? 4 : 6);
  return CheckRange("spec.visualize.count", spec.count(), 1, kMaxImages);
}

absl::Status CompleteSize(v1::VisualizeSpec& spec) {
  spec.set_arch(ValueOr<std::string>(spec.arch(), kDefaultArch));
  SB_RETURN_IF_ERROR(CheckArchitecture("spec.visualize.arch", spec.arch()));
  SB_ASSIGN_OR_RETURN(const graph::Architecture* architecture, graph::FindArchitecture(spec.arch()));
  spec.set_width(ValueOr(spec.width(), architecture->side));
  spec.set_height(ValueOr(spec.height(), architecture->side));
  SB_RETURN_IF_ERROR(CheckRange("spec.visualize.width", spec.width(), 1, kMaxSide));
  SB_RETURN_IF_ERROR(CheckRange("spec.visualize.height", spec.height(), 1, kMaxSide));
  spec.set_interpolation(ValueOr(spec.interpolation(), v1::INTERPOLATION_BILINEAR));
  if (v1::Interpolation_IsValid(spec.interpolation())) return absl::OkStatus();
  return FieldError("spec.visualize.interpolation", "is not a known interpolation");
}

// What only one view has.
absl::Status CompleteView(v1::VisualizeSpec& spec) {
  if (spec.view() == v1::VIEW_AUGMENT) {
    if (spec.augment().values().empty() && spec.pipeline().values().empty()) {
      return FieldError("spec.visualize.augment", "is empty, and so is pipeline: there is nothing to show");
    }
    if (!spec.has_variants()) spec.set_variants(spec.steps() ? 1 : 6);
    SB_RETURN_IF_ERROR(CheckRange("spec.visualize.variants", spec.variants(), 1, kMaxVariants));
  } else {
    if (spec.has_augment()) return FieldError("spec.visualize.augment", "goes with the view augment only");
    if (spec.has_variants()) return FieldError("spec.visualize.variants", "goes with the view augment only");
    if (spec.steps()) return FieldError("spec.visualize.steps", "goes with the view augment only");
  }
  if (spec.suggest() && spec.view() != v1::VIEW_BACKGROUND) {
    return FieldError("spec.visualize.suggest", "goes with the view background only");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CompleteVisualize(v1::VisualizeSpec& spec) {
  if (spec.view() == v1::VIEW_UNSPECIFIED || !v1::View_IsValid(spec.view())) {
    return FieldError("spec.visualize.view", "must be samples, augment or background");
  }
  SB_RETURN_IF_ERROR(CheckName("spec.visualize.dataset", "dataset", spec.dataset()));
  SB_RETURN_IF_ERROR(CheckRange("spec.visualize.dataset_version", spec.dataset_version(), 0, INT32_MAX));
  SB_RETURN_IF_ERROR(CheckOptionalName("spec.visualize.split", "split", spec.split()));
  SB_RETURN_IF_ERROR(CheckOptionalName("spec.visualize.subset", "subset", spec.subset()));
  if (spec.split().empty() && !spec.subset().empty()) {
    return FieldError("spec.visualize.subset", "needs a split: subsets are the split's");
  }
  SB_RETURN_IF_ERROR(CompleteChoice(spec));
  SB_RETURN_IF_ERROR(CompleteSize(spec));
  SB_RETURN_IF_ERROR(CheckSteps("spec.visualize.pipeline", spec.pipeline()));
  SB_RETURN_IF_ERROR(CheckSteps("spec.visualize.augment", spec.augment()));
  return CompleteView(spec);
}

}  // namespace seedbed::jobs
