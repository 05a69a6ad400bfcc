#include "client/cli/exit_code.h"

#include <csignal>
#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

constexpr char kUsagePayload[] = "seedbed/usage";
constexpr char kHintPayload[] = "seedbed/hint";
constexpr char kTerminatedPayload[] = "seedbed/terminated";

}  // namespace

ExitCode ExitCodeFor(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return kDone;
    case absl::StatusCode::kUnavailable:
      return kNoServer;
    case absl::StatusCode::kNotFound:
      return kNotFound;
    case absl::StatusCode::kInvalidArgument:
      return status.GetPayload(kUsagePayload).has_value() ? kUsage : kBadInput;
    case absl::StatusCode::kOutOfRange:
      return kBadInput;
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
      return kNotAllowed;
    case absl::StatusCode::kResourceExhausted:
      return kTryLater;
    case absl::StatusCode::kUnimplemented:
      return kMismatch;
    case absl::StatusCode::kDeadlineExceeded:
      return kTimedOut;
    case absl::StatusCode::kCancelled:
      return status.GetPayload(kTerminatedPayload).has_value() ? kTerminated : kInterrupted;
    default:  // UNKNOWN, ABORTED, FAILED_PRECONDITION, ALREADY_EXISTS, INTERNAL, DATA_LOSS
      return kFailed;
  }
}

absl::Status UsageError(std::string_view message) {
  absl::Status status = absl::InvalidArgumentError(ToAbsl(message));
  status.SetPayload(kUsagePayload, absl::Cord());
  return status;
}

absl::Status InterruptedError(int signal) {
  absl::Status status = absl::CancelledError("interrupted");
  if (signal == SIGTERM) status.SetPayload(kTerminatedPayload, absl::Cord());
  return status;
}

absl::Status WithHint(absl::Status status, std::string_view hint) {
  status.SetPayload(kHintPayload, absl::Cord(ToAbsl(hint)));
  return status;
}

std::string HintOf(const absl::Status& status) {
  const auto hint = status.GetPayload(kHintPayload);
  return hint.has_value() ? std::string(*hint) : "";
}

}  // namespace seedbed::cli
