// The import_model job: an uploaded safetensors file in, a version of a model out.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/tasks/model/preprocessing_spec.h"
#include "core/tasks/model/train.h"
#include "core/tasks/task_context.h"

namespace seedbed::tasks {

struct ImportModelSpec {
  std::string model;
  int model_version = 1;
  std::string arch;
  std::string weights_sha256;        // of the uploaded file
  bool with_top = false;             // keep the layers that make classes out of features
  PreprocessingSpec preprocessing;   // what is open comes from the architecture
  std::vector<std::string> classes;  // with_top: in index order; empty: the indices
  std::string source;                // for people
};

struct ImportModelResult {
  std::string naming;  // whose names the file has (core/nn/naming.h)
  TrainResult model;   // as training tells it, but without metrics
};

// Writes model.json and model.safetensors to output_dir. NOT_FOUND when the file has not been uploaded; INVALID_ARGUMENT when it is
// damaged, or listing what does not fit the network.
absl::StatusOr<ImportModelResult> RunImportModel(const ImportModelSpec& spec, TaskContext& context);

}  // namespace seedbed::tasks
