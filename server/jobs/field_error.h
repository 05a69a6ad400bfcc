// Errors about one field of a request.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "core/base/status_macros.h"
#include "server/jobs/job_manager.h"

namespace seedbed::jobs {

// A text of the request for use in a message, cut where it grows out of hand.
inline std::string Quoted(std::string_view text) {
  constexpr size_t kMaxShown = 100;
  return absl::StrCat("'", ToAbsl(text.substr(0, kMaxShown)), text.size() > kMaxShown ? "...'" : "'");
}

// `status` with "field: " put before its message and the field into its payload; OK stays OK.
inline absl::Status AtField(std::string_view field, const absl::Status& status) {
  absl::Status result = Annotate(status, field);
  result.SetPayload(kFieldPayload, absl::Cord(ToAbsl(field)));  // does nothing on OK
  return result;
}

// INVALID_ARGUMENT "field message", such as "spec.train.epochs is 0, it must be 1 to 100000".
inline absl::Status FieldError(std::string_view field, std::string_view message) {
  absl::Status result = absl::InvalidArgumentError(absl::StrCat(ToAbsl(field), " ", ToAbsl(message)));
  result.SetPayload(kFieldPayload, absl::Cord(ToAbsl(field)));
  return result;
}

}  // namespace seedbed::jobs
