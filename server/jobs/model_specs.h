// Specifications of jobs that make or use networks: their limits and defaults. Pure: looks at the specification alone.
#pragma once

#include "absl/status/status.h"
#include "seedbed/v1/job.pb.h"

namespace seedbed::jobs {

// Each fills in the defaults, and returns INVALID_ARGUMENT with a kFieldPayload for the first field that is out of its limits. What only
// the model that a job builds on can say, such as its preprocessing, stays open.
absl::Status CompleteTrain(v1::TrainSpec& spec);
absl::Status CompleteEvaluate(v1::EvaluateSpec& spec);
absl::Status CompleteImportModel(v1::ImportModelSpec& spec);
absl::Status CompleteExtract(v1::ExtractSpec& spec);
absl::Status CompleteEditModel(v1::EditModelSpec& spec);
absl::Status CompleteExport(v1::ExportSpec& spec);

}  // namespace seedbed::jobs
