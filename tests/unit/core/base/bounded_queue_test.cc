#include "core/base/bounded_queue.h"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace seedbed {
namespace {

TEST(BoundedQueue, KeepsOrder) {
  BoundedQueue<std::unique_ptr<int>> queue(3);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(queue.Push(std::make_unique<int>(i)));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(**queue.Pop(), i);
}

TEST(BoundedQueue, DrainsAfterCloseAndThenEnds) {
  BoundedQueue<int> queue(3);
  queue.Push(1);
  queue.Push(2);
  queue.Close();
  EXPECT_FALSE(queue.Push(3));
  EXPECT_EQ(queue.Pop(), 1);
  EXPECT_EQ(queue.Pop(), 2);
  EXPECT_EQ(queue.Pop(), std::nullopt);
  EXPECT_EQ(queue.Pop(), std::nullopt);
}

TEST(BoundedQueue, CloseWakesProducersAndConsumers) {
  BoundedQueue<int> full(1);
  full.Push(1);
  BoundedQueue<int> empty(1);
  bool pushed = true;
  std::optional<int> popped = 1;
  std::thread producer([&] { pushed = full.Push(2); });
  std::thread consumer([&] { popped = empty.Pop(); });
  full.Close();
  empty.Close();
  producer.join();
  consumer.join();
  EXPECT_FALSE(pushed);
  EXPECT_EQ(popped, std::nullopt);
}

TEST(BoundedQueue, HandsEachItemToOneConsumerAndNeverHoldsMoreThanItsBound) {
  constexpr int kItems = 2000, kCapacity = 4;
  BoundedQueue<int> queue(kCapacity);
  std::vector<std::atomic<int>> seen(kItems);
  std::atomic<int> pushed{0}, popped{0}, most{0};
  std::vector<std::thread> consumers;
  consumers.reserve(3);
  for (int c = 0; c < 3; ++c) {
    consumers.emplace_back([&] {
      while (const std::optional<int> item = queue.Pop()) {
        ++popped;
        ++seen[static_cast<size_t>(*item)];
      }
    });
  }
  std::thread producer([&] {
    for (int i = 0; i < kItems; ++i) {
      queue.Push(i);
      most = std::max(most.load(), ++pushed - popped);
    }
    queue.Close();
  });
  producer.join();
  for (std::thread& consumer : consumers) consumer.join();
  for (const auto& count : seen) EXPECT_EQ(count, 1);
  EXPECT_LE(most, kCapacity + 3 + 1);  // each consumer may have taken one that it has not counted yet
}

}  // namespace
}  // namespace seedbed
