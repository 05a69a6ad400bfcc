// The manager with its own threads, and many callers at once. Run under the thread sanitizer, this is what proves its locks.
#include <atomic>
#include <map>
#include <set>
#include <thread>

#include "tests/unit/server/jobs/job_manager_fixture.h"

namespace seedbed::jobs {
namespace {

class Concurrency : public JobManagerTest {
 protected:
  Concurrency() {
    Stop();
    options_.executor = nullptr;
    Start();
  }
};

TEST_F(Concurrency, EachJobIsClaimedOncePerEpochAndEndsOnce) {
  constexpr int kSubmitters = 4;
  constexpr int kJobsEach = 25;
  constexpr int kClaimers = 8;
  Mutex mutex;
  std::set<std::pair<std::string, int64_t>> claimed;
  std::atomic<int> ended{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kSubmitters; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kJobsEach; ++i) Submit(IndexJob("d" + std::to_string(t) + "-" + std::to_string(i)));
    });
  }
  for (int t = 0; t < kClaimers; ++t) {
    threads.emplace_back([&, t] {
      int turn = t;
      while (ended < kSubmitters * kJobsEach) {
        const auto assignment = TryClaim().value();
        if (!assignment) {
          std::this_thread::yield();
          continue;
        }
        {
          MutexLock lock(&mutex);
          const v1::Attempt& attempt = assignment->attempt();
          EXPECT_TRUE(claimed.emplace(attempt.job_id(), attempt.epoch()).second) << attempt.ShortDebugString();
        }
        SB_EXPECT_OK(Started(assignment->attempt()));
        manager_->ReportProgress(assignment->attempt(), v1::Progress());
        if (++turn % 5 == 0) {
          SB_EXPECT_OK(Lose(assignment->attempt(), v1::REASON_DRAINED));
        } else {
          SB_EXPECT_OK(Finish(assignment->attempt(), Work(*assignment)));
          ++ended;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::map<v1::JobState, int64_t> counts;
  for (const auto& [state, count] : manager_->CountByState()) counts[state] = count;
  EXPECT_EQ(counts[v1::JOB_STATE_SUCCEEDED], kSubmitters * kJobsEach);
  EXPECT_EQ(store_->CountCatalogue()->datasets, kSubmitters * kJobsEach);
}

TEST_F(Concurrency, WatchersSeeEachEventOnceWhileOthersComeAndGo) {
  const std::string id = Submit(IndexJob("maize"));
  constexpr int kEvents = 100;
  constexpr int kWatchers = 6;
  std::vector<std::thread> watchers;
  for (int t = 0; t < kWatchers; ++t) {
    watchers.emplace_back([&, t] {
      Mutex mutex;
      CondVar changed;
      int wakes = 0;
      const auto subscribe = [&] {
        return manager_->Subscribe(id, [&] {
          MutexLock lock(&mutex);
          ++wakes;
          changed.NotifyAll();
        });
      };
      auto subscription = subscribe();
      int64_t seq = 0;
      bool done = false;
      for (int turn = 0; !done; ++turn) {
        int seen = 0;
        {
          MutexLock lock(&mutex);
          seen = wakes;
        }
        for (const v1::Event& event : Events(id, seq)) {
          EXPECT_EQ(event.seq(), ++seq);
          done = event.has_state() && event.state().state() == v1::JOB_STATE_SUCCEEDED;
        }
        if (done) break;
        if (turn % 7 == t) {  // leaves and comes back: what happened in between is in the log
          subscription.reset();
          subscription = subscribe();
          continue;
        }
        MutexLock lock(&mutex);
        while (wakes == seen) changed.Wait(&mutex);
      }
      EXPECT_EQ(seq, 4 + kEvents);
    });
  }
  const v1::Assignment assignment = Run();
  for (int i = 1; i <= kEvents; ++i) SB_EXPECT_OK(AppendEpoch(assignment.attempt(), i));
  SB_EXPECT_OK(Finish(assignment.attempt(), Work(assignment)));
  for (std::thread& watcher : watchers) watcher.join();
}

TEST_F(Concurrency, DestructionWaitsForWhatIsUnderWay) {
  std::atomic<int> answers{0};
  for (int i = 0; i < 200; ++i) {
    v1::SubmitJobRequest request;
    *request.mutable_spec() = IndexJob("d" + std::to_string(i));
    manager_->Submit(request, [&](const absl::StatusOr<v1::SubmitJobResponse>& response) { answers += response.ok(); });
    manager_->Claim("jobs-cpu", CpuProfile(), [&](const auto&) {});
  }
  manager_.reset();
  EXPECT_EQ(answers, 200);
}

}  // namespace
}  // namespace seedbed::jobs
