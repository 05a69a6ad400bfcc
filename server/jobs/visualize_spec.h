// Specifications of contact sheets: their limits and defaults. Pure: looks at the specification alone.
#pragma once

#include "absl/status/status.h"
#include "seedbed/v1/job.pb.h"

namespace seedbed::jobs {

// Fills in the defaults, and returns INVALID_ARGUMENT with a kFieldPayload for the first field that is out of its limits or belongs to
// another view. Steps are the worker's to check: it knows them.
absl::Status CompleteVisualize(v1::VisualizeSpec& spec);

}  // namespace seedbed::jobs
