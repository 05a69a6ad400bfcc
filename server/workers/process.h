// A process of the operating system: started by us, or found running. Watched through a pidfd, so a number that the system gave to another
// process meanwhile is never mistaken for it.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/file.h"

namespace seedbed::workers {

struct ProcessExit {
  enum class Kind {
    kExited,    // value: exit code
    kSignaled,  // value: signal
    kUnknown,   // it was not our child: only its parent learns more
  };
  Kind kind = Kind::kUnknown;
  int value = 0;
  int64_t peak_bytes = 0;  // the most memory it held at once; 0: not known

  // For people, to follow the process's name: "was killed by signal 11 (SIGSEGV)".
  std::string Describe() const;
};

struct LaunchOptions {
  std::filesystem::path program;
  std::vector<std::string> arguments;    // without the program's name
  std::vector<std::string> environment;  // "NAME=value", added to ours or replacing it
  int inherited_fd = -1;                 // given to the child as kLockFd; -1: none
  int oom_score_adjustment = 0;          // added to the system's inclination to kill it when memory runs out
};

// Move-only. Destruction leaves the process alone: a worker outlives a killed server on purpose.
class Process {
 public:
  // Starts the program in a process group of its own (Ctrl-C at the server's terminal is for the server), with stdin from /dev/null, our
  // stdout and stderr, default signals, and no other open file. NOT_FOUND or PERMISSION_DENIED for a program that cannot be run.
  static absl::StatusOr<Process> Launch(const LaunchOptions& options);
  // Watches a process that is not our child. NOT_FOUND when there is none.
  static absl::StatusOr<Process> Find(pid_t pid);

  pid_t pid() const { return pid_; }
  // Readable once the process has ended.
  int end_fd() const { return pidfd_.get(); }
  void Kill(int signal) const;
  // Call once, after end_fd() became readable.
  ProcessExit TakeExit() const;

 private:
  Process(pid_t pid, UniqueFd pidfd, bool is_child) : pid_(pid), pidfd_(std::move(pidfd)), is_child_(is_child) {}

  pid_t pid_;
  UniqueFd pidfd_;
  bool is_child_;
};

// The process that has `file` open, our own excepted; NOT_FOUND when none (that we may see) does.
absl::StatusOr<pid_t> FindProcessWithOpenFile(const std::filesystem::path& file);

}  // namespace seedbed::workers
