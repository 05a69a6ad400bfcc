#include "client/lib/job_watch.h"

#include <thread>

#include "client/lib/client.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status_matchers.h"
#include "tests/unit/client/lib/fake_server.h"

namespace seedbed::client {
namespace {

using seedbed::testing::EpochEvent;
using seedbed::testing::FakeJob;
using seedbed::testing::FakeServer;
using seedbed::testing::LogEvent;
using seedbed::testing::ProgressEvent;
using seedbed::testing::StateEvent;
using seedbed::testing::StatusIs;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class JobWatchTest : public ::testing::Test {
 protected:
  JobWatchTest() {
    ClientOptions options;
    options.server = server_.address();
    options.retry = {.max_attempts = 2, .first_delay = milliseconds(1), .max_delay = milliseconds(4)};
    client_ = Client::Create(options).value();
  }

  // A job with five events, the last of them terminal.
  void AddFinishedJob() {
    AddJob({StateEvent(1, v1::JOB_STATE_PENDING), StateEvent(2, v1::JOB_STATE_RUNNING), EpochEvent(3, 1, 2), EpochEvent(4, 2, 2),
            StateEvent(5, v1::JOB_STATE_SUCCEEDED)});
  }
  void AddJob(std::vector<v1::Event> log) {
    FakeJob job;
    job.job.set_id("train-1");
    job.log = std::move(log);
    server_.AddJob(std::move(job));
  }

  // Numbers of all events until the end.
  absl::StatusOr<std::vector<int64_t>> WatchAll(WatchOptions options = {}) {
    const auto watch = client_->WatchJob("train-1", std::move(options));
    std::vector<int64_t> numbers;
    while (true) {
      auto event = watch->Next();
      if (!event.ok()) return event.status();
      if (!event->has_value()) return numbers;
      numbers.push_back((*event)->seq());
    }
  }

  FakeServer server_;
  std::unique_ptr<Client> client_;
};

TEST_F(JobWatchTest, DeliversEachEventInOrderAndEnds) {
  AddFinishedJob();
  SB_ASSERT_OK_AND_ASSIGN(const auto numbers, WatchAll());
  EXPECT_THAT(numbers, ElementsAre(1, 2, 3, 4, 5));
}

TEST_F(JobWatchTest, BeginsAfterTheGivenEvent) {
  AddFinishedJob();
  SB_ASSERT_OK_AND_ASSIGN(const auto numbers, WatchAll({.after_seq = 3}));
  EXPECT_THAT(numbers, ElementsAre(4, 5));
}

TEST_F(JobWatchTest, ResumesAfterBrokenStreamsWithoutLossOrRepeat) {
  AddFinishedJob();
  server_.CutStreams({2, 0, 0, 1, -1});
  int losses = 0;
  WatchOptions options;
  options.on_connection_lost = [&losses](const absl::Status& why, int64_t last_seq) {
    ++losses;
    EXPECT_TRUE(absl::IsUnavailable(why));
    EXPECT_GE(last_seq, 2);
  };
  SB_ASSERT_OK_AND_ASSIGN(const auto numbers, WatchAll(options));
  EXPECT_THAT(numbers, ElementsAre(1, 2, 3, 4, 5));
  EXPECT_EQ(losses, 2);  // three cuts in a row are one loss
  std::vector<int64_t> resumed_after;
  for (const v1::WatchJobRequest& request : server_.watches()) resumed_after.push_back(request.after_seq());
  EXPECT_THAT(resumed_after, ElementsAre(0, 2, 2, 2, 3));
}

TEST_F(JobWatchTest, GoesOnWhenAStreamEndsBeforeTheJob) {
  AddJob({StateEvent(1, v1::JOB_STATE_RUNNING)});
  server_.CutStreams({-1});
  const auto watch = client_->WatchJob("train-1", {});
  SB_ASSERT_OK(watch->Next());
  std::thread ender([&] {
    server_.WaitForWatcher();
    server_.AppendEvent("train-1", StateEvent(2, v1::JOB_STATE_FAILED));
  });
  const auto last = watch->Next();
  ender.join();
  SB_ASSERT_OK(last);
  EXPECT_EQ((*last)->state().state(), v1::JOB_STATE_FAILED);
  EXPECT_EQ(watch->last_seq(), 2);
  EXPECT_FALSE(watch->Next().value().has_value());
}

TEST_F(JobWatchTest, SurvivesARestartOfTheServer) {
  auto server = std::make_unique<FakeServer>();
  const std::string address = server->address();
  FakeJob job;
  job.job.set_id("train-1");
  job.log = {StateEvent(1, v1::JOB_STATE_RUNNING)};
  server->AddJob(job);
  ClientOptions options;
  options.server = address;
  options.retry = {.max_attempts = 2, .first_delay = milliseconds(1), .max_delay = milliseconds(20)};
  const auto client = Client::Create(options).value();
  const auto watch = client->WatchJob("train-1", {});
  SB_ASSERT_OK(watch->Next());
  server.reset();
  server = std::make_unique<FakeServer>(address);
  job.log.push_back(StateEvent(2, v1::JOB_STATE_SUCCEEDED));
  server->AddJob(job);
  SB_ASSERT_OK_AND_ASSIGN(const auto event, watch->Next());
  EXPECT_EQ(event->seq(), 2);
}

TEST_F(JobWatchTest, PassesLiveProgressOn) {
  AddJob({StateEvent(1, v1::JOB_STATE_RUNNING), ProgressEvent("decode", 1, 10, 5), StateEvent(2, v1::JOB_STATE_SUCCEEDED)});
  SB_ASSERT_OK_AND_ASSIGN(const auto numbers, WatchAll());
  EXPECT_THAT(numbers, ElementsAre(1, 0, 2));
  SB_ASSERT_OK_AND_ASSIGN(const auto without, WatchAll({.after_seq = 0, .without_progress = true}));
  EXPECT_THAT(without, ElementsAre(1, 2));
}

TEST_F(JobWatchTest, SkipsRepeatedEvents) {
  AddJob({LogEvent(1, "a"), LogEvent(2, "b"), LogEvent(2, "b"), StateEvent(3, v1::JOB_STATE_SUCCEEDED)});
  SB_ASSERT_OK_AND_ASSIGN(const auto numbers, WatchAll());
  EXPECT_THAT(numbers, ElementsAre(1, 2, 3));
}

TEST_F(JobWatchTest, ReportsAHoleInTheLog) {
  AddJob({LogEvent(1, "a"), LogEvent(3, "c"), StateEvent(4, v1::JOB_STATE_SUCCEEDED)});
  EXPECT_THAT(WatchAll(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("3 came after 1")));
}

TEST_F(JobWatchTest, EndsForAnUnknownJob) {
  EXPECT_THAT(WatchAll(), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(server_.watches(), SizeIs(1));
}

TEST_F(JobWatchTest, ReportsARefusedFirstContact) {
  ClientOptions options;
  options.server = "127.0.0.1:1";
  const auto client = Client::Create(options).value();
  EXPECT_THAT(client->WatchJob("train-1", {})->Next(), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("no server at 127.0.0.1:1")));
}

TEST_F(JobWatchTest, CancelEndsAWaitingNext) {
  AddJob({StateEvent(1, v1::JOB_STATE_RUNNING)});
  const auto watch = client_->WatchJob("train-1", {});
  SB_ASSERT_OK(watch->Next());
  std::thread canceller([&] {
    server_.WaitForWatcher();
    watch->Cancel();
  });
  EXPECT_THAT(watch->Next(), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_THAT(watch->Next(), StatusIs(absl::StatusCode::kCancelled));
  canceller.join();
}

TEST_F(JobWatchTest, CancelEndsAPauseBetweenAttempts) {
  AddJob({StateEvent(1, v1::JOB_STATE_RUNNING), LogEvent(2, "a")});
  server_.CutStreams({1});
  ClientOptions options;
  options.server = server_.address();
  options.retry = {.max_attempts = 2, .first_delay = std::chrono::hours(1), .max_delay = std::chrono::hours(1)};
  const auto client = Client::Create(options).value();
  std::unique_ptr<JobWatch> watch;
  WatchOptions watch_options;
  watch_options.on_connection_lost = [&watch](const absl::Status&, int64_t) { watch->Cancel(); };
  watch = client->WatchJob("train-1", watch_options);
  SB_ASSERT_OK(watch->Next());
  EXPECT_THAT(watch->Next(), StatusIs(absl::StatusCode::kCancelled));
}

TEST_F(JobWatchTest, MayBeAskedAgainAfterADeadline) {
  AddJob({StateEvent(1, v1::JOB_STATE_RUNNING)});
  const auto watch = client_->WatchJob("train-1", {});
  SB_ASSERT_OK(watch->Next());
  EXPECT_THAT(watch->Next(std::chrono::steady_clock::now() + milliseconds(5)), StatusIs(absl::StatusCode::kDeadlineExceeded));
  server_.AppendEvent("train-1", StateEvent(2, v1::JOB_STATE_SUCCEEDED));
  SB_ASSERT_OK_AND_ASSIGN(const auto event, watch->Next());
  EXPECT_EQ(event->seq(), 2);
}

TEST_F(JobWatchTest, MayBeDroppedAtAnyMoment) {
  AddJob({StateEvent(1, v1::JOB_STATE_RUNNING), LogEvent(2, "a"), LogEvent(3, "b")});
  { const auto never_asked = client_->WatchJob("train-1", {}); }
  const auto with_unread_events = client_->WatchJob("train-1", {});
  SB_EXPECT_OK(with_unread_events->Next());
  const auto waiting = client_->WatchJob("train-1", {.after_seq = 3});
  EXPECT_THAT(waiting->Next(std::chrono::steady_clock::now() + milliseconds(5)), StatusIs(absl::StatusCode::kDeadlineExceeded));
}

}  // namespace
}  // namespace seedbed::client
