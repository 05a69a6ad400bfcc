#include "server/workers/supervisor.h"

#include <signal.h>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/workers/worker_contract.h"
#include "tests/testing/fake_clock.h"
#include "tests/unit/server/workers/fakes.h"

namespace seedbed::workers {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kToken[] = "the token";

class SupervisorTest : public ::testing::Test {
 protected:
  SupervisorTest() {
    SupervisorOptions options;
    options.slots = {{.name = "jobs-cpu", .device = "cpu"}};
    options.token = kToken;
    supervisor_.emplace(options, &processes_, &jobs_, &clock_, [this](const v1::Worker& worker) {
      const std::string state = v1::WorkerState_Name(worker.state()).substr(13);
      if (states_.empty() || states_.back() != state) states_.push_back(state);
    });
  }

  std::shared_ptr<FakeStream> SayHello(pid_t pid, const std::optional<v1::Attempt>& running = std::nullopt,
                                       const std::string& slot = "jobs-cpu", const std::string& token = kToken) {
    auto stream = std::make_shared<FakeStream>();
    v1::WorkerMessage message;
    message.mutable_hello()->set_slot(slot);
    message.mutable_hello()->set_token(token);
    message.mutable_hello()->set_pid(pid);
    message.mutable_hello()->set_version("1.2.3");
    if (running) *message.mutable_hello()->mutable_running() = *running;
    supervisor_->OnMessage(stream, message);
    return stream;
  }
  // Started, attached, and with train-1/1 to do.
  std::shared_ptr<FakeStream> StartWithJob() {
    jobs_.AddRunnable("train-1");
    supervisor_->Start({});
    auto stream = SayHello(101);
    EXPECT_THAT(stream->TakeSent(), ElementsAre("welcome", "assignment train-1/1"));
    jobs_.TakeCalls();
    processes_.TakeCalls();
    return stream;
  }
  void Heartbeat(const std::shared_ptr<FakeStream>& stream) {
    v1::WorkerMessage message;
    message.mutable_heartbeat();
    supervisor_->OnMessage(stream, message);
  }
  void AdvanceTo(MonotonicTime time) { clock_.Advance(time - clock_.Monotonic()); }
  v1::Worker Only() const {
    const std::vector<v1::Worker> workers = supervisor_->List();
    EXPECT_EQ(workers.size(), 1u);
    return workers.at(0);
  }

  testing::FakeClock clock_;
  FakeProcesses processes_;
  FakeJobs jobs_;
  std::vector<std::string> states_;  // that were announced, without repeats
  std::optional<Supervisor> supervisor_;
};

ProcessExit KilledBy(int signal) { return {.kind = ProcessExit::Kind::kSignaled, .value = signal}; }
ProcessExit ExitedWith(int code) { return {.kind = ProcessExit::Kind::kExited, .value = code}; }

TEST_F(SupervisorTest, StartsAttachesAndDescribesAWorker) {
  StartWithJob();
  const v1::Worker worker = Only();
  EXPECT_EQ(worker.slot(), "jobs-cpu");
  EXPECT_EQ(worker.state(), v1::WORKER_STATE_BUSY);
  EXPECT_EQ(worker.pid(), 101);
  EXPECT_EQ(worker.device(), "cpu");
  EXPECT_EQ(worker.version(), "1.2.3");
  EXPECT_EQ(worker.job_id(), "train-1");
  EXPECT_EQ(worker.restarts(), 0);
  EXPECT_EQ(worker.last_exit(), "");
  EXPECT_GT(worker.last_heartbeat_time().seconds(), 0);
  EXPECT_THAT(states_, ElementsAre("STARTING", "BUSY"));
}

TEST_F(SupervisorTest, AsksForTheNextMessageAfterEachOne) {
  const auto stream = StartWithJob();
  EXPECT_EQ(stream->reads, 1);
  Heartbeat(stream);
  EXPECT_EQ(stream->reads, 2);
}

TEST_F(SupervisorTest, RefusesStrangers) {
  supervisor_->Start({});
  EXPECT_TRUE(absl::IsUnauthenticated(*SayHello(101, {}, "jobs-cpu", "guess")->closed));
  EXPECT_TRUE(absl::IsUnauthenticated(*SayHello(101, {}, "jobs-cuda7")->closed));
  EXPECT_TRUE(absl::IsPermissionDenied(*SayHello(999)->closed)) << "right token, wrong process";
  const auto stream = std::make_shared<FakeStream>();
  Heartbeat(stream);
  EXPECT_TRUE(absl::IsUnauthenticated(*stream->closed)) << "no Hello";
  EXPECT_EQ(Only().state(), v1::WORKER_STATE_STARTING);
}

TEST_F(SupervisorTest, AsksEarlyWorkersToComeAgain) {
  EXPECT_TRUE(absl::IsUnavailable(*SayHello(101)->closed));
  EXPECT_TRUE(absl::IsUnauthenticated(*SayHello(101, {}, "jobs-cpu", "guess")->closed));
}

TEST_F(SupervisorTest, ACrashLosesTheJobAtOnceAndTheWorkerIsStartedAgain) {
  const auto stream = StartWithJob();
  supervisor_->OnStreamEnded(stream.get());
  EXPECT_THAT(jobs_.TakeCalls(), IsEmpty()) << "a broken stream alone is no loss";
  supervisor_->OnProcessEnded(101, KilledBy(SIGKILL));
  EXPECT_THAT(jobs_.TakeCalls(), ElementsAre("lost train-1/1 WORKER_CRASHED"));
  EXPECT_THAT(jobs_.losses().back().message, HasSubstr("worker jobs-cpu was killed by signal 9 (SIGKILL)"));
  EXPECT_EQ(Only().state(), v1::WORKER_STATE_RESTARTING);
  EXPECT_THAT(Only().last_exit(), HasSubstr("SIGKILL"));

  const MonotonicTime due = supervisor_->Tick();
  EXPECT_EQ(due, clock_.Monotonic() + milliseconds(500));
  EXPECT_THAT(processes_.TakeCalls(), IsEmpty());
  AdvanceTo(due);
  supervisor_->Tick();
  EXPECT_THAT(processes_.TakeCalls(), ElementsAre("start jobs-cpu"));
  EXPECT_THAT(SayHello(102)->TakeSent(), ElementsAre("welcome"));
  EXPECT_EQ(Only().restarts(), 1);
}

TEST_F(SupervisorTest, HearsOutADeadWorkersLastWords) {
  const auto stream = StartWithJob();
  supervisor_->OnProcessEnded(101, KilledBy(SIGSEGV));
  v1::WorkerMessage message;
  *message.mutable_attempt() = MakeAttempt("train-1", 1);
  message.mutable_checkpoint()->set_mark(7);
  supervisor_->OnMessage(stream, message);
  supervisor_->OnStreamEnded(stream.get());
  EXPECT_THAT(jobs_.TakeCalls(), ElementsAre("checkpoint train-1/1 7", "lost train-1/1 WORKER_CRASHED"));
}

TEST_F(SupervisorTest, DoesNotWaitLongForLastWords) {
  const auto stream = StartWithJob();
  supervisor_->OnProcessEnded(101, KilledBy(SIGSEGV));
  const MonotonicTime due = supervisor_->Tick();
  EXPECT_EQ(due, clock_.Monotonic() + seconds(1));
  AdvanceTo(due);
  supervisor_->Tick();
  EXPECT_THAT(jobs_.TakeCalls(), ElementsAre("lost train-1/1 WORKER_CRASHED"));
  EXPECT_TRUE(stream->closed.has_value());
}

TEST_F(SupervisorTest, HeartbeatsKeepTheLease) {
  const auto stream = StartWithJob();
  for (int i = 0; i < 10; ++i) {
    clock_.Advance(seconds(14));
    Heartbeat(stream);
    supervisor_->Tick();
  }
  EXPECT_THAT(processes_.TakeCalls(), IsEmpty());
  EXPECT_FALSE(stream->closed.has_value());
}

TEST_F(SupervisorTest, ASilentWorkerIsKilledAndItsJobGivenBack) {
  const auto stream = StartWithJob();
  clock_.Advance(seconds(15));
  supervisor_->Tick();
  EXPECT_THAT(processes_.TakeCalls(), ElementsAre("kill 101 9"));
  EXPECT_THAT(jobs_.TakeCalls(), ElementsAre("lost train-1/1 WORKER_LOST"));
  EXPECT_THAT(jobs_.losses().back().message, HasSubstr("did not answer for its lease of 15 s"));
  EXPECT_TRUE(stream->closed.has_value());
  supervisor_->OnProcessEnded(101, KilledBy(SIGKILL));
  EXPECT_THAT(jobs_.TakeCalls(), IsEmpty());
  EXPECT_EQ(Only().state(), v1::WORKER_STATE_RESTARTING);
}

TEST_F(SupervisorTest, AStreamThatComesBackInTimeGoesOn) {
  const auto stream = StartWithJob();
  supervisor_->OnStreamEnded(stream.get());
  clock_.Advance(seconds(14));
  supervisor_->Tick();
  const auto again = SayHello(101, MakeAttempt("train-1", 1));
  EXPECT_THAT(again->TakeSent(), ElementsAre("welcome, resume"));
  supervisor_->OnStreamEnded(stream.get());  // the old one, once more
  clock_.Advance(seconds(14));
  supervisor_->Tick();
  EXPECT_EQ(Only().state(), v1::WORKER_STATE_BUSY);
  EXPECT_THAT(jobs_.TakeCalls(), IsEmpty());
}

TEST_F(SupervisorTest, AStreamThatStaysAwayIsALoss) {
  const auto stream = StartWithJob();
  supervisor_->OnStreamEnded(stream.get());
  clock_.Advance(seconds(15));
  supervisor_->Tick();
  EXPECT_THAT(jobs_.TakeCalls(), ElementsAre("lost train-1/1 WORKER_LOST"));
  EXPECT_THAT(processes_.TakeCalls(), ElementsAre("kill 101 9"));
}

TEST_F(SupervisorTest, AProcessThatNeverAttachesIsKilled) {
  supervisor_->Start({});
  processes_.TakeCalls();
  AdvanceTo(supervisor_->Tick());
  supervisor_->Tick();
  EXPECT_THAT(processes_.TakeCalls(), ElementsAre("kill 101 9"));
  supervisor_->OnProcessEnded(101, KilledBy(SIGKILL));
  EXPECT_EQ(Only().state(), v1::WORKER_STATE_RESTARTING);
}

TEST_F(SupervisorTest, AProgramThatCannotBeStartedIsSaidAndTriedAgain) {
  processes_.set_start_error(absl::NotFoundError("start seedbed-worker: no such file"));
  supervisor_->Start({});
  EXPECT_EQ(Only().state(), v1::WORKER_STATE_RESTARTING);
  EXPECT_THAT(Only().last_exit(), HasSubstr("no such file"));
  for (int i = 0; i < 4; ++i) {
    AdvanceTo(supervisor_->Tick());
    supervisor_->Tick();
  }
  EXPECT_EQ(Only().state(), v1::WORKER_STATE_UNHEALTHY);
  processes_.set_start_error(absl::OkStatus());
  EXPECT_EQ(supervisor_->Tick(), clock_.Monotonic() + seconds(60));
  clock_.Advance(seconds(60));
  supervisor_->Tick();
  EXPECT_EQ(Only().state(), v1::WORKER_STATE_STARTING);
}

TEST_F(SupervisorTest, CancelGoesToItsWorker) {
  const auto stream = StartWithJob();
  supervisor_->OnCancelRequested(MakeAttempt("train-1", 1));
  EXPECT_THAT(stream->TakeSent(), ElementsAre("cancel train-1/1"));
}

TEST_F(SupervisorTest, RunnableJobsAreClaimedByTheIdle) {
  supervisor_->Start({});
  const auto stream = SayHello(101);
  stream->TakeSent();
  jobs_.AddRunnable("train-1");
  supervisor_->OnJobsRunnable();
  EXPECT_THAT(stream->TakeSent(), ElementsAre("assignment train-1/1"));
  EXPECT_THAT(states_, ElementsAre("STARTING", "IDLE", "BUSY"));
}

// --- A server that starts again.

class AdoptionTest : public SupervisorTest {
 protected:
  const v1::Attempt old_ = MakeAttempt("train-5", 3);
  void StartAgain(const std::string& slot = "jobs-cpu") {
    jobs_.SetCurrent(old_);
    supervisor_->Start({{.attempt = old_, .slot = slot}});
  }
};

TEST_F(AdoptionTest, ALivingWorkerGoesOnWithItsJob) {
  processes_.AddLiving("jobs-cpu", 77);
  StartAgain();
  EXPECT_THAT(processes_.TakeCalls(), IsEmpty()) << "a held slot is not doubled";
  clock_.Advance(seconds(10));
  EXPECT_THAT(SayHello(77, old_)->TakeSent(), ElementsAre("welcome, resume"));
  EXPECT_THAT(jobs_.TakeCalls(), IsEmpty());
  EXPECT_EQ(Only().state(), v1::WORKER_STATE_BUSY);
}

TEST_F(AdoptionTest, ALivingWorkerWithoutTheJobGivesItBack) {
  processes_.AddLiving("jobs-cpu", 77);
  StartAgain();
  EXPECT_THAT(SayHello(77)->TakeSent(), ElementsAre("welcome"));
  EXPECT_THAT(jobs_.TakeCalls(), ElementsAre("lost train-5/3 WORKER_LOST", "claim jobs-cpu"));
}

TEST_F(AdoptionTest, AFreeSlotMeansThatTheJobIsLost) {
  StartAgain();
  EXPECT_THAT(jobs_.TakeCalls(), ElementsAre("lost train-5/3 WORKER_LOST"));
  EXPECT_THAT(processes_.TakeCalls(), ElementsAre("start jobs-cpu"));
}

TEST_F(AdoptionTest, ASilentOneIsKilledAfterALeaseAndReplaced) {
  processes_.AddLiving("jobs-cpu", 77);
  StartAgain();
  const MonotonicTime due = supervisor_->Tick();
  EXPECT_EQ(due, clock_.Monotonic() + seconds(15));
  AdvanceTo(due);
  supervisor_->Tick();
  EXPECT_THAT(processes_.TakeCalls(), ElementsAre("kill 77 9"));
  EXPECT_THAT(jobs_.TakeCalls(), ElementsAre("lost train-5/3 WORKER_LOST"));
  processes_.RemoveLiving("jobs-cpu");
  supervisor_->OnProcessEnded(77, {});
  AdvanceTo(supervisor_->Tick());
  supervisor_->Tick();
  EXPECT_THAT(processes_.TakeCalls(), ElementsAre("start jobs-cpu"));
}

TEST_F(AdoptionTest, OneThatEndsIsReplacedBeforeTheLease) {
  processes_.AddLiving("jobs-cpu", 77);
  StartAgain();
  processes_.RemoveLiving("jobs-cpu");
  supervisor_->OnProcessEnded(77, {});
  EXPECT_THAT(jobs_.TakeCalls(), ElementsAre("lost train-5/3 WORKER_LOST"));
}

TEST_F(AdoptionTest, TheAttemptOfASlotThatIsGoneIsAwaitedForALease) {
  processes_.AddLiving("jobs-cuda0", 88);
  StartAgain("jobs-cuda0");
  EXPECT_THAT(processes_.TakeCalls(), ElementsAre("start jobs-cpu"));
  EXPECT_THAT(jobs_.TakeCalls(), IsEmpty());
  EXPECT_EQ(supervisor_->List().size(), 1u) << "the old slot is no place of this server";
  EXPECT_TRUE(absl::IsPermissionDenied(*SayHello(88, old_, "jobs-cuda0")->closed));
  supervisor_->OnProcessEnded(88, {});
  EXPECT_THAT(jobs_.TakeCalls(), ElementsAre("lost train-5/3 WORKER_LOST"));
  clock_.Advance(seconds(30));
  supervisor_->Tick();
  EXPECT_THAT(processes_.TakeCalls(), IsEmpty()) << "nothing is started in its place";
}

TEST_F(AdoptionTest, TheAttemptOfASlotThatIsGoneAndFreeIsLostAtOnce) {
  StartAgain("jobs-cuda0");
  EXPECT_THAT(jobs_.TakeCalls(), ElementsAre("lost train-5/3 WORKER_LOST"));
}

// --- Stopping.

TEST_F(SupervisorTest, StopDrainsTheBusyAndEndsTheRest) {
  const auto stream = StartWithJob();
  supervisor_->BeginStop();
  EXPECT_THAT(stream->TakeSent(), ElementsAre("shutdown"));
  EXPECT_FALSE(supervisor_->Stopped());
  v1::WorkerMessage finished;
  *finished.mutable_attempt() = MakeAttempt("train-1", 1);
  finished.mutable_finished()->set_number(1);
  finished.mutable_finished()->set_outcome(v1::TaskFinished::OUTCOME_DRAINED);
  supervisor_->OnMessage(stream, finished);
  EXPECT_THAT(stream->TakeSent(), ElementsAre("acknowledge 1"));
  supervisor_->OnStreamEnded(stream.get());
  supervisor_->OnProcessEnded(101, ExitedWith(kExitAsked));
  EXPECT_TRUE(supervisor_->Stopped());
  EXPECT_THAT(jobs_.TakeCalls(), ElementsAre("finish train-1/1 DRAINED"));
  clock_.Advance(seconds(100));
  EXPECT_EQ(supervisor_->Tick(), MonotonicTime::max());
  EXPECT_THAT(processes_.TakeCalls(), IsEmpty()) << "nothing is started any more";
}

TEST_F(SupervisorTest, StopAsksProcessesThatHaveNotAttached) {
  supervisor_->Start({});
  processes_.TakeCalls();
  supervisor_->BeginStop();
  EXPECT_THAT(processes_.TakeCalls(), ElementsAre("kill 101 15"));
}

TEST_F(SupervisorTest, AJobWhoseWorkerHadToBeKilledIsDrained) {
  const auto stream = StartWithJob();
  supervisor_->BeginStop();
  supervisor_->KillAll();
  EXPECT_THAT(processes_.TakeCalls(), ElementsAre("kill 101 9"));
  supervisor_->OnStreamEnded(stream.get());
  jobs_.set_answers_later(true);
  supervisor_->OnProcessEnded(101, KilledBy(SIGKILL));
  EXPECT_THAT(jobs_.TakeCalls(), ElementsAre("lost train-1/1 DRAINED"));
  EXPECT_FALSE(supervisor_->Stopped()) << "the job is not yet given back";
  jobs_.Answer();
  EXPECT_TRUE(supervisor_->Stopped());
}

TEST_F(SupervisorTest, SaysWhyAJobWasLost) {
  const std::vector<std::pair<ProcessExit, std::string>> cases = {
      {KilledBy(SIGABRT), "WORKER_CRASHED"},        {ExitedWith(1), "WORKER_CRASHED"},   {ExitedWith(kExitLeaseRanOut), "WORKER_LOST"},
      {ExitedWith(kExitRefused), "WORKER_CRASHED"}, {ExitedWith(kExitAsked), "DRAINED"}, {{}, "WORKER_LOST"}};
  supervisor_->Start({});
  int job = 0;
  for (const auto& [exit, reason] : cases) {
    const std::string name = "train-" + std::to_string(++job);
    jobs_.AddRunnable(name);
    const auto stream = SayHello(processes_.last_pid());
    jobs_.TakeCalls();
    supervisor_->OnStreamEnded(stream.get());
    supervisor_->OnProcessEnded(processes_.last_pid(), exit);
    EXPECT_THAT(jobs_.TakeCalls(), ElementsAre("lost " + name + "/1 " + reason)) << exit.Describe();
    AdvanceTo(supervisor_->Tick());
    supervisor_->Tick();
  }
}

}  // namespace
}  // namespace seedbed::workers
