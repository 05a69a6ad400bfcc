#include "absl/strings/str_cat.h"
#include "tests/unit/server/api/api_fixture.h"

namespace seedbed::api {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class WatchStreamTest : public ApiTest {
 protected:
  // A watcher that reads when told to.
  class Watcher {
   public:
    Watcher(v1::JobService::Stub* stub, const std::string& job, int64_t after, bool without_progress, bool with_previews) {
      v1::WatchJobRequest request;
      request.set_id(job);
      request.set_after_seq(after);
      request.set_without_progress(without_progress);
      request.set_with_previews(with_previews);
      stream_ = stub->WatchJob(&context_, request);
    }
    ~Watcher() {
      context_.TryCancel();
      if (!finished_) stream_->Finish();
    }
    // The next event; nullopt when the stream has ended.
    std::optional<v1::Event> Next() {
      while (next_ == response_.events_size()) {
        next_ = 0;
        if (!stream_->Read(&response_)) return std::nullopt;
      }
      return response_.events(next_++);
    }
    std::vector<int64_t> RestOfSeqs() {
      std::vector<int64_t> seqs;
      while (const auto event = Next()) seqs.push_back(event->seq());
      return seqs;
    }
    absl::Status Finish() {
      finished_ = true;
      return client::FromGrpc(stream_->Finish());
    }
    void Cancel() { context_.TryCancel(); }

   private:
    grpc::ClientContext context_;
    std::unique_ptr<grpc::ClientReader<v1::WatchJobResponse>> stream_;
    v1::WatchJobResponse response_;
    int next_ = 0;
    bool finished_ = false;
  };

  std::unique_ptr<Watcher> Watch(const std::string& job, int64_t after = 0, bool without_progress = true, bool with_previews = false) {
    return std::make_unique<Watcher>(jobs_.get(), job, after, without_progress, with_previews);
  }

  // A training under way.
  v1::Assignment Training() {
    MakeDataset("seeds");
    Submit(jobs::TrainJob("seeds", "m"));
    return Run();
  }

  static std::vector<int64_t> Range(int64_t first, int64_t last) {
    std::vector<int64_t> numbers;
    for (int64_t n = first; n <= last; ++n) numbers.push_back(n);
    return numbers;
  }
};

TEST_F(WatchStreamTest, ReplaysAnEndedJobAndEndsWithItsTerminalEvent) {
  const v1::Assignment assignment = Training();
  for (int epoch = 1; epoch <= 250; ++epoch) SB_ASSERT_OK(AppendEpoch(assignment.attempt(), epoch));
  SB_ASSERT_OK(Finish(assignment.attempt(), jobs::Work(assignment)));
  const std::string job = assignment.attempt().job_id();
  const int64_t last = manager_->Get(job)->last_seq();
  const auto all = Watch(job);
  EXPECT_EQ(all->RestOfSeqs(), Range(1, last));
  SB_EXPECT_OK(all->Finish());
  const auto rest = Watch(job, 200);
  EXPECT_EQ(rest->RestOfSeqs(), Range(201, last));
  SB_EXPECT_OK(rest->Finish());
  const auto nothing = Watch(job, last);
  EXPECT_THAT(nothing->RestOfSeqs(), IsEmpty());
  SB_EXPECT_OK(nothing->Finish());
  AwaitMetric("seedbed_watchers", 0);
}

TEST_F(WatchStreamTest, FollowsALiveJobWithoutHoleOrRepeat) {
  const v1::Assignment assignment = Training();
  const std::string job = assignment.attempt().job_id();
  const auto watcher = Watch(job);
  std::thread worker([&] {
    for (int epoch = 1; epoch <= 100; ++epoch) SB_EXPECT_OK(AppendEpoch(assignment.attempt(), epoch));
    SB_EXPECT_OK(Finish(assignment.attempt(), jobs::Work(assignment)));
  });
  const std::vector<int64_t> seqs = watcher->RestOfSeqs();
  worker.join();
  EXPECT_EQ(seqs, Range(1, manager_->Get(job)->last_seq()));
  SB_EXPECT_OK(watcher->Finish());
}

TEST_F(WatchStreamTest, WaitsForAJobThatHasNotBegun) {
  const std::string job = Submit(jobs::IndexJob("seeds"));
  const auto watcher = Watch(job);
  EXPECT_EQ(watcher->Next()->state().state(), v1::JOB_STATE_PENDING);
  SB_ASSERT_OK(Cancel(job));
  EXPECT_EQ(watcher->Next()->state().state(), v1::JOB_STATE_CANCELLED);
  EXPECT_EQ(watcher->Next(), std::nullopt);
  SB_EXPECT_OK(watcher->Finish());
}

TEST_F(WatchStreamTest, UnknownJobsAndNumbersAreErrors) {
  const auto unknown = Watch("train-77");
  EXPECT_THAT(unknown->RestOfSeqs(), IsEmpty());
  EXPECT_THAT(unknown->Finish(), StatusIs(absl::StatusCode::kNotFound));
  const auto beyond = Watch(Submit(jobs::IndexJob("seeds")), 100);
  EXPECT_THAT(beyond->RestOfSeqs(), IsEmpty());
  EXPECT_THAT(beyond->Finish(), StatusIs(absl::StatusCode::kOutOfRange));
}

TEST_F(WatchStreamTest, ProgressIsCoalescedAndTheNewestArrives) {
  const v1::Assignment assignment = Training();
  const auto watcher = Watch(assignment.attempt().job_id(), 0, false);
  while (watcher->Next()->state().state() != v1::JOB_STATE_RUNNING) {
  }
  const auto begin = std::chrono::steady_clock::now();
  for (int done = 1; done <= 1000; ++done) {
    v1::Progress progress;
    progress.set_done(done);
    manager_->ReportProgress(assignment.attempt(), progress);
  }
  int messages = 0;
  int64_t done = 0;
  while (done < 1000) {
    const auto event = watcher->Next();
    ASSERT_TRUE(event && event->has_progress());
    EXPECT_EQ(event->seq(), 0);
    EXPECT_GT(event->progress().done(), done);
    done = event->progress().done();
    ++messages;
  }
  EXPECT_LE(messages, 2 + (std::chrono::steady_clock::now() - begin) / std::chrono::milliseconds(100));
}

TEST_F(WatchStreamTest, ProgressIsLeftOutOnDemand) {
  const v1::Assignment assignment = Training();
  v1::Progress progress;
  progress.set_done(1);
  manager_->ReportProgress(assignment.attempt(), progress);
  const auto watcher = Watch(assignment.attempt().job_id(), 0, true);
  SB_ASSERT_OK(Finish(assignment.attempt(), jobs::Work(assignment)));
  const std::vector<int64_t> seqs = watcher->RestOfSeqs();
  EXPECT_EQ(std::count(seqs.begin(), seqs.end(), 0), 0);
}

TEST_F(WatchStreamTest, PicturesGoToThoseWhoAskOnce) {
  const v1::Assignment assignment = Training();
  const std::string job = assignment.attempt().job_id();
  const auto with = Watch(job, 0, false, /*with_previews=*/true);
  const auto without = Watch(job, 0, false);
  for (const auto& watcher : {&with, &without}) {
    while ((*watcher)->Next()->state().state() != v1::JOB_STATE_RUNNING) {
    }
  }
  v1::Progress progress;
  progress.set_done(1);
  progress.set_preview("picture");
  manager_->ReportProgress(assignment.attempt(), progress);
  EXPECT_EQ(with->Next()->progress().preview(), "picture");
  EXPECT_EQ(without->Next()->progress().preview(), "");
  progress.set_done(2);
  progress.clear_preview();
  manager_->ReportProgress(assignment.attempt(), progress);
  const auto later = with->Next();
  EXPECT_EQ(later->progress().done(), 2);
  EXPECT_EQ(later->progress().preview(), "");
}

TEST_F(WatchStreamTest, AClientThatLeavesIsForgotten) {
  const v1::Assignment assignment = Training();
  auto watcher = Watch(assignment.attempt().job_id());
  ASSERT_TRUE(watcher->Next());
  EXPECT_EQ(Metric("seedbed_watchers"), 1);
  watcher.reset();
  AwaitMetric("seedbed_watchers", 0);
  AwaitMetric("seedbed_rpc_in_flight", 0);
}

TEST_F(WatchStreamTest, AStoppingServerSaysWhereToResume) {
  const v1::Assignment assignment = Training();
  const auto watcher = Watch(assignment.attempt().job_id());
  const int64_t last = manager_->Get(assignment.attempt().job_id())->last_seq();
  while (watcher->Next()->seq() < last) {
  }
  const auto begin = std::chrono::steady_clock::now();
  server_->Stop(std::chrono::seconds(10));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5)) << "an idle stream must not use up the grace";
  EXPECT_EQ(watcher->Next(), std::nullopt);
  EXPECT_THAT(watcher->Finish(), StatusIs(absl::StatusCode::kUnavailable, HasSubstr(absl::StrCat("resume with after_seq=", last))));
}

TEST_F(WatchStreamTest, AStoppingServerCutsOffOneWhoDoesNotRead) {
  const v1::Assignment assignment = Training();
  const auto stalled = Watch(assignment.attempt().job_id());
  for (int i = 0; i < 1000; ++i) {
    v1::TaskEvent event;
    event.set_key(absl::StrCat("log/", i));
    event.mutable_event()->mutable_log()->set_message(std::string(20'000, 'x'));
    manager_->AppendEvent(assignment.attempt(), event, [](const absl::StatusOr<bool>&) {});
  }
  SB_ASSERT_OK(AppendEpoch(assignment.attempt(), 1));
  const auto begin = std::chrono::steady_clock::now();
  server_->Stop(std::chrono::milliseconds(200));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

}  // namespace
}  // namespace seedbed::api
