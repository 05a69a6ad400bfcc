#include "server/jobs/validation.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <regex>
#include <set>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "core/base/digest.h"
#include "server/jobs/explain_spec.h"
#include "server/jobs/explore_spec.h"
#include "server/jobs/field_checks.h"
#include "server/jobs/maximize_spec.h"
#include "server/jobs/model_specs.h"
#include "server/jobs/steps_spec.h"
#include "server/jobs/visualize_spec.h"

namespace seedbed::jobs {
namespace {

constexpr size_t kMaxRequestId = 128;
constexpr int kMaxDependencies = 100;
constexpr size_t kMaxLabels = 32;
constexpr size_t kMaxLabelBytes = 128;
constexpr size_t kMaxPatternBytes = 256;

absl::Status CompleteIndex(v1::IndexSpec& spec) {
  SB_RETURN_IF_ERROR(CheckName("spec.index.dataset", "dataset", spec.dataset()));
  switch (spec.source_case()) {
    case v1::IndexSpec::kRoot:
      return CheckPath("spec.index.root", spec.root());
    case v1::IndexSpec::kListingSha256:
      if (IsSha256Hex(spec.listing_sha256())) return absl::OkStatus();
      return FieldError("spec.index.listing_sha256", "must be 64 lower-case hex digits");
    case v1::IndexSpec::SOURCE_NOT_SET:
      break;
  }
  return FieldError("spec.index.source", "give root (a folder on the server) or listing_sha256 (an uploaded listing)");
}

absl::Status CheckPattern(const std::string& pattern) {
  constexpr std::string_view kField = "spec.split.group_by";
  if (pattern.size() > kMaxPatternBytes) return FieldError(kField, absl::StrCat("is longer than ", kMaxPatternBytes, " bytes"));
  try {
    if (std::regex(pattern, std::regex::ECMAScript).mark_count() >= 1) return absl::OkStatus();
  } catch (const std::regex_error& error) {
    return FieldError(kField, absl::StrCat(Quoted(pattern), " is not a regular expression: ", error.what()));
  }
  return FieldError(kField, absl::StrCat(Quoted(pattern), " has no capture: put what names the group in parentheses"));
}

absl::Status CheckSplitRule(const v1::SplitSpec& spec) {
  if (spec.rule_case() != v1::SplitSpec::kPerClass && spec.test_per_class() != 0) {
    return FieldError("spec.split.test_per_class", "goes with per_class only");
  }
  if (spec.rule_case() != v1::SplitSpec::kFraction && spec.test_fraction() != 0) {
    return FieldError("spec.split.test_fraction", "goes with fraction only");
  }
  switch (spec.rule_case()) {
    case v1::SplitSpec::kPerClass:
      SB_RETURN_IF_ERROR(CheckRange("spec.split.per_class", spec.per_class(), 1, 1'000'000'000));
      return CheckRange("spec.split.test_per_class", spec.test_per_class(), 0, 1'000'000'000);
    case v1::SplitSpec::kFraction:
      if (!(spec.fraction() > 0 && spec.fraction() < 1)) return FieldError("spec.split.fraction", "must be over 0 and below 1");
      if (!(spec.test_fraction() >= 0 && spec.fraction() + spec.test_fraction() < 1)) {
        return FieldError("spec.split.test_fraction", "must not be negative, and below 1 together with fraction");
      }
      return absl::OkStatus();
    case v1::SplitSpec::kFromFolders:
      if (spec.from_folders()) return absl::OkStatus();
      break;
    case v1::SplitSpec::RULE_NOT_SET:
      break;
  }
  return FieldError("spec.split.rule", "give one of per_class (such as 12), fraction (such as 0.1) and from_folders");
}

absl::Status CompleteSplit(v1::SplitSpec& spec) {
  spec.set_name(ValueOr<std::string>(spec.name(), "default"));
  SB_RETURN_IF_ERROR(CheckName("spec.split.dataset", "dataset", spec.dataset()));
  SB_RETURN_IF_ERROR(CheckRange("spec.split.dataset_version", spec.dataset_version(), 0, INT32_MAX));
  SB_RETURN_IF_ERROR(CheckName("spec.split.name", "split", spec.name()));
  SB_RETURN_IF_ERROR(CheckSplitRule(spec));
  if (spec.in_order() && spec.has_from_folders()) return FieldError("spec.split.in_order", "goes with per_class or fraction only");
  if (!spec.group_by().empty()) SB_RETURN_IF_ERROR(CheckPattern(spec.group_by()));
  if (!v1::MaterializeMode_IsValid(spec.materialize_mode())) return FieldError("spec.split.materialize_mode", "is not a known mode");
  if (spec.materialize_dir().empty()) return absl::OkStatus();
  spec.set_materialize_mode(ValueOr(spec.materialize_mode(), v1::MATERIALIZE_MODE_COPY));
  return CheckPath("spec.split.materialize_dir", spec.materialize_dir());
}

absl::Status CheckClean(const v1::CleanSpec& spec) {
  SB_RETURN_IF_ERROR(CheckName("spec.clean.dataset", "dataset", spec.dataset()));
  SB_RETURN_IF_ERROR(CheckRange("spec.clean.dataset_version", spec.dataset_version(), 0, INT32_MAX));
  SB_RETURN_IF_ERROR(CheckName("spec.clean.output", "dataset", spec.output()));
  if (spec.pipeline().values().empty()) return FieldError("spec.clean.pipeline", "has no step; name one, such as remove_background");
  return CheckSteps("spec.clean.pipeline", spec.pipeline());
}

absl::Status CompleteTask(v1::JobSpec& spec) {
  switch (spec.task_case()) {
    case v1::JobSpec::kIndex:
      return CompleteIndex(*spec.mutable_index());
    case v1::JobSpec::kSplit:
      return CompleteSplit(*spec.mutable_split());
    case v1::JobSpec::kTrain:
      return CompleteTrain(*spec.mutable_train());
    case v1::JobSpec::kEvaluate:
      return CompleteEvaluate(*spec.mutable_evaluate());
    case v1::JobSpec::kImportModel:
      return CompleteImportModel(*spec.mutable_import_model());
    case v1::JobSpec::kExtract:
      return CompleteExtract(*spec.mutable_extract());
    case v1::JobSpec::kEditModel:
      return CompleteEditModel(*spec.mutable_edit_model());
    case v1::JobSpec::kExport:
      return CompleteExport(*spec.mutable_export_());
    case v1::JobSpec::kVisualize:
      return CompleteVisualize(*spec.mutable_visualize());
    case v1::JobSpec::kClean:
      return CheckClean(spec.clean());
    case v1::JobSpec::kMaximize:
      return CompleteMaximize(*spec.mutable_maximize());
    case v1::JobSpec::kExplain:
      return CompleteExplain(*spec.mutable_explain());
    case v1::JobSpec::kExplore:
      return CompleteExplore(*spec.mutable_explore());
    case v1::JobSpec::TASK_NOT_SET:
      break;
  }
  return FieldError(
      "spec.task",
      "is missing; give one of index, split, train, evaluate, import_model, extract, edit_model, export, visualize, clean, maximize, "
      "explain and explore");
}

absl::Status CheckDependencies(const v1::JobSpec& spec) {
  if (spec.depends_on_size() > kMaxDependencies) {
    return FieldError("spec.depends_on",
                      absl::StrCat("has ", spec.depends_on_size(), " entries, at most ", kMaxDependencies, " are taken"));
  }
  const std::set<std::string> distinct(spec.depends_on().begin(), spec.depends_on().end());
  if (distinct.size() == static_cast<size_t>(spec.depends_on_size())) return absl::OkStatus();
  return FieldError("spec.depends_on", "names a job twice");
}

absl::Status CheckLabels(const v1::JobSpec& spec) {
  if (spec.labels().size() > kMaxLabels) return FieldError("spec.labels", absl::StrCat("has more than ", kMaxLabels, " entries"));
  for (const auto& [key, value] : spec.labels()) {
    if (key.empty() || key.size() > kMaxLabelBytes || value.size() > kMaxLabelBytes) {
      return FieldError("spec.labels", absl::StrCat("keys must be 1 to ", kMaxLabelBytes, " bytes, values at most ", kMaxLabelBytes));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::JobSpec> EffectiveSpec(const v1::JobSpec& spec) {
  v1::JobSpec effective = spec;
  SB_RETURN_IF_ERROR(CompleteTask(effective));
  SB_RETURN_IF_ERROR(CheckDependencies(effective));
  SB_RETURN_IF_ERROR(CheckRange("spec.priority", effective.priority(), -100, 100));
  SB_RETURN_IF_ERROR(CheckLabels(effective));
  if (effective.has_timeout()) SB_RETURN_IF_ERROR(CheckDuration("spec.timeout", effective.timeout(), 366));
  return effective;
}

absl::Status CheckRequestId(const std::string& request_id) {
  const bool printable = std::all_of(request_id.begin(), request_id.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (printable && request_id.size() <= kMaxRequestId) return absl::OkStatus();
  return FieldError("request_id", absl::StrCat("must be at most ", kMaxRequestId, " printable ASCII characters without spaces"));
}

std::string Fingerprint(const v1::JobSpec& spec) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    spec.SerializeToCodedStream(&coded);
  }
  return Sha256Hex(bytes);
}

}  // namespace seedbed::jobs
