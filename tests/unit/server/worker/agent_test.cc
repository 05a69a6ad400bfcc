#include "server/worker/agent.h"

#include <unistd.h>

#include <semaphore>
#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/workers/worker_contract.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/temporary_directory.h"

namespace seedbed::worker {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class FakeServerStream : public ServerStream {
 public:
  void Send(v1::WorkerMessage message) override { sent.push_back(std::move(message)); }
  void Close() override { closed = true; }

  std::vector<std::string> TakeSent() {
    std::vector<std::string> names;
    for (const v1::WorkerMessage& message : std::exchange(sent, {})) names.push_back(Describe(message));
    return names;
  }

  std::vector<v1::WorkerMessage> sent;
  bool closed = false;

 private:
  static std::string Describe(const v1::WorkerMessage& message) {
    const std::string job = message.attempt().job_id();
    switch (message.message_case()) {
      case v1::WorkerMessage::kHello:
        return message.hello().has_running() ? "hello, running " + message.hello().running().job_id() : "hello";
      case v1::WorkerMessage::kHeartbeat:
        return "heartbeat";
      case v1::WorkerMessage::kStarted:
        return "started " + job;
      case v1::WorkerMessage::kEvent:
        return "event " + job + " " + message.event().key();
      case v1::WorkerMessage::kFinished:
        return "finished " + job + " " + v1::TaskFinished::Outcome_Name(message.finished().outcome()).substr(8);
      default:
        return "?";
    }
  }
};

class FakeConnector : public Connector {
 public:
  std::shared_ptr<ServerStream> Connect() override {
    streams.push_back(std::make_shared<FakeServerStream>());
    return streams.back();
  }
  std::vector<std::shared_ptr<FakeServerStream>> streams;
};

class AgentTest : public ::testing::Test {
 protected:
  AgentTest() {
    AgentOptions options;
    options.slot = "jobs-cpu";
    options.token = "secret";
    options.profile.set_version("1.2.3");
    const TaskFunction task = [](const v1::Assignment& assignment, tasks::TaskContext& context) { return Work(assignment, context); };
    agent_.emplace(options, task, &connector_, &clock_, &log_, [this] { wakes_.release(); });
  }

  // Jobs named "quick" succeed at once after an event; others last until they are stopped.
  static absl::StatusOr<TaskOutput> Work(const v1::Assignment& assignment, tasks::TaskContext& context) {
    context.Emit({.key = "hello", .payload = tasks::LogLine{"hello"}});
    if (assignment.attempt().job_id().starts_with("quick")) return TaskOutput();
    while (!context.cancelled()) std::this_thread::yield();
    return absl::CancelledError("stopped");
  }

  FakeServerStream& stream() { return *connector_.streams.back(); }
  void Receive(const v1::ServerMessage& message) { agent_->OnMessage(&stream(), message); }
  void Welcome(bool resume = false) {
    v1::ServerMessage message;
    message.mutable_welcome()->mutable_lease()->set_seconds(15);
    message.mutable_welcome()->mutable_heartbeat_interval()->set_seconds(5);
    message.mutable_welcome()->set_resume(resume);
    Receive(message);
  }
  v1::Attempt Named(const std::string& job) {
    v1::Attempt attempt;
    attempt.set_job_id(job);
    attempt.set_epoch(1);
    return attempt;
  }
  void Assign(const std::string& job) {
    v1::ServerMessage message;
    *message.mutable_assignment()->mutable_attempt() = Named(job);
    message.mutable_assignment()->mutable_inputs()->set_staging_dir(directory_.path() / job);
    message.mutable_assignment()->mutable_inputs()->set_checkpoint_dir(directory_.path() / "checkpoints");
    message.mutable_assignment()->mutable_inputs()->set_cache_dir(directory_.path() / "cache");
    Receive(message);
  }
  void Acknowledge(const std::string& job, int64_t number) {
    v1::ServerMessage message;
    *message.mutable_acknowledge()->mutable_attempt() = Named(job);
    message.mutable_acknowledge()->set_number(number);
    Receive(message);
  }
  void AnswerHeartbeat() {
    v1::ServerMessage message;
    message.mutable_lease_renewed();
    Receive(message);
  }
  void Cancel(const std::string& job) {
    v1::ServerMessage message;
    *message.mutable_cancel()->mutable_attempt() = Named(job);
    Receive(message);
  }
  void Abandon(const std::string& job) {
    v1::ServerMessage message;
    *message.mutable_abandon()->mutable_attempt() = Named(job);
    Receive(message);
  }
  void AskToStop() {
    v1::ServerMessage message;
    message.mutable_shutdown();
    Receive(message);
  }
  void Break(const absl::Status& status = absl::UnavailableError("broken")) { agent_->OnClosed(&stream(), status); }

  // Ticks, as the loop does at each wake-up, until the stream was sent `count` messages.
  std::vector<std::string> TickUntilSent(size_t count) {
    agent_->Tick();
    while (stream().sent.size() < count) {
      wakes_.acquire();
      agent_->Tick();
    }
    return stream().TakeSent();
  }
  // Ticks until the agent wants to exit.
  int TickUntilExit() {
    agent_->Tick();
    while (!agent_->exit_code()) {
      wakes_.acquire();
      agent_->Tick();
    }
    return *agent_->exit_code();
  }
  void Attach() {
    agent_->Tick();
    Welcome();
    EXPECT_THAT(stream().TakeSent(), ElementsAre("hello"));
  }

  testing::TemporaryDirectory directory_;
  testing::FakeClock clock_;
  std::ostringstream log_text_;
  log::Logger log_{{.stream = &log_text_}};
  FakeConnector connector_;
  std::counting_semaphore<> wakes_{0};
  std::optional<Agent> agent_;  // the last, so that its task ends before what the task uses
};

TEST_F(AgentTest, IntroducesItself) {
  agent_->Tick();
  ASSERT_EQ(stream().sent.size(), 1u);
  const v1::Hello& hello = stream().sent[0].hello();
  EXPECT_EQ(hello.slot(), "jobs-cpu");
  EXPECT_EQ(hello.token(), "secret");
  EXPECT_EQ(hello.pid(), ::getpid());
  EXPECT_EQ(hello.version(), "1.2.3");
  EXPECT_EQ(hello.profile().version(), "1.2.3");
}

TEST_F(AgentTest, RunsOneTaskAfterTheOther) {
  Attach();
  Assign("quick-1");
  EXPECT_THAT(TickUntilSent(3), ElementsAre("started quick-1", "event quick-1 hello", "finished quick-1 SUCCEEDED"));
  Acknowledge("quick-1", 1);
  Acknowledge("quick-1", 2);
  Assign("quick-2");
  EXPECT_THAT(TickUntilSent(3), ElementsAre("started quick-2", "event quick-2 hello", "finished quick-2 SUCCEEDED"));
}

TEST_F(AgentTest, HeartbeatsAtTheInterval) {
  Attach();
  EXPECT_THAT(agent_->Tick(), clock_.Monotonic() + seconds(5));
  for (int i = 0; i < 20; ++i) {
    clock_.Advance(seconds(5));
    agent_->Tick();
    EXPECT_THAT(stream().TakeSent(), ElementsAre("heartbeat"));
    AnswerHeartbeat();
  }
  EXPECT_EQ(agent_->exit_code(), std::nullopt);
}

TEST_F(AgentTest, CancelStopsTheTask) {
  Attach();
  Assign("long");
  EXPECT_THAT(TickUntilSent(2), ElementsAre("started long", "event long hello"));
  Cancel("another");
  Cancel("long");
  EXPECT_THAT(TickUntilSent(1), ElementsAre("finished long CANCELLED"));
}

TEST_F(AgentTest, ReconnectsWithBackoff) {
  Attach();
  for (const milliseconds pause :
       {milliseconds(100), milliseconds(200), milliseconds(400), milliseconds(800), milliseconds(1'000), milliseconds(1'000)}) {
    Break();
    const size_t before = connector_.streams.size();
    EXPECT_EQ(agent_->Tick(), clock_.Monotonic() + pause);
    EXPECT_EQ(connector_.streams.size(), before);
    clock_.Advance(pause);
    agent_->Tick();
    EXPECT_EQ(connector_.streams.size(), before + 1);
  }
  Welcome();
  Break();
  EXPECT_EQ(agent_->Tick(), clock_.Monotonic() + milliseconds(100)) << "a Welcome starts the back-off anew";
}

TEST_F(AgentTest, SaysAgainAfterABreakWhatWasNotAcknowledged) {
  Attach();
  Assign("quick");
  TickUntilSent(3);
  Acknowledge("quick", 1);
  Break();
  clock_.Advance(milliseconds(100));
  agent_->Tick();
  EXPECT_THAT(stream().TakeSent(), ElementsAre("hello, running quick")) << "and nothing more before the Welcome";
  Welcome(/*resume=*/true);
  EXPECT_THAT(TickUntilSent(2), ElementsAre("started quick", "finished quick SUCCEEDED"));
}

TEST_F(AgentTest, DropsATaskThatIsNotItsAnyMore) {
  Attach();
  Assign("long");
  TickUntilSent(2);
  Break();
  clock_.Advance(milliseconds(100));
  agent_->Tick();
  stream().TakeSent();
  Welcome(/*resume=*/false);
  Assign("quick");
  EXPECT_THAT(TickUntilSent(3), ElementsAre("started quick", "event quick hello", "finished quick SUCCEEDED"));
}

TEST_F(AgentTest, AbandonedTasksSayNothingAndMakeWay) {
  Attach();
  Assign("long");
  TickUntilSent(2);
  Abandon("long");
  Assign("quick");
  EXPECT_THAT(TickUntilSent(3), ElementsAre("started quick", "event quick hello", "finished quick SUCCEEDED"));
}

TEST_F(AgentTest, ATaskThatWaitsForItsTurnCanBeCancelledOrAbandoned) {
  Attach();
  Assign("long-1");
  TickUntilSent(2);
  Abandon("long-1");
  Assign("long-2");
  Cancel("long-2");
  EXPECT_THAT(TickUntilSent(3), ElementsAre("started long-2", "event long-2 hello", "finished long-2 CANCELLED"));
  Abandon("long-2");
  Assign("long-3");
  Abandon("long-3");
  Assign("quick");
  EXPECT_THAT(TickUntilSent(3), ElementsAre("started quick", "event quick hello", "finished quick SUCCEEDED"));
}

TEST_F(AgentTest, TheSameAssignmentTwiceIsOneTask) {
  Attach();
  Assign("long");
  TickUntilSent(2);
  Assign("long");
  agent_->Tick();
  EXPECT_THAT(stream().TakeSent(), IsEmpty());
}

TEST_F(AgentTest, StopsWhenItsLeaseRunsOut) {
  Attach();
  Assign("long");
  TickUntilSent(2);
  clock_.Advance(milliseconds(13'499));
  agent_->Tick();
  EXPECT_EQ(agent_->exit_code(), std::nullopt);
  clock_.Advance(milliseconds(1));
  EXPECT_EQ(TickUntilExit(), workers::kExitLeaseRanOut);
  EXPECT_TRUE(stream().closed);
}

TEST_F(AgentTest, StopsInTimeThoughItReconnectsAllTheWhile) {
  Attach();
  for (int i = 0; i < 100 && !agent_->exit_code(); ++i) {
    Break();
    clock_.Advance(seconds(1));
    agent_->Tick();
  }
  EXPECT_EQ(agent_->exit_code(), workers::kExitLeaseRanOut);
}

TEST_F(AgentTest, GivesUpWhenThereIsNoServer) {
  agent_->Tick();
  clock_.Advance(seconds(60));
  EXPECT_EQ(TickUntilExit(), workers::kExitLeaseRanOut);
}

TEST_F(AgentTest, StopsWhenRefused) {
  agent_->Tick();
  Break(absl::UnauthenticatedError("no such token"));
  EXPECT_EQ(TickUntilExit(), workers::kExitRefused);
}

TEST_F(AgentTest, ShutdownOfAnIdleWorkerIsImmediate) {
  Attach();
  AskToStop();
  EXPECT_EQ(TickUntilExit(), workers::kExitAsked);
}

TEST_F(AgentTest, ShutdownDrainsAndWaitsForTheAcknowledgement) {
  Attach();
  Assign("long");
  TickUntilSent(2);
  Acknowledge("long", 1);
  AskToStop();
  EXPECT_THAT(TickUntilSent(1), ElementsAre("finished long DRAINED"));
  agent_->Tick();
  EXPECT_EQ(agent_->exit_code(), std::nullopt);
  Acknowledge("long", 2);
  EXPECT_EQ(TickUntilExit(), workers::kExitAsked);
}

TEST_F(AgentTest, AnAssignmentAfterSigtermIsDrained) {
  Attach();
  Assign("long-1");
  TickUntilSent(2);
  agent_->Shutdown();
  Abandon("long-1");
  Assign("long-2");
  EXPECT_THAT(TickUntilSent(3), ElementsAre("started long-2", "event long-2 hello", "finished long-2 DRAINED"));
}

}  // namespace
}  // namespace seedbed::worker
