// Specifications of jobs that maximise activations: their limits and defaults. Pure: looks at the specification alone.
#pragma once

#include "absl/status/status.h"
#include "seedbed/v1/job.pb.h"

namespace seedbed::jobs {

// Fills in the defaults, and returns INVALID_ARGUMENT with a kFieldPayload for the first field that is out of its limits or does not go
// with another.
absl::Status CompleteMaximize(v1::MaximizeSpec& spec);

}  // namespace seedbed::jobs
