#include "server/jobs/validation.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <regex>
#include <set>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/digest.h"
#include "core/base/names.h"
#include "core/graph/architectures.h"
#include "server/jobs/field_error.h"
#include "server/jobs/job_names.h"

namespace seedbed::jobs {
namespace {

constexpr size_t kMaxRequestId = 128;
constexpr int kMaxDependencies = 100;
constexpr size_t kMaxLabels = 32;
constexpr size_t kMaxLabelBytes = 128;
constexpr size_t kMaxPathBytes = 4096;
constexpr size_t kMaxPatternBytes = 256;
constexpr int64_t kSecondsPerDay = 86'400;

template <typename T>
absl::Status CheckRange(std::string_view field, T value, T low, T high) {
  if (value >= low && value <= high) return absl::OkStatus();
  return FieldError(field, absl::StrCat("is ", value, ", it must be ", low, " to ", high));
}

absl::Status CheckName(std::string_view field, std::string_view what, const std::string& name) {
  if (name.empty()) return FieldError(field, absl::StrCat("is empty; name the ", ToAbsl(what)));
  return AtField(field, CheckResourceName(what, name));
}

absl::Status CheckPath(std::string_view field, const std::string& path) {
  if (path.size() > kMaxPathBytes || path.find('\0') != std::string::npos) return FieldError(field, "is not a path");
  const std::filesystem::path parsed(path);
  if (!parsed.is_absolute()) {
    return FieldError(field, absl::StrCat(Quoted(path), " must be absolute: the server has its own working folder"));
  }
  if (std::find(parsed.begin(), parsed.end(), "..") != parsed.end()) {
    return FieldError(field, absl::StrCat(Quoted(path), " must not contain '..'"));
  }
  return absl::OkStatus();
}

// Over 0 and up to `max_days`.
absl::Status CheckDuration(std::string_view field, const google::protobuf::Duration& duration, int64_t max_days) {
  const bool whole = duration.seconds() >= 0 && duration.nanos() >= 0 && duration.nanos() < 1'000'000'000;
  if (whole && (duration.seconds() > 0 || duration.nanos() > 0) && duration.seconds() < max_days * kSecondsPerDay) return absl::OkStatus();
  return FieldError(field, absl::StrCat("must be over 0 and below ", max_days, " days"));
}

template <typename T>
T ValueOr(T value, T fallback) {
  return value == T{} ? fallback : value;
}

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
  if (!spec.group_by().empty()) SB_RETURN_IF_ERROR(CheckPattern(spec.group_by()));
  if (!v1::MaterializeMode_IsValid(spec.materialize_mode())) return FieldError("spec.split.materialize_mode", "is not a known mode");
  if (spec.materialize_dir().empty()) return absl::OkStatus();
  spec.set_materialize_mode(ValueOr(spec.materialize_mode(), v1::MATERIALIZE_MODE_COPY));
  return CheckPath("spec.split.materialize_dir", spec.materialize_dir());
}

absl::Status CompleteSgd(v1::OptimizerSpec& spec) {
  if (spec.has_beta1() || spec.has_beta2() || spec.has_epsilon()) {
    return FieldError("spec.train.optimizer", "beta1, beta2 and epsilon are adam's; sgd has momentum and nesterov");
  }
  if (!spec.has_lr()) spec.set_lr(0.01);
  if (!spec.has_momentum()) spec.set_momentum(0);
  if (spec.momentum() >= 0 && spec.momentum() < 1) return absl::OkStatus();
  return FieldError("spec.train.optimizer.momentum", "must be at least 0 and below 1");
}

absl::Status CompleteAdam(v1::OptimizerSpec& spec) {
  if (spec.has_momentum() || spec.nesterov()) {
    return FieldError("spec.train.optimizer", "momentum and nesterov are sgd's; adam has beta1, beta2 and epsilon");
  }
  if (!spec.has_lr()) spec.set_lr(0.001);
  if (!spec.has_beta1()) spec.set_beta1(0.9);
  if (!spec.has_beta2()) spec.set_beta2(0.999);
  if (!spec.has_epsilon()) spec.set_epsilon(1e-7);
  if (!(spec.beta1() >= 0 && spec.beta1() < 1)) return FieldError("spec.train.optimizer.beta1", "must be at least 0 and below 1");
  if (!(spec.beta2() >= 0 && spec.beta2() < 1)) return FieldError("spec.train.optimizer.beta2", "must be at least 0 and below 1");
  if (spec.epsilon() > 0 && spec.epsilon() <= 1) return absl::OkStatus();
  return FieldError("spec.train.optimizer.epsilon", "must be over 0 and at most 1");
}

absl::Status CompleteOptimizer(v1::OptimizerSpec& spec) {
  spec.set_name(ValueOr<std::string>(spec.name(), "sgd"));
  if (spec.name() == "sgd") {
    SB_RETURN_IF_ERROR(CompleteSgd(spec));
  } else if (spec.name() == "adam") {
    SB_RETURN_IF_ERROR(CompleteAdam(spec));
  } else {
    return FieldError("spec.train.optimizer.name", absl::StrCat("is ", Quoted(spec.name()), ", it must be sgd or adam"));
  }
  if (std::isfinite(spec.lr()) && spec.lr() > 0) return absl::OkStatus();
  return FieldError("spec.train.optimizer.lr", absl::StrCat("is ", spec.lr(), ", it must be over 0"));
}

absl::Status CompletePreprocessing(const std::string& field, v1::Preprocessing& spec) {
  constexpr int kDefaultSide = 150;
  constexpr int kMaxSide = 4096;
  spec.set_width(ValueOr(spec.width(), kDefaultSide));
  spec.set_height(ValueOr(spec.height(), kDefaultSide));
  spec.set_interpolation(ValueOr(spec.interpolation(), v1::INTERPOLATION_BILINEAR));
  spec.set_center(ValueOr(spec.center(), v1::CENTER_MEAN_IMAGE));
  if (!spec.has_rescale()) spec.set_rescale(1.0 / 255.0);
  SB_RETURN_IF_ERROR(CheckRange(field + ".width", spec.width(), 1, kMaxSide));
  SB_RETURN_IF_ERROR(CheckRange(field + ".height", spec.height(), 1, kMaxSide));
  if (!v1::Interpolation_IsValid(spec.interpolation())) {
    return FieldError(field + ".interpolation", "is not a known interpolation");
  }
  if (!v1::Center_IsValid(spec.center())) return FieldError(field + ".center", "must be mean_image or none");
  if (std::isfinite(spec.rescale()) && spec.rescale() != 0) return absl::OkStatus();
  return FieldError(field + ".rescale", "must be a number other than 0");
}

absl::Status CheckArchitecture(std::string_view field, const std::string& name) {
  const std::vector<std::string> known = graph::ArchitectureNames();
  if (std::find(known.begin(), known.end(), name) != known.end()) return absl::OkStatus();
  return FieldError(field, absl::StrCat("is ", Quoted(name), "; there is: ", absl::StrJoin(known, ", ")));
}

absl::Status CompleteTrain(v1::TrainSpec& spec) {
  spec.set_epochs(ValueOr(spec.epochs(), 10));
  spec.set_batch_size(ValueOr(spec.batch_size(), 32));
  spec.set_keep(ValueOr(spec.keep(), v1::KEEP_LAST));
  if (!spec.has_shuffle()) spec.set_shuffle(true);
  if (!spec.has_checkpoint_interval()) spec.mutable_checkpoint_interval()->set_seconds(30);
  SB_RETURN_IF_ERROR(CheckName("spec.train.dataset", "dataset", spec.dataset()));
  SB_RETURN_IF_ERROR(CheckRange("spec.train.dataset_version", spec.dataset_version(), 0, INT32_MAX));
  if (!spec.split().empty()) SB_RETURN_IF_ERROR(CheckName("spec.train.split", "split", spec.split()));
  SB_RETURN_IF_ERROR(CheckArchitecture("spec.train.arch", spec.arch()));
  SB_RETURN_IF_ERROR(CheckName("spec.train.model", "model", spec.model()));
  SB_RETURN_IF_ERROR(CheckRange("spec.train.epochs", spec.epochs(), 1, 100'000));
  SB_RETURN_IF_ERROR(CheckRange("spec.train.batch_size", spec.batch_size(), 1, 65'536));
  SB_RETURN_IF_ERROR(CheckRange("spec.train.threads", spec.threads(), 0, 1024));
  if (!v1::Keep_IsValid(spec.keep())) return FieldError("spec.train.keep", "must be last or best");
  if (!spec.initial_model().empty()) {
    SB_RETURN_IF_ERROR(AtField("spec.train.initial_model", ParseModelReference(spec.initial_model()).status()));
  }
  SB_RETURN_IF_ERROR(CheckDuration("spec.train.checkpoint_interval", spec.checkpoint_interval(), 1));
  SB_RETURN_IF_ERROR(CompleteOptimizer(*spec.mutable_optimizer()));
  return CompletePreprocessing("spec.train.preprocessing", *spec.mutable_preprocessing());
}

absl::Status CompleteEvaluate(v1::EvaluateSpec& spec) {
  spec.set_batch_size(ValueOr(spec.batch_size(), 32));
  SB_RETURN_IF_ERROR(AtField("spec.evaluate.model", ParseModelReference(spec.model()).status()));
  SB_RETURN_IF_ERROR(CheckName("spec.evaluate.dataset", "dataset", spec.dataset()));
  SB_RETURN_IF_ERROR(CheckRange("spec.evaluate.dataset_version", spec.dataset_version(), 0, INT32_MAX));
  SB_RETURN_IF_ERROR(CheckRange("spec.evaluate.batch_size", spec.batch_size(), 1, 65'536));
  if (spec.split().empty()) {
    if (spec.subset().empty()) return absl::OkStatus();
    return FieldError("spec.evaluate.subset", "needs a split: subsets are the split's");
  }
  spec.set_subset(ValueOr<std::string>(spec.subset(), "validation"));
  SB_RETURN_IF_ERROR(CheckName("spec.evaluate.split", "split", spec.split()));
  return CheckName("spec.evaluate.subset", "subset", spec.subset());
}

absl::Status CompleteImportModel(v1::ImportModelSpec& spec) {
  constexpr int kDefaultSide = 224;
  constexpr int kMaxClasses = 100'000;
  SB_RETURN_IF_ERROR(CheckName("spec.import_model.model", "model", spec.model()));
  SB_RETURN_IF_ERROR(CheckArchitecture("spec.import_model.arch", spec.arch()));
  if (!IsSha256Hex(spec.weights_sha256())) return FieldError("spec.import_model.weights_sha256", "must be 64 lower-case hex digits");
  if (spec.source().size() > kMaxPathBytes) return FieldError("spec.import_model.source", absl::StrCat("is longer than ", kMaxPathBytes));
  SB_RETURN_IF_ERROR(CheckRange("spec.import_model.classes", spec.classes_size(), 0, kMaxClasses));
  if (spec.classes_size() > 0 && !spec.with_top()) return FieldError("spec.import_model.classes", "needs with_top: only a top has classes");
  v1::Preprocessing& preprocessing = *spec.mutable_preprocessing();
  preprocessing.set_width(ValueOr(preprocessing.width(), kDefaultSide));
  preprocessing.set_height(ValueOr(preprocessing.height(), kDefaultSide));
  preprocessing.set_center(ValueOr(preprocessing.center(), v1::CENTER_NONE));
  SB_RETURN_IF_ERROR(CompletePreprocessing("spec.import_model.preprocessing", preprocessing));
  if (preprocessing.center() == v1::CENTER_NONE) return absl::OkStatus();
  return FieldError("spec.import_model.preprocessing.center", "must be none: there are no training images to take the mean of");
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
    default:
      break;
  }
  return FieldError("spec.task", "is missing; give one of index, split, train, evaluate and import_model");
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
