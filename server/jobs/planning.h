// What a job would do and need, told before it is submitted.
#pragma once

#include "absl/status/statusor.h"
#include "server/store/tables.h"

namespace seedbed::jobs {

// `spec` is effective and admitted. What is not known yet, because a dependency is still to make it, stays 0.
absl::StatusOr<v1::Plan> MakePlan(const store::Reader& reader, const v1::JobSpec& spec, int64_t free_bytes);

}  // namespace seedbed::jobs
