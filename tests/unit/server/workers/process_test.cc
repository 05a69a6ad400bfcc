#include "server/workers/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/workers/worker_contract.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temporary_directory.h"

namespace seedbed::workers {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

ProcessExit WaitFor(const Process& process) {
  pollfd descriptor = {.fd = process.end_fd(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&descriptor, 1, 60'000), 1) << "process " << process.pid() << " does not end";
  return process.TakeExit();
}

class ProcessTest : public ::testing::Test {
 protected:
  absl::StatusOr<Process> Shell(const std::string& script, int inherited_fd = -1) {
    LaunchOptions options;
    options.program = "/bin/sh";
    options.arguments = {"-c", script};
    options.environment = {"SEEDBED_TEST_OUT=" + out().string(), "HOME=/nowhere"};
    options.inherited_fd = inherited_fd;
    options.oom_score_adjustment = 500;
    return Process::Launch(options);
  }
  std::filesystem::path out() const { return directory_.path() / "out"; }
  // What the script wrote to $SEEDBED_TEST_OUT.
  std::string Output(const std::string& script, int inherited_fd = -1) {
    const absl::StatusOr<Process> process = Shell(script, inherited_fd);
    EXPECT_THAT(process, testing::IsOk());
    if (!process.ok()) return "";
    EXPECT_EQ(WaitFor(*process).Describe(), "exited as it was asked to") << script;
    return ReadFile(out()).value_or("");
  }

  testing::TemporaryDirectory directory_;
};

TEST_F(ProcessTest, TellsExitCodes) {
  SB_ASSERT_OK_AND_ASSIGN(const Process process, Shell("exit 7"));
  const ProcessExit exit = WaitFor(process);
  EXPECT_EQ(exit.kind, ProcessExit::Kind::kExited);
  EXPECT_EQ(exit.value, 7);
  EXPECT_EQ(exit.Describe(), "exited with code 7");
}

TEST_F(ProcessTest, TellsSignals) {
  SB_ASSERT_OK_AND_ASSIGN(const Process process, Shell("kill -SEGV $$"));
  const ProcessExit exit = WaitFor(process);
  EXPECT_EQ(exit.kind, ProcessExit::Kind::kSignaled);
  EXPECT_EQ(exit.Describe(), "was killed by signal 11 (SIGSEGV)");
}

TEST_F(ProcessTest, KillEndsIt) {
  SB_ASSERT_OK_AND_ASSIGN(const Process process, Shell("exec sleep 1000"));
  process.Kill(SIGKILL);
  const ProcessExit exit = WaitFor(process);
  EXPECT_GT(exit.peak_bytes, 0);
  EXPECT_THAT(exit.Describe(), AllOf(HasSubstr("killed by signal 9 (SIGKILL)"), HasSubstr("out-of-memory"),
                                     HasSubstr("iB of the machine's"), HasSubstr("smaller batch")));
}

TEST_F(ProcessTest, ExplainsTheCodesOfAWorker) {
  const auto describe = [](int code) { return ProcessExit{ProcessExit::Kind::kExited, code}.Describe(); };
  EXPECT_THAT(describe(kExitUsage), HasSubstr("arguments"));
  EXPECT_THAT(describe(kExitLeaseRanOut), HasSubstr("no answer from the server"));
  EXPECT_THAT(describe(kExitRefused), HasSubstr("refused"));
  EXPECT_THAT(ProcessExit{}.Describe(), HasSubstr("unknown"));
}

TEST_F(ProcessTest, MissingProgramIsAnError) {
  LaunchOptions options;
  options.program = directory_.path() / "no-such-program";
  EXPECT_THAT(Process::Launch(options), StatusIs(absl::StatusCode::kNotFound, HasSubstr("no-such-program")));
}

TEST_F(ProcessTest, MergesTheEnvironment) {
  ::setenv("SEEDBED_TEST_KEPT", "kept", 1);
  EXPECT_EQ(Output("echo $SEEDBED_TEST_KEPT $HOME > $SEEDBED_TEST_OUT"), "kept /nowhere\n");
  ::unsetenv("SEEDBED_TEST_KEPT");
}

TEST_F(ProcessTest, IsAloneInItsGroupAndEasierToKill) {
  EXPECT_EQ(Output("[ $(cut -d' ' -f5 /proc/$$/stat) = $$ ] && echo leader > $SEEDBED_TEST_OUT"), "leader\n");
  const std::string score =
      "while [ $(cat /proc/$$/oom_score_adj) = 0 ]; do sleep 0.01; done; cat /proc/$$/oom_score_adj > $SEEDBED_TEST_OUT";
  EXPECT_EQ(Output(score), "500\n");
}

TEST_F(ProcessTest, TakesDefaultSignals) {
  sigset_t term;
  ::sigemptyset(&term);
  ::sigaddset(&term, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &term, nullptr);
  SB_ASSERT_OK_AND_ASSIGN(const Process process, Shell("exec sleep 1000"));
  ::pthread_sigmask(SIG_UNBLOCK, &term, nullptr);
  process.Kill(SIGTERM);
  EXPECT_EQ(WaitFor(process).Describe(), "was killed by signal 15 (SIGTERM)");
}

TEST_F(ProcessTest, HasNoOpenFileButItsOwn) {
  const UniqueFd leak(::open("/dev/null", O_RDONLY));  // without O_CLOEXEC, as a library may do it
  ASSERT_GE(leak.get(), 3);
  EXPECT_EQ(Output("for fd in 3 4 5 6 7 8 9; do [ -e /proc/$$/fd/$fd ] && echo $fd; done > $SEEDBED_TEST_OUT; readlink /proc/$$/fd/0 >> "
                   "$SEEDBED_TEST_OUT"),
            "/dev/null\n");
}

TEST_F(ProcessTest, InheritsALockThatOutlivesOurs) {
  const std::filesystem::path lock_file = directory_.path() / "slot.lock";
  absl::StatusOr<Process> process = absl::InternalError("not started");
  {
    SB_ASSERT_OK_AND_ASSIGN(const FileLock lock, FileLock::TryAcquire(lock_file));
    process = Shell("exec sleep 1000", lock.fd());
  }
  SB_ASSERT_OK(process);
  EXPECT_THAT(FileLock::TryAcquire(lock_file), StatusIs(absl::StatusCode::kUnavailable)) << "held by the child from its first moment";
  EXPECT_THAT(FindProcessWithOpenFile(lock_file), testing::IsOkAndHolds(process->pid()));
  process->Kill(SIGKILL);
  WaitFor(*process);
  SB_EXPECT_OK(FileLock::TryAcquire(lock_file));
}

TEST_F(ProcessTest, WatchesAProcessThatIsNotOurChild) {
  // The grandchild's number comes through a file; its parent ends at once.
  const pid_t pid = std::stoi(Output("sleep 1000 & echo $! > $SEEDBED_TEST_OUT"));
  SB_ASSERT_OK_AND_ASSIGN(const Process found, Process::Find(pid));
  EXPECT_EQ(found.pid(), pid);
  found.Kill(SIGKILL);
  EXPECT_EQ(WaitFor(found).kind, ProcessExit::Kind::kUnknown);
}

TEST_F(ProcessTest, DoesNotFindWhatHasEnded) {
  SB_ASSERT_OK_AND_ASSIGN(const Process process, Shell("exit 0"));
  WaitFor(process);
  EXPECT_THAT(Process::Find(process.pid()), StatusIs(absl::StatusCode::kNotFound));
  SB_ASSERT_OK(PublishFile(out(), "x"));
  EXPECT_THAT(FindProcessWithOpenFile(out()), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace seedbed::workers
