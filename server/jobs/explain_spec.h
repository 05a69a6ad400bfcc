// Specifications of explanations: their limits and defaults. Pure: looks at the specification alone.
#pragma once

#include "absl/status/status.h"
#include "seedbed/v1/job.pb.h"

namespace seedbed::jobs {

// Fills in the defaults that do not depend on the model, and returns INVALID_ARGUMENT with a kFieldPayload for the first field that is out
// of its limits or belongs to another method.
absl::Status CompleteExplain(v1::ExplainSpec& spec);

}  // namespace seedbed::jobs
