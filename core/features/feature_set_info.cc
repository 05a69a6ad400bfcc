#include "core/features/feature_set_info.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/digest.h"
#include "core/base/status_macros.h"
#include "core/base/utf8.h"

namespace seedbed::features {
namespace {

using nlohmann::json;

constexpr char kFormat[] = "seedbed-features";
constexpr int kFormatVersion = 1;
constexpr int64_t kMaxRowValues = int64_t{1} << 28;

struct StoredType {
  nn::DType dtype;
  std::string_view name;
};
constexpr StoredType kTypes[] = {{nn::DType::kF32, "float32"}, {nn::DType::kF16, "float16"}, {nn::DType::kBF16, "bfloat16"}};

const StoredType* TypeOf(nn::DType dtype) {
  const auto* const found = std::find_if(std::begin(kTypes), std::end(kTypes), [&](const StoredType& type) { return type.dtype == dtype; });
  return found == std::end(kTypes) ? nullptr : found;
}

// All but the labels. Throws where a field is missing or of another type.
absl::StatusOr<FeatureSetInfo> Parse(const json& value) {
  if (value.at("format") != kFormat) return absl::DataLossError("it is no set of features");
  if (value.at("format_version") != kFormatVersion) {
    return absl::FailedPreconditionError(
        absl::StrCat("its format version is ", value.at("format_version").dump(), ", this program reads ", kFormatVersion));
  }
  const std::string dtype_name = value.at("dtype").get<std::string>(), pool_name = value.at("pool").get<std::string>();
  const std::optional<nn::DType> dtype = FeatureDTypeFromName(dtype_name);
  const std::optional<Pool> pool = PoolFromName(pool_name);
  if (!dtype || !pool) return absl::DataLossError(absl::StrCat("unknown dtype or pool: '", dtype_name, "', '", pool_name, "'"));
  SB_ASSIGN_OR_RETURN(const image::Preprocessing preprocessing, image::PreprocessingFromJson(value.at("preprocessing")));
  FeatureSetInfo info;
  info.dtype = *dtype;
  info.pool = *pool;
  info.preprocessing = preprocessing;
  value.at("classes").get_to(info.classes);
  value.at("paths").get_to(info.paths);
  value.at("sha256").get_to(info.sha256);
  value.at("shape").get_to(info.shape);
  value.at("model").get_to(info.model);
  value.at("weights_sha256").get_to(info.weights_sha256);
  value.at("arch").get_to(info.arch);
  value.at("layer").get_to(info.layer);
  value.at("dataset").get_to(info.dataset);
  value.at("split").get_to(info.split);
  value.at("subset").get_to(info.subset);
  info.profile = value.at("profile");
  return info;
}

// The reason why a set cannot be so; empty when it can.
std::string Contradiction(const FeatureSetInfo& info) {
  const size_t rows = info.labels.size();
  if (rows == 0) return "there are no images";
  if (info.paths.size() != rows || info.sha256.size() != rows) {
    return absl::StrCat(rows, " labels, ", info.paths.size(), " paths and ", info.sha256.size(), " digests are not of the same images");
  }
  if (TypeOf(info.dtype) == nullptr) return absl::StrCat("features cannot be ", ToAbsl(nn::DTypeName(info.dtype)));
  int64_t values = 1;
  for (const int64_t extent : info.shape) values = extent < 1 || extent > kMaxRowValues / values ? kMaxRowValues + 1 : values * extent;
  if (info.shape.empty() || values > kMaxRowValues) {
    return absl::StrCat("features cannot have the shape (", absl::StrJoin(info.shape, ", "), ")");
  }
  if (std::set<std::string>(info.classes.begin(), info.classes.end()).size() != info.classes.size()) return "a class is listed twice";
  for (const int32_t label : info.labels) {
    if (label < 0 || static_cast<size_t>(label) >= info.classes.size()) {
      return absl::StrCat("label ", label, " is none of ", info.classes.size(), " classes");
    }
  }
  for (const std::string& digest : info.sha256) {
    if (!IsSha256Hex(digest)) return absl::StrCat("'", digest, "' is not a SHA-256 digest in hex");
  }
  for (const auto* names : {&info.classes, &info.paths}) {
    for (const std::string& name : *names) {
      if (!IsUtf8(name)) return "the name of a class or an image is not UTF-8";
    }
  }
  return "";
}

}  // namespace

std::string_view FeatureDTypeName(nn::DType dtype) {
  const StoredType* type = TypeOf(dtype);
  return type == nullptr ? "unknown" : type->name;
}

std::optional<nn::DType> FeatureDTypeFromName(std::string_view name) {
  for (const StoredType& type : kTypes) {
    if (type.name == name) return type.dtype;
  }
  return std::nullopt;
}

absl::Status CheckFeatureSetInfo(const FeatureSetInfo& info) {
  const std::string reason = Contradiction(info);
  return reason.empty() ? absl::OkStatus() : absl::InvalidArgumentError(reason);
}

absl::Status CheckSameFeatures(std::string_view name_a, const FeatureSetInfo& a, std::string_view name_b, const FeatureSetInfo& b) {
  std::vector<std::string> differences;
  const auto compare = [&](std::string_view what, std::string_view of_a, std::string_view of_b) {
    if (of_a != of_b) differences.push_back(absl::StrCat(ToAbsl(what), " ", ToAbsl(of_a), " rather than ", ToAbsl(of_b)));
  };
  compare("weights", a.weights_sha256, b.weights_sha256);
  compare("layer", a.layer, b.layer);
  compare("pool", PoolName(a.pool), PoolName(b.pool));
  compare("shape", graph::FormatShape(a.shape), graph::FormatShape(b.shape));
  compare("classes", absl::StrJoin(a.classes, ", "), absl::StrJoin(b.classes, ", "));
  if (a.preprocessing != b.preprocessing) {
    differences.push_back(absl::StrCat("images prepared as ", image::PreprocessingText(a.preprocessing), " rather than as ",
                                       image::PreprocessingText(b.preprocessing), " (",
                                       image::PreprocessingDifference(a.preprocessing, b.preprocessing), ")"));
  }
  if (differences.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the features '", ToAbsl(name_a), "' and '", ToAbsl(name_b),
                                                 "' cannot be used together: '", ToAbsl(name_a), "' has ",
                                                 absl::StrJoin(differences, "; ")));
}

json FeatureSetInfoToJson(const FeatureSetInfo& info) {
  return {{"format", kFormat},
          {"format_version", kFormatVersion},
          {"classes", info.classes},
          {"paths", info.paths},
          {"sha256", info.sha256},
          {"shape", info.shape},
          {"dtype", std::string(FeatureDTypeName(info.dtype))},
          {"model", info.model},
          {"weights_sha256", info.weights_sha256},
          {"arch", info.arch},
          {"layer", info.layer},
          {"pool", std::string(PoolName(info.pool))},
          {"preprocessing", image::PreprocessingToJson(info.preprocessing)},
          {"dataset", info.dataset},
          {"split", info.split},
          {"subset", info.subset},
          {"profile", info.profile}};
}

absl::StatusOr<FeatureSetInfo> FeatureSetInfoFromJson(const json& value) {
  try {
    return Parse(value);
  } catch (const json::exception& error) {
    return absl::DataLossError(error.what());
  }
}

}  // namespace seedbed::features
