// Specifications of looks at feature sets: their limits and defaults. Pure: looks at the specification alone.
#pragma once

#include "absl/status/status.h"
#include "seedbed/v1/job.pb.h"

namespace seedbed::jobs {

// Fills in the defaults, and returns INVALID_ARGUMENT with a kFieldPayload for the first field that is out of its limits or belongs to
// another projection. What depends on the feature set, such as how large a perplexity may be, is the worker's to check.
absl::Status CompleteExplore(v1::ExploreSpec& spec);

}  // namespace seedbed::jobs
