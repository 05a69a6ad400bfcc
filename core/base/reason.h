// Why something failed, where a status code cannot say.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "core/base/status_macros.h"

namespace seedbed {

// Attached to an error status as payload, so that the reason survives the way up: one of the Reason names of event.proto without prefix,
// such as "DIVERGED".
inline constexpr char kReasonPayload[] = "seedbed/reason";

// Memory ran out: RESOURCE_EXHAUSTED, which alone would mean a full disk.
inline absl::Status OutOfMemoryError(std::string_view message) {
  absl::Status status = absl::ResourceExhaustedError(ToAbsl(message));
  status.SetPayload(kReasonPayload, absl::Cord("OUT_OF_MEMORY"));
  return status;
}

inline bool IsOutOfMemory(const absl::Status& status) { return status.GetPayload(kReasonPayload) == absl::Cord("OUT_OF_MEMORY"); }

}  // namespace seedbed
