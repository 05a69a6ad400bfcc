#include "server/workers/session.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/server/workers/fakes.h"

namespace seedbed::workers {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SessionTest : public ::testing::Test {
 protected:
  // The worker says Hello on a new stream.
  std::shared_ptr<FakeStream> Attach(const std::optional<v1::Attempt>& running = std::nullopt) {
    auto stream = std::make_shared<FakeStream>();
    v1::Hello hello;
    if (running) *hello.mutable_running() = *running;
    session_.Attach(stream, hello);
    return stream;
  }
  // A session that holds train-1/1, with the stream's messages so far taken.
  std::shared_ptr<FakeStream> AttachWithJob() {
    jobs_.AddRunnable("train-1");
    auto stream = Attach();
    Started(MakeAttempt("train-1", 1));
    EXPECT_THAT(stream->TakeSent(), ElementsAre("welcome", "assignment train-1/1"));
    EXPECT_THAT(jobs_.TakeCalls(), ElementsAre("claim jobs-cpu", "started train-1/1"));
    return stream;
  }

  v1::WorkerMessage About(const v1::Attempt& attempt) {
    v1::WorkerMessage message;
    *message.mutable_attempt() = attempt;
    return message;
  }
  void Started(const v1::Attempt& attempt) {
    v1::WorkerMessage message = About(attempt);
    message.mutable_started();
    session_.Handle(message);
  }
  void Event(const v1::Attempt& attempt, int64_t number, const std::string& key) {
    v1::WorkerMessage message = About(attempt);
    message.mutable_event()->set_key(key);
    message.mutable_event()->set_number(number);
    session_.Handle(message);
  }
  void Finished(const v1::Attempt& attempt, int64_t number, v1::TaskFinished::Outcome outcome = v1::TaskFinished::OUTCOME_SUCCEEDED) {
    v1::WorkerMessage message = About(attempt);
    message.mutable_finished()->set_number(number);
    message.mutable_finished()->set_outcome(outcome);
    session_.Handle(message);
  }
  void Heartbeat() {
    v1::WorkerMessage message;
    message.mutable_heartbeat();
    session_.Handle(message);
  }

  const v1::Attempt first_ = MakeAttempt("train-1", 1);
  FakeJobs jobs_;
  int changes_ = 0;
  Session session_{"jobs-cpu", std::chrono::seconds(15), &jobs_, [this] { ++changes_; }};
};

TEST_F(SessionTest, WelcomeNamesTheTerms) {
  const auto stream = Attach();
  ASSERT_EQ(stream->sent.size(), 1u);
  EXPECT_EQ(stream->sent[0].welcome().lease().seconds(), 15);
  EXPECT_EQ(stream->sent[0].welcome().heartbeat_interval().seconds(), 5);
  EXPECT_FALSE(stream->sent[0].welcome().resume());
}

TEST_F(SessionTest, RunsAJobFromClaimToTheNext) {
  const auto stream = AttachWithJob();
  Event(first_, 1, "epoch/1");
  v1::WorkerMessage checkpoint = About(first_);
  checkpoint.mutable_checkpoint()->set_mark(42);
  session_.Handle(checkpoint);
  v1::WorkerMessage progress = About(first_);
  progress.mutable_progress();
  session_.Handle(progress);
  jobs_.AddRunnable("train-2");
  Finished(first_, 2);
  EXPECT_THAT(jobs_.TakeCalls(), ElementsAre("event train-1/1 epoch/1", "checkpoint train-1/1 42", "progress train-1/1",
                                             "finish train-1/1 SUCCEEDED", "claim jobs-cpu"));
  EXPECT_THAT(stream->TakeSent(), ElementsAre("acknowledge 1", "acknowledge 2", "assignment train-2/1"));
  EXPECT_EQ(changes_, 3) << "taken, released, taken";
}

TEST_F(SessionTest, AcknowledgesOnlyAfterTheCommit) {
  const auto stream = AttachWithJob();
  jobs_.set_answers_later(true);
  Event(first_, 1, "epoch/1");
  EXPECT_THAT(stream->TakeSent(), IsEmpty());
  EXPECT_EQ(session_.pending_calls(), 1);
  jobs_.Answer();
  EXPECT_THAT(stream->TakeSent(), ElementsAre("acknowledge 1"));
  EXPECT_EQ(session_.pending_calls(), 0);
}

TEST_F(SessionTest, AnswersHeartbeatsAndTriesAnotherClaim) {
  const auto stream = Attach();
  jobs_.TakeCalls();
  stream->TakeSent();
  Heartbeat();
  EXPECT_THAT(stream->TakeSent(), ElementsAre("lease renewed"));
  EXPECT_THAT(jobs_.TakeCalls(), ElementsAre("claim jobs-cpu"));
}

TEST_F(SessionTest, BusyWorkersClaimNothing) {
  AttachWithJob();
  session_.ClaimIfIdle();
  Heartbeat();
  EXPECT_THAT(jobs_.TakeCalls(), IsEmpty());
}

TEST_F(SessionTest, ClaimsAgainWhenSomethingBecameRunnableMeanwhile) {
  jobs_.set_answers_later(true);
  const auto stream = Attach();
  jobs_.AddRunnable("train-1");
  session_.ClaimIfIdle();
  EXPECT_THAT(jobs_.TakeCalls(), ElementsAre("claim jobs-cpu")) << "one claim at a time";
  jobs_.Answer();
  EXPECT_THAT(jobs_.TakeCalls(), ElementsAre("claim jobs-cpu"));
  jobs_.Answer();
  EXPECT_THAT(stream->TakeSent(), ElementsAre("welcome", "assignment train-1/1"));
}

TEST_F(SessionTest, AbortedMeansAbandonAndTheNextJob) {
  const auto stream = AttachWithJob();
  jobs_.set_answer(absl::AbortedError("stale"));
  jobs_.AddRunnable("train-2");
  Event(first_, 1, "epoch/1");
  EXPECT_THAT(stream->TakeSent(), ElementsAre("abandon train-1/1", "assignment train-2/1"));
}

TEST_F(SessionTest, MessagesOfStaleAttemptsAreDroppedAndTheWorkerIsTold) {
  const auto stream = AttachWithJob();
  const v1::Attempt stale = MakeAttempt("train-1", 0);
  Event(stale, 1, "epoch/1");
  Finished(stale, 2);
  EXPECT_THAT(jobs_.TakeCalls(), IsEmpty());
  EXPECT_THAT(stream->TakeSent(), ElementsAre("abandon train-1/0", "abandon train-1/0"));
  EXPECT_TRUE(session_.held().has_value());
}

TEST_F(SessionTest, CancelReachesTheWorkerThatRunsTheAttempt) {
  const auto stream = AttachWithJob();
  session_.CancelRequested(MakeAttempt("train-9", 1));
  EXPECT_THAT(stream->TakeSent(), IsEmpty());
  session_.CancelRequested(first_);
  EXPECT_THAT(stream->TakeSent(), ElementsAre("cancel train-1/1"));
}

TEST_F(SessionTest, CancelAskedForDuringTheClaimFollowsTheAssignment) {
  jobs_.AddRunnable("train-1");
  jobs_.RequestCancel("train-1");
  EXPECT_THAT(Attach()->TakeSent(), ElementsAre("welcome", "assignment train-1/1", "cancel train-1/1"));
}

TEST_F(SessionTest, ABrokenStreamLosesNothing) {
  AttachWithJob();
  session_.Detach();
  EXPECT_TRUE(session_.held().has_value());
  jobs_.RequestCancel("train-1");
  const auto stream = Attach(first_);
  EXPECT_THAT(stream->TakeSent(), ElementsAre("welcome, resume", "cancel train-1/1"));
  EXPECT_THAT(jobs_.TakeCalls(), IsEmpty());
  Event(first_, 1, "epoch/1");
  EXPECT_THAT(stream->TakeSent(), ElementsAre("acknowledge 1"));
}

TEST_F(SessionTest, ASecondStreamReplacesTheFirst) {
  const auto first_stream = AttachWithJob();
  const auto second_stream = Attach(first_);
  ASSERT_TRUE(first_stream->closed.has_value());
  EXPECT_TRUE(absl::IsAborted(*first_stream->closed));
  EXPECT_THAT(second_stream->TakeSent(), ElementsAre("welcome, resume"));
}

TEST_F(SessionTest, AnAssignmentLostWithItsStreamIsSentAgain) {
  jobs_.AddRunnable("train-1");
  Attach();
  session_.Detach();
  EXPECT_THAT(Attach()->TakeSent(), ElementsAre("welcome", "assignment train-1/1"));
  EXPECT_THAT(jobs_.TakeCalls(), ElementsAre("claim jobs-cpu"));
}

TEST_F(SessionTest, AWorkerThatForgotItsJobGivesItBack) {
  AttachWithJob();
  session_.Detach();
  EXPECT_THAT(Attach()->TakeSent(), ElementsAre("welcome"));
  EXPECT_THAT(jobs_.TakeCalls(), ElementsAre("lost train-1/1 WORKER_LOST", "claim jobs-cpu"));
}

TEST_F(SessionTest, AnAttemptThatIsNotCurrentMustBeDropped) {
  EXPECT_THAT(Attach(MakeAttempt("train-7", 3))->TakeSent(), ElementsAre("welcome"));
  EXPECT_FALSE(session_.held().has_value());
}

TEST_F(SessionTest, GoesOnWithTheAttemptOfAnEarlierServer) {
  const v1::Attempt old = MakeAttempt("train-5", 4);
  jobs_.SetCurrent(old);
  session_.Hold(old);
  EXPECT_THAT(Attach(old)->TakeSent(), ElementsAre("welcome, resume"));
  EXPECT_THAT(jobs_.TakeCalls(), IsEmpty());
  EXPECT_TRUE(session_.held().has_value());
}

TEST_F(SessionTest, AResultResentWhileTheFirstIsStoredIsAcknowledgedTwice) {
  AttachWithJob();
  jobs_.set_answers_later(true);
  Finished(first_, 3);
  session_.Detach();
  jobs_.SetCurrent(first_);  // the commit is still on its way
  const auto stream = Attach(first_);
  Finished(first_, 3);
  jobs_.set_answers_later(false);
  jobs_.AddRunnable("train-2");
  jobs_.Answer();
  EXPECT_THAT(stream->TakeSent(), ElementsAre("welcome, resume", "acknowledge 3", "assignment train-2/1", "acknowledge 3"));
  EXPECT_EQ(session_.held()->job_id(), "train-2");
}

TEST_F(SessionTest, AStoreThatCannotWriteNowEndsTheStreamAndKeepsTheJob) {
  const auto stream = AttachWithJob();
  jobs_.set_answer(absl::ResourceExhaustedError("disk full"));
  Finished(first_, 1);
  ASSERT_TRUE(stream->closed.has_value());
  EXPECT_TRUE(absl::IsUnavailable(*stream->closed));
  EXPECT_TRUE(session_.held().has_value());
  jobs_.set_answer(absl::OkStatus());
  const auto again = Attach(first_);
  Finished(first_, 1);
  EXPECT_THAT(again->TakeSent(), ElementsAre("welcome, resume", "acknowledge 1"));
}

TEST_F(SessionTest, AResultThatCanNeverBeKeptFailsTheJob) {
  AttachWithJob();
  jobs_.set_answer(absl::InvalidArgumentError("the record does not parse"));
  Finished(first_, 1);
  EXPECT_THAT(jobs_.TakeCalls(), ElementsAre("finish train-1/1 SUCCEEDED", "finish train-1/1 FAILED", "lost train-1/1 WORKER_LOST",
                                             "claim jobs-cpu", "claim jobs-cpu"));
}

TEST_F(SessionTest, GivesUpWithTheReason) {
  AttachWithJob();
  session_.Detach();
  session_.GiveUp({.reason = v1::REASON_WORKER_CRASHED, .message = "was killed"});
  EXPECT_THAT(jobs_.TakeCalls(), ElementsAre("lost train-1/1 WORKER_CRASHED"));
  EXPECT_FALSE(session_.held().has_value());
  session_.GiveUp({.reason = v1::REASON_WORKER_CRASHED, .message = "again"});
  EXPECT_THAT(jobs_.TakeCalls(), IsEmpty());
}

TEST_F(SessionTest, AClaimMadeForADeadProcessIsGivenBack) {
  jobs_.set_answers_later(true);
  jobs_.AddRunnable("train-1");
  Attach();
  session_.Detach();
  session_.GiveUp({.reason = v1::REASON_WORKER_CRASHED, .message = "was killed"});
  jobs_.Answer();
  EXPECT_THAT(jobs_.TakeCalls(), ElementsAre("claim jobs-cpu", "lost train-1/1 WORKER_LOST"));
}

TEST_F(SessionTest, ShutdownTellsTheWorkerAndClaimsNothing) {
  const auto stream = AttachWithJob();
  jobs_.AddRunnable("train-2");
  session_.Shutdown();
  Finished(first_, 1, v1::TaskFinished::OUTCOME_DRAINED);
  EXPECT_THAT(stream->TakeSent(), ElementsAre("shutdown", "acknowledge 1"));
  EXPECT_THAT(jobs_.TakeCalls(), ElementsAre("finish train-1/1 DRAINED"));
  EXPECT_THAT(Attach()->TakeSent(), ElementsAre("welcome", "shutdown")) << "a late one is told, too";
}

TEST_F(SessionTest, AClaimThatComesDuringShutdownIsGivenBackAsDrained) {
  jobs_.set_answers_later(true);
  jobs_.AddRunnable("train-1");
  const auto stream = Attach();
  session_.Shutdown();
  jobs_.Answer();
  EXPECT_THAT(stream->TakeSent(), ElementsAre("welcome", "shutdown"));
  EXPECT_THAT(jobs_.TakeCalls(), ElementsAre("claim jobs-cpu", "lost train-1/1 DRAINED"));
}

}  // namespace
}  // namespace seedbed::workers
