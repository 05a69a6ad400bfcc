#include "core/base/thread_pool.h"

#include <atomic>
#include <set>
#include <vector>

#include "gtest/gtest.h"

namespace seedbed {
namespace {

TEST(ThreadPool, RunsWhatIsQueuedBeforeItEnds) {
  std::atomic<int> runs{0};
  {
    ThreadPool pool(3);
    EXPECT_EQ(pool.size(), 3u);
    for (int i = 0; i < 200; ++i) pool.Schedule([&] { ++runs; });
  }
  EXPECT_EQ(runs, 200);
}

TEST(ThreadPool, ParallelForRunsEachIndexOnce) {
  for (const size_t threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    for (const size_t count : {0, 1, 2, 1000}) {
      std::vector<std::atomic<int>> runs(count);
      pool.ParallelFor(count, [&](size_t i) { ++runs[i]; });
      for (const auto& n : runs) EXPECT_EQ(n, 1);
    }
  }
}

TEST(ThreadPool, ParallelForUsesItsCallerWhenThePoolIsBusy) {
  ThreadPool pool(1);
  Mutex mutex;
  CondVar released;
  bool release = false;
  pool.Schedule([&] {
    MutexLock lock(&mutex);
    while (!release) released.Wait(&mutex);
  });
  int sum = 0;
  pool.ParallelFor(10, [&](size_t i) { sum += static_cast<int>(i); });  // only this thread is free
  EXPECT_EQ(sum, 45);
  MutexLock lock(&mutex);
  release = true;
  released.NotifyAll();
}

TEST(ThreadPool, ParallelForStartsIndicesInOrder) {
  ThreadPool pool(4);
  std::atomic<size_t> started{0};
  std::atomic<bool> in_order{true};
  pool.ParallelFor(500, [&](size_t i) {
    // At most one index per thread (4 and the caller) can be under way ahead of this one.
    if (i > started.fetch_add(1) + pool.size()) in_order = false;
  });
  EXPECT_TRUE(in_order);
}

TEST(ThreadPool, SeveralThreadsMayLoopOnOnePool) {
  ThreadPool pool(2);
  std::atomic<int> runs{0};
  std::vector<std::thread> callers;
  callers.reserve(3);
  for (int c = 0; c < 3; ++c) {
    callers.emplace_back([&] {
      for (int round = 0; round < 50; ++round) pool.ParallelFor(8, [&](size_t) { ++runs; });
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(runs, 3 * 50 * 8);
}

}  // namespace
}  // namespace seedbed
