#include "server/jobs/maximize_spec.h"

#include <cmath>
#include <set>
#include <string>

#include "core/base/status_macros.h"
#include "server/jobs/field_checks.h"

namespace seedbed::jobs {
namespace {

constexpr int kMaxPictures = 256;
constexpr int kMaxSteps = 100'000;
constexpr int kMaxSide = 4096;
constexpr int kMaxBatch = 64;
constexpr size_t kMaxNameBytes = 1024;

absl::Status CheckFilters(const v1::MaximizeSpec& spec) {
  if (spec.classes_size() > 0) return FieldError("spec.maximize.classes", "do not go with layer: give its filters");
  SB_RETURN_IF_ERROR(CheckRange("spec.maximize.filters", spec.filters_size(), 1, kMaxPictures));
  std::set<int32_t> seen;
  for (const int32_t filter : spec.filters()) {
    if (filter < 0) return FieldError("spec.maximize.filters", absl::StrCat("has ", filter, "; filters count from 0"));
    if (!seen.insert(filter).second) return FieldError("spec.maximize.filters", absl::StrCat("has ", filter, " twice"));
  }
  if (spec.score() == v1::CLASS_SCORE_KIND_UNSPECIFIED) return absl::OkStatus();
  return FieldError("spec.maximize.score", "goes with classes only");
}

absl::Status CompleteClasses(v1::MaximizeSpec& spec) {
  if (spec.filters_size() > 0) return FieldError("spec.maximize.layer", "is missing: filters are a layer's");
  if (spec.classes_size() == 0) return FieldError("spec.maximize.classes", "are missing, and so is a layer with filters: what is to grow?");
  SB_RETURN_IF_ERROR(CheckRange("spec.maximize.classes", spec.classes_size(), 1, kMaxPictures));
  for (const std::string& name : spec.classes()) SB_RETURN_IF_ERROR(CheckLength("spec.maximize.classes", name, kMaxNameBytes));
  spec.set_score(ValueOr(spec.score(), v1::CLASS_SCORE_KIND_LOGIT));
  if (v1::ClassScoreKind_IsValid(spec.score())) return absl::OkStatus();
  return FieldError("spec.maximize.score", "must be logit or softmax");
}

double DefaultStepSize(const v1::MaximizeSpec& spec) {
  if (spec.mode() == v1::MAXIMIZE_MODE_NATURAL) return 0.05;
  return spec.layer().empty() ? 0.01 : 0.1;
}

absl::Status CompleteAscent(v1::MaximizeSpec& spec) {
  spec.set_mode(ValueOr(spec.mode(), v1::MAXIMIZE_MODE_NATURAL));
  if (!v1::MaximizeMode_IsValid(spec.mode())) return FieldError("spec.maximize.mode", "must be natural or reference");
  spec.set_steps(ValueOr(spec.steps(), spec.mode() == v1::MAXIMIZE_MODE_NATURAL ? 512 : 500));
  SB_RETURN_IF_ERROR(CheckRange("spec.maximize.steps", spec.steps(), 1, kMaxSteps));
  if (!spec.has_step_size()) spec.set_step_size(DefaultStepSize(spec));
  if (!(spec.step_size() > 0) || !std::isfinite(spec.step_size())) {
    return FieldError("spec.maximize.step_size", absl::StrCat("is ", spec.step_size(), ", it must be over 0"));
  }
  SB_RETURN_IF_ERROR(CheckRange("spec.maximize.width", spec.width(), 0, kMaxSide));
  SB_RETURN_IF_ERROR(CheckRange("spec.maximize.height", spec.height(), 0, kMaxSide));
  SB_RETURN_IF_ERROR(CheckRange("spec.maximize.preview_every", spec.preview_every(), 0, kMaxSteps));
  spec.set_batch_size(ValueOr(spec.batch_size(), 8));
  return CheckRange("spec.maximize.batch_size", spec.batch_size(), 1, kMaxBatch);
}

}  // namespace

absl::Status CompleteMaximize(v1::MaximizeSpec& spec) {
  SB_RETURN_IF_ERROR(CheckModelReference("spec.maximize.model", spec.model()));
  SB_RETURN_IF_ERROR(CheckLength("spec.maximize.layer", spec.layer(), kMaxNameBytes));
  SB_RETURN_IF_ERROR(spec.layer().empty() ? CompleteClasses(spec) : CheckFilters(spec));
  return CompleteAscent(spec);
}

}  // namespace seedbed::jobs
