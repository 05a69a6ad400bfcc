// Running another program for its output.
#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace seedbed::cli {

struct ProgramResult {
  int exit_code = 0;   // 128 + signal when it was killed
  std::string output;  // standard output and error together
};

// Runs `argv` (argv[0] is a path, or a name that is looked for in $PATH) with `variables` ("NAME=value") added to the environment. It is
// killed when it takes longer (DEADLINE_EXCEEDED) and soon after *cancelled, which may be null, has become true (CANCELLED). NOT_FOUND and
// others of ErrnoStatus when it cannot be started.
absl::StatusOr<ProgramResult> RunProgram(const std::vector<std::string>& argv, const std::vector<std::string>& variables,
                                         std::chrono::milliseconds timeout, const std::atomic<bool>* cancelled = nullptr);

}  // namespace seedbed::cli
