#include "core/train/thread_team.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace seedbed::train {
namespace {

void Pause() {
#if defined(__x86_64__)
  _mm_pause();
#endif
}

// Waits until `value` is no longer `old`: awake for the time that a member usually is behind, then asleep.
template <typename T>
T AwaitChange(const std::atomic<T>& value, T old) {
  constexpr int kTurns = 2'000;
  for (int turn = 0; turn < kTurns; ++turn) {
    const T now = value.load(std::memory_order_acquire);
    if (now != old) return now;
    Pause();
  }
  value.wait(old, std::memory_order_acquire);
  return value.load(std::memory_order_acquire);
}

}  // namespace

ThreadTeam::ThreadTeam(int threads) : shares_(static_cast<size_t>(threads)) {
  for (int member = 1; member < threads; ++member) helpers_.emplace_back([this, member] { Serve(member); });
}

ThreadTeam::~ThreadTeam() {
  stopping_.store(true, std::memory_order_relaxed);
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
  for (std::thread& helper : helpers_) helper.join();
}

void ThreadTeam::ParallelFor(size_t count, absl::FunctionRef<void(size_t, int)> body) {
  for (size_t i = 0; i < shares_.size(); ++i) {
    shares_[i].next.store(i * count / shares_.size(), std::memory_order_relaxed);
    shares_[i].end = (i + 1) * count / shares_.size();
  }
  body_ = &body;
  working_.store(static_cast<int>(helpers_.size()), std::memory_order_relaxed);
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
  Work(0);
  for (int left = working_.load(std::memory_order_acquire); left != 0;) left = AwaitChange(working_, left);
}

void ThreadTeam::Serve(int member) {
  for (uint32_t round = 0;;) {
    round = AwaitChange(round_, round);
    if (stopping_.load(std::memory_order_relaxed)) return;
    Work(member);
    if (working_.fetch_sub(1, std::memory_order_release) == 1) working_.notify_one();
  }
}

void ThreadTeam::Work(int member) {
  for (size_t i = 0; i < shares_.size(); ++i) {
    Share& share = shares_[(static_cast<size_t>(member) + i) % shares_.size()];
    for (size_t index = share.next.fetch_add(1, std::memory_order_relaxed); index < share.end;
         index = share.next.fetch_add(1, std::memory_order_relaxed)) {
      (*body_)(index, member);
    }
  }
}

}  // namespace seedbed::train
