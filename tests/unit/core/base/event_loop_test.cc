#include "core/base/event_loop.h"

#include <unistd.h>

#include <array>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status_matchers.h"

namespace seedbed {
namespace {

MonotonicTime Never() { return MonotonicTime::max(); }

class EventLoopTest : public ::testing::Test {
 protected:
  void SetUp() override { SB_ASSERT_OK_AND_ASSIGN(loop_, EventLoop::Create()); }
  std::unique_ptr<EventLoop> loop_;
};

TEST_F(EventLoopTest, RunsTasksInOrderWithATickAfterEachRound) {
  std::vector<int> seen;
  loop_->Post([&] { seen.push_back(1); });
  loop_->Post([&] {
    seen.push_back(2);
    loop_->Post([&] { seen.push_back(4); });
  });
  loop_->Post([&] { seen.push_back(3); });
  loop_->Run([&] {
    if (seen.size() == 4) loop_->Stop();
    return Never();
  });
  EXPECT_THAT(seen, ::testing::ElementsAre(1, 2, 3, 4));
}

TEST_F(EventLoopTest, TasksComeFromManyThreads) {
  constexpr int kThreads = 4, kTasks = 2'000;
  int sum = 0;  // the loop's thread only
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kTasks; ++i) EXPECT_TRUE(loop_->Post([&] { ++sum; }));
    });
  }
  loop_->Run([&] {
    if (sum == kThreads * kTasks) loop_->Stop();
    return Never();
  });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(sum, kThreads * kTasks);
}

TEST_F(EventLoopTest, StopEndsAWaitingLoopAndDropsTasks) {
  std::thread thread([&] { loop_->Run(Never); });
  loop_->Stop();
  thread.join();
  bool ran = false;
  EXPECT_FALSE(loop_->Post([&] { ran = true; }));
  loop_->Run(Never);
  EXPECT_FALSE(ran);
}

TEST_F(EventLoopTest, TicksWhenItsTimeHasCome) {
  const MonotonicTime due = SystemClock().Monotonic() + std::chrono::milliseconds(5);
  int ticks = 0;
  loop_->Run([&] {
    ++ticks;
    if (SystemClock().Monotonic() >= due) loop_->Stop();
    return due;
  });
  EXPECT_EQ(ticks, 2) << "neither early nor in a spin";
}

TEST_F(EventLoopTest, WatchedDescriptorsAreServedWhileReadable) {
  std::array<int, 2> ends;
  ASSERT_EQ(::pipe(ends.data()), 0);
  const UniqueFd reading(ends[0]), writing(ends[1]);
  ASSERT_EQ(::write(ends[1], "abc", 3), 3);
  std::string seen;
  loop_->Watch(reading.get(), [&] {
    char c;
    ASSERT_EQ(::read(reading.get(), &c, 1), 1);
    seen.push_back(c);
    if (seen.size() == 2) loop_->Unwatch(reading.get());  // from within, with a byte left
    if (seen.size() == 2) loop_->Post([&] { loop_->Stop(); });
  });
  loop_->Run(Never);
  EXPECT_EQ(seen, "ab");
}

}  // namespace
}  // namespace seedbed
