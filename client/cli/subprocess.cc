#include "client/cli/subprocess.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kGlanceInterval(100);  // at what asks to stop

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

absl::StatusOr<pid_t> Spawn(const std::vector<std::string>& argv, const std::vector<std::string>& variables, int output) {
  std::vector<std::string> environment = variables;
  for (char** variable = environ; *variable != nullptr; ++variable) environment.emplace_back(*variable);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
  pid_t pid = 0;
  const int error = ::posix_spawnp(&pid, argv.front().c_str(), &actions, nullptr, Pointers(argv).data(), Pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return ErrnoStatus(error, "start", argv.front());
  return pid;
}

// OK at the end of the stream.
absl::Status ReadToEnd(int fd, Steady::time_point deadline, const std::atomic<bool>* cancelled, std::string* output) {
  std::array<char, 4096> buffer;
  while (true) {
    if (cancelled != nullptr && cancelled->load()) return absl::CancelledError("was cancelled");
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Steady::now());
    if (left.count() <= 0) return absl::DeadlineExceededError("did not end in time");
    pollfd event{fd, POLLIN, 0};
    if (::poll(&event, 1, static_cast<int>(std::min(left, kGlanceInterval).count())) == 0) continue;
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return absl::OkStatus();
    output->append(buffer.data(), static_cast<size_t>(got));
  }
}

}  // namespace

absl::StatusOr<ProgramResult> RunProgram(const std::vector<std::string>& argv, const std::vector<std::string>& variables,
                                         std::chrono::milliseconds timeout, const std::atomic<bool>* cancelled) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return ErrnoStatus(errno, "make a pipe for", argv.front());
  const UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  SB_ASSIGN_OR_RETURN(const pid_t pid, Spawn(argv, variables, writer.get()));
  writer.Close();
  ProgramResult result;
  const absl::Status ended = ReadToEnd(reader.get(), Steady::now() + timeout, cancelled, &result.output);
  if (!ended.ok()) ::kill(pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!ended.ok()) return absl::Status(ended.code(), absl::StrCat(argv.front(), " ", ended.message()));
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

}  // namespace seedbed::cli
