#include "server/worker/outbox.h"

#include <atomic>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/fake_clock.h"

namespace seedbed::worker {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string Describe(const v1::WorkerMessage& message) {
  EXPECT_EQ(message.attempt().job_id(), "train-1");
  switch (message.message_case()) {
    case v1::WorkerMessage::kStarted:
      return "started";
    case v1::WorkerMessage::kEvent:
      return "event " + std::to_string(message.event().number()) + " " + message.event().key();
    case v1::WorkerMessage::kCheckpoint:
      return "checkpoint " + std::to_string(message.checkpoint().mark());
    case v1::WorkerMessage::kProgress:
      return "progress " + std::to_string(message.progress().done());
    case v1::WorkerMessage::kFinished:
      return "finished " + std::to_string(message.finished().number());
    default:
      return "?";
  }
}

v1::Attempt TheAttempt() {
  v1::Attempt attempt;
  attempt.set_job_id("train-1");
  attempt.set_epoch(2);
  return attempt;
}

class OutboxTest : public ::testing::Test {
 protected:
  std::vector<std::string> Take() {
    std::vector<std::string> names;
    for (const v1::WorkerMessage& message : outbox_.TakeUnsent(clock_.Monotonic())) names.push_back(Describe(message));
    return names;
  }
  void AddEvent(const std::string& key) {
    v1::TaskEvent event;
    event.set_key(key);
    outbox_.AddEvent(std::move(event));
  }
  void SetProgress(int64_t done) {
    v1::Progress progress;
    progress.set_done(done);
    outbox_.SetProgress(std::move(progress));
  }

  testing::FakeClock clock_;
  std::atomic<int> wakes_{0};
  Outbox outbox_{TheAttempt(), 3, [this] { ++wakes_; }};
};

TEST_F(OutboxTest, SaysTheStartFirstAndEachThingOnce) {
  EXPECT_THAT(Take(), ElementsAre("started"));
  AddEvent("a");
  AddEvent("b");
  EXPECT_EQ(wakes_, 2);
  EXPECT_THAT(Take(), ElementsAre("event 1 a", "event 2 b"));
  EXPECT_THAT(Take(), IsEmpty());
}

TEST_F(OutboxTest, SaysAgainWhatWasNotAcknowledged) {
  AddEvent("a");
  AddEvent("b");
  AddEvent("c");
  Take();
  outbox_.Acknowledge(1);
  outbox_.Acknowledge(3);
  outbox_.Acknowledge(3);   // twice
  outbox_.Acknowledge(17);  // never said
  outbox_.Resend();
  EXPECT_THAT(Take(), ElementsAre("started", "event 2 b"));
  AddEvent("d");
  EXPECT_THAT(Take(), ElementsAre("event 4 d"));
}

TEST_F(OutboxTest, TheCheckpointFollowsItsEventsAndPrecedesTheResult) {
  AddEvent("epoch/1");
  outbox_.SetCheckpoint(10);
  AddEvent("epoch/2");
  outbox_.SetCheckpoint(20);
  outbox_.Finish({});
  EXPECT_THAT(Take(), ElementsAre("started", "event 1 epoch/1", "event 2 epoch/2", "checkpoint 20", "finished 3"));
  outbox_.Acknowledge(1);
  outbox_.Acknowledge(2);
  outbox_.Resend();
  EXPECT_THAT(Take(), ElementsAre("started", "checkpoint 20", "finished 3"));
}

TEST_F(OutboxTest, OnlyTheNewestCheckpointIsSaid) {
  Take();
  outbox_.SetCheckpoint(1);
  outbox_.SetCheckpoint(2);
  EXPECT_THAT(Take(), ElementsAre("checkpoint 2"));
  EXPECT_THAT(Take(), IsEmpty());
}

TEST_F(OutboxTest, ProgressIsCoalescedToTenASecond) {
  Take();
  EXPECT_EQ(outbox_.ProgressDue(), MonotonicTime::max());
  SetProgress(1);
  EXPECT_THAT(Take(), ElementsAre("progress 1"));
  for (int i = 2; i <= 500; ++i) SetProgress(i);
  EXPECT_EQ(wakes_, 2) << "a report costs a wake-up only when it is the first";
  EXPECT_THAT(Take(), IsEmpty());
  EXPECT_EQ(outbox_.ProgressDue(), clock_.Monotonic() + milliseconds(100));
  clock_.Advance(milliseconds(100));
  EXPECT_THAT(Take(), ElementsAre("progress 500"));
}

TEST_F(OutboxTest, TheNewestPictureIsNotLostToAReportWithoutOne) {
  const auto report = [this](int64_t done, const std::string& preview) {
    v1::Progress progress;
    progress.set_done(done);
    progress.set_preview(preview);
    outbox_.SetProgress(std::move(progress));
  };
  report(1, "old");
  report(2, "new");
  report(3, "");
  const std::vector<v1::WorkerMessage> messages = outbox_.TakeUnsent(clock_.Monotonic());
  ASSERT_TRUE(messages.back().has_progress());
  EXPECT_EQ(messages.back().progress().done(), 3);
  EXPECT_EQ(messages.back().progress().preview(), "new");
}

TEST_F(OutboxTest, ATaskThatSaysTooMuchWaits) {
  for (const char* key : {"a", "b", "c"}) AddEvent(key);
  std::atomic<bool> added{false};
  std::thread task([&] {
    AddEvent("d");
    added = true;
  });
  EXPECT_FALSE(added);
  outbox_.Acknowledge(1);
  task.join();
  Take();
  outbox_.Resend();
  EXPECT_THAT(Take(), ElementsAre("started", "event 2 b", "event 3 c", "event 4 d"));
}

TEST_F(OutboxTest, CloseFreesAWaitingTaskAndForgetsEverything) {
  for (const char* key : {"a", "b", "c"}) AddEvent(key);
  std::thread task([&] { AddEvent("d"); });
  outbox_.Close();
  task.join();
  SetProgress(1);
  outbox_.SetCheckpoint(1);
  outbox_.Finish({});
  outbox_.Resend();
  EXPECT_THAT(Take(), IsEmpty());
  EXPECT_TRUE(outbox_.done());
  EXPECT_EQ(outbox_.ProgressDue(), MonotonicTime::max());
}

TEST_F(OutboxTest, IsDoneWhenEverythingIsAcknowledged) {
  AddEvent("a");
  outbox_.Finish({});
  Take();
  EXPECT_FALSE(outbox_.done());
  outbox_.Acknowledge(2);
  EXPECT_FALSE(outbox_.done());
  outbox_.Acknowledge(1);
  EXPECT_TRUE(outbox_.done());
}

}  // namespace
}  // namespace seedbed::worker
