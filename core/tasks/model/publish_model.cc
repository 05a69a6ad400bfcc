#include "core/tasks/model/publish_model.h"

#include <system_error>
#include <utility>

#include "core/base/file.h"
#include "core/base/status_macros.h"

namespace seedbed::tasks {

TrainResult ResultOf(const nn::SavedModel& model) {
  TrainResult result;
  result.arch = model.arch;
  result.preprocessing = model.preprocessing;
  result.classes = model.classes;
  result.parameters = model.graph.parameter_count();
  result.trainable_parameters = model.graph.trainable_parameter_count();
  result.weights_sha256 = nn::ModelSha256(model);
  result.graph = model.graph.ToJson().dump();
  for (graph::SummaryRow& row : model.graph.Summary()) {
    result.layers.push_back({std::move(row.name), std::move(row.type), std::move(row.output_shape), row.parameters, row.trainable});
  }
  return result;
}

absl::StatusOr<TrainResult> PublishModel(const nn::SavedModel& model, TaskContext& context) {
  const std::filesystem::path& folder = context.paths().output_dir;
  SB_RETURN_IF_ERROR(nn::WriteModel(folder, model));
  TrainResult result = ResultOf(model);
  SB_ASSIGN_OR_RETURN(result.bytes, BytesBelow(folder));
  return result;
}

nlohmann::json ProfileJson(const ExecutionProfile& profile) {
  return {{"device", profile.device},
          {"instruction_set", profile.instruction_set},
          {"precision", profile.precision},
          {"threads", profile.threads},
          {"version", profile.version}};
}

absl::StatusOr<int64_t> BytesBelow(const std::filesystem::path& folder) {
  int64_t bytes = 0;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->is_regular_file(error)) bytes += static_cast<int64_t>(entry->file_size(error));
    if (error) break;
  }
  if (error) return ErrnoStatus(error.value(), "read", folder);
  return bytes;
}

}  // namespace seedbed::tasks
