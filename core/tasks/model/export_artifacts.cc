#include "core/tasks/model/export_artifacts.h"

#include <algorithm>
#include <functional>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"
#include "core/features/export.h"
#include "core/features/feature_set.h"
#include "core/nn/model_file.h"
#include "core/nn/torchscript.h"
#include "core/tasks/data/dataset_events.h"

namespace seedbed::tasks {
namespace {

constexpr char kBinary[] = "application/octet-stream";
constexpr char kCsv[] = "text/csv";

struct OutputFile {
  std::string name;
  const char* media_type;
  std::function<absl::Status(const std::filesystem::path& file)> write;
};
struct Format {
  std::string name;
  std::vector<OutputFile> files;  // in the order of their importance
};

std::vector<Format> FormatsOf(const std::string& name, const nn::SavedModel& model) {
  return {{"safetensors", {{name + ".safetensors", kBinary, [&](const auto& file) { return nn::WriteModelWeights(file, model); }}}},
          {"torchscript", {{name + ".pt", kBinary, [&](const auto& file) { return nn::WriteTorchScript(file, model); }}}}};
}

std::vector<Format> FormatsOf(const std::string& name, const features::FeatureSet& set, const TaskContext& context) {
  const features::GoOn go_on = [&context] { return !context.cancelled(); };
  const auto csv = [&set, go_on](bool values) {
    return [&set, go_on, values](const std::filesystem::path& file) { return features::WriteCsv(set, values, file, go_on); };
  };
  const auto npy = [&set, go_on](const std::filesystem::path& file) { return features::WriteFeaturesNpy(set, file, go_on); };
  const auto labels = [&set](const std::filesystem::path& file) { return features::WriteLabelsNpy(set, file); };
  return {{"npy", {{name + ".features.npy", kBinary, npy}, {name + ".labels.npy", kBinary, labels}, {name + ".csv", kCsv, csv(false)}}},
          {"csv", {{name + ".csv", kCsv, csv(true)}}}};
}

absl::StatusOr<ExportResult> Write(const std::string& name, const std::string& wanted, const std::vector<Format>& formats,
                                   TaskContext& context) {
  const auto format = std::find_if(formats.begin(), formats.end(), [&](const Format& one) { return one.name == wanted; });
  if (format == formats.end()) {
    const auto append_name = [](std::string* text, const Format& one) { absl::StrAppend(text, one.name); };
    return absl::InvalidArgumentError(
        absl::StrCat("'", name, "' cannot be exported as '", wanted, "'; it can be as ", absl::StrJoin(formats, " or ", append_name)));
  }
  Log("plan", absl::StrCat("exporting '", name, "' as ", wanted), context);
  ExportResult result;
  for (const OutputFile& file : format->files) {
    if (context.cancelled()) return absl::CancelledError("the export was cancelled");
    const std::filesystem::path path = context.paths().artifacts_dir / file.name;
    SB_RETURN_IF_ERROR(file.write(path));
    std::error_code error;
    const auto bytes = std::filesystem::file_size(path, error);
    if (error) return ErrnoStatus(error.value(), "read", path);
    AnnounceArtifact(file.name, file.media_type, context);
    result.files.push_back({.name = file.name, .media_type = file.media_type, .bytes = static_cast<int64_t>(bytes)});
  }
  return result;
}

absl::StatusOr<ExportResult> Export(const ModelSource& source, const std::string& format, TaskContext& context) {
  SB_ASSIGN_OR_RETURN(const nn::SavedModel model, nn::ReadModel(source.dir));
  return Write(source.name, format, FormatsOf(source.name, model), context);
}

absl::StatusOr<ExportResult> Export(const FeaturesSource& source, const std::string& format, TaskContext& context) {
  SB_ASSIGN_OR_RETURN(const features::FeatureSet set, features::FeatureSet::Open(source.dir));
  return Write(source.name, format, FormatsOf(source.name, set, context), context);
}

}  // namespace

absl::StatusOr<ExportResult> RunExport(const ExportSpec& spec, TaskContext& context) {
  return std::visit([&](const auto& source) { return Export(source, spec.format, context); }, spec.source);
}

}  // namespace seedbed::tasks
