#include "server/workers/process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" {  // glibc 2.36's header forgets it
#include <sys/pidfd.h>
}

#include <cerrno>
#include <fstream>
#include <map>
#include <system_error>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/memory.h"
#include "core/base/status_macros.h"
#include "server/workers/worker_contract.h"

namespace seedbed::workers {
namespace {

// posix_spawn's two option objects, freed together.
class SpawnOptions {
 public:
  SpawnOptions() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
  }
  ~SpawnOptions() {
    ::posix_spawnattr_destroy(&attributes_);
    ::posix_spawn_file_actions_destroy(&actions_);
  }
  SpawnOptions(const SpawnOptions&) = delete;
  SpawnOptions& operator=(const SpawnOptions&) = delete;

  // The first error, or 0.
  int Set(int inherited_fd) {
    sigset_t none, all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    int error = ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (error == 0) error = ::posix_spawnattr_setpgroup(&attributes_, 0);
    if (error == 0) error = ::posix_spawnattr_setsigmask(&attributes_, &none);
    if (error == 0) error = ::posix_spawnattr_setsigdefault(&attributes_, &all);
    if (error == 0) error = ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (error == 0 && inherited_fd >= 0) error = ::posix_spawn_file_actions_adddup2(&actions_, inherited_fd, kLockFd);
    if (error == 0) error = ::posix_spawn_file_actions_addclosefrom_np(&actions_, inherited_fd >= 0 ? kLockFd + 1 : kLockFd);
    return error;
  }

  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

std::vector<std::string> MergedEnvironment(const std::vector<std::string>& additions) {
  std::map<std::string, std::string> variables;  // name -> "name=value"
  const auto add = [&](const std::string& variable) { variables[variable.substr(0, variable.find('='))] = variable; };
  for (char** variable = environ; *variable != nullptr; ++variable) add(*variable);
  for (const std::string& variable : additions) add(variable);
  std::vector<std::string> merged;
  for (auto& [name, variable] : variables) merged.push_back(std::move(variable));
  return merged;
}

std::vector<char*> NullTerminated(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Best effort: without /proc the worker is merely as likely to be killed as others.
void AdjustOomScore(pid_t pid, int adjustment) { std::ofstream(absl::StrCat("/proc/", pid, "/oom_score_adj")) << adjustment; }

// SIGKILL is often the kernel's answer to a lack of memory; it leaves no other trace that everybody may read.
std::string KillerHint(int64_t peak_bytes) {
  std::string hint = ", often the kernel's out-of-memory killer";
  const int64_t limit = MemoryLimitBytes();
  if (peak_bytes == 0 || limit == 0) return hint;
  absl::StrAppend(&hint, ": it held up to ", FormatMemory(peak_bytes), " of the machine's ", FormatMemory(limit),
                  "; if that was it, use smaller images or a smaller batch");
  return hint;
}

bool HasOpen(const std::filesystem::path& process, const struct stat& file) {
  std::error_code error;
  for (std::filesystem::directory_iterator fd(process / "fd", error), end; !error && fd != end; fd.increment(error)) {
    struct stat info;
    if (::stat(fd->path().c_str(), &info) == 0 && info.st_dev == file.st_dev && info.st_ino == file.st_ino) return true;
  }
  return false;
}

}  // namespace

std::string ProcessExit::Describe() const {
  switch (kind) {
    case Kind::kExited:
      switch (value) {
        case kExitAsked:
          return "exited as it was asked to";
        case kExitUsage:
          return "exited with code 2 (it did not understand its arguments: is it of the server's version?)";
        case kExitLeaseRanOut:
          return "exited with code 3 (it had no answer from the server for a lease)";
        case kExitRefused:
          return "exited with code 4 (the server refused it)";
        default:
          return absl::StrCat("exited with code ", value);
      }
    case Kind::kSignaled: {
      const char* name = ::sigabbrev_np(value);
      const std::string hint = value == SIGKILL ? KillerHint(peak_bytes) : "";
      return absl::StrCat("was killed by signal ", value, name != nullptr ? absl::StrCat(" (SIG", name, ")") : "", hint);
    }
    case Kind::kUnknown:
      return "ended (how is unknown: an earlier server had started it)";
  }
  return "ended";
}

absl::StatusOr<Process> Process::Launch(const LaunchOptions& options) {
  SpawnOptions spawn;
  int error = spawn.Set(options.inherited_fd);
  std::vector<std::string> arguments = options.arguments;
  arguments.insert(arguments.begin(), options.program.string());
  std::vector<std::string> environment = MergedEnvironment(options.environment);
  pid_t pid = 0;
  if (error == 0) {
    error = ::posix_spawn(&pid, options.program.c_str(), spawn.actions(), spawn.attributes(), NullTerminated(arguments).data(),
                          NullTerminated(environment).data());
  }
  if (error != 0) return ErrnoStatus(error, "start", options.program);
  AdjustOomScore(pid, options.oom_score_adjustment);
  UniqueFd pidfd(::pidfd_open(pid, 0));  // nobody has waited for the child yet, so the number is still its own
  if (!pidfd.valid()) {
    const int open_error = errno;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return ErrnoStatus(open_error, "watch", options.program);
  }
  return Process(pid, std::move(pidfd), true);
}

absl::StatusOr<Process> Process::Find(pid_t pid) {
  UniqueFd pidfd(::pidfd_open(pid, 0));
  if (pidfd.valid()) return Process(pid, std::move(pidfd), false);
  if (errno == ESRCH) return absl::NotFoundError(absl::StrCat("there is no process ", pid));
  return ErrnoStatus(errno, "watch", absl::StrCat("process ", pid));
}

void Process::Kill(int signal) const { ::pidfd_send_signal(pidfd_.get(), signal, nullptr, 0); }

ProcessExit Process::TakeExit() const {
  if (!is_child_) return {};
  siginfo_t info = {};
  rusage usage = {};
  // The system's own waitid, which unlike the library's tells what the process used.
  if (::syscall(SYS_waitid, P_PIDFD, pidfd_.get(), &info, WEXITED | WNOHANG, &usage) != 0 || info.si_pid == 0) return {};
  return {.kind = info.si_code == CLD_EXITED ? ProcessExit::Kind::kExited : ProcessExit::Kind::kSignaled,
          .value = info.si_status,
          .peak_bytes = int64_t{usage.ru_maxrss} << 10};
}

absl::StatusOr<pid_t> FindProcessWithOpenFile(const std::filesystem::path& file) {
  struct stat info;
  if (::stat(file.c_str(), &info) != 0) return ErrnoStatus(errno, "look at", file);
  std::error_code error;
  for (std::filesystem::directory_iterator process("/proc", error), end; !error && process != end; process.increment(error)) {
    int pid;
    if (!absl::SimpleAtoi(process->path().filename().string(), &pid) || pid == ::getpid()) continue;
    if (HasOpen(process->path(), info)) return pid;
  }
  return absl::NotFoundError(absl::StrCat("no visible process has ", file.string(), " open"));
}

}  // namespace seedbed::workers
