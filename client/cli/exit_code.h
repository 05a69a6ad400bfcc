// What a command's exit status tells a script (docs/cli.md).
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace seedbed::cli {

enum ExitCode : int {
  kDone = 0,
  kFailed = 1,         // a job that was waited for failed or was cancelled; any other failure
  kUsage = 2,          // wrong usage of the program
  kNoServer = 3,       // server unreachable
  kNotFound = 4,       // no such dataset, split, job, model, file
  kBadInput = 5,       // data, recipe or configuration at fault
  kNotAllowed = 6,     // not allowed
  kTryLater = 7,       // the server has no room now
  kMismatch = 8,       // protocol or version mismatch
  kTimedOut = 124,     // --timeout expired
  kInterrupted = 130,  // Ctrl-C
  kTerminated = 143,   // SIGTERM
};

// The table of the exit codes, for --help.
inline constexpr std::string_view kExitCodeHelp =
    "Exit codes: 0 done; 1 job failed, or another failure; 2 wrong usage; 3 server unreachable; 4 not found;\n"
    "5 bad input; 6 not allowed; 7 try again later; 8 version mismatch; 124 --timeout expired; 130 interrupted.";

ExitCode ExitCodeFor(const absl::Status& status);

// INVALID_ARGUMENT that means kUsage: the command line is at fault, not the data.
absl::Status UsageError(std::string_view message);
// CANCELLED that means kInterrupted or kTerminated.
absl::Status InterruptedError(int signal);

// What the user can do about it; printed below the message.
absl::Status WithHint(absl::Status status, std::string_view hint);
std::string HintOf(const absl::Status& status);

}  // namespace seedbed::cli
