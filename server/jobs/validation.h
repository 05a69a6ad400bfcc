// What a specification may say, and what it means when it says nothing. Pure: looks at the request alone.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "seedbed/v1/job.pb.h"

namespace seedbed::jobs {

// The specification with every default filled in. INVALID_ARGUMENT with a kFieldPayload for the first field that is out of its limits.
absl::StatusOr<v1::JobSpec> EffectiveSpec(const v1::JobSpec& spec);

// At most 128 printable ASCII characters.
absl::Status CheckRequestId(const std::string& request_id);

// Digest that is the same for the same specification, for comparing repeated requests.
std::string Fingerprint(const v1::JobSpec& spec);

}  // namespace seedbed::jobs
