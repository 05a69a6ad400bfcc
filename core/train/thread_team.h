// A fixed set of threads that do one piece of work together, again and again, thousands of times a second.
#pragma once

#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

#include "absl/functional/function_ref.h"

namespace seedbed::train {

// Unlike ThreadPool, which is for independent tasks, a team allocates nothing per call, and a member waits for the next call by turning
// round for some microseconds before it sleeps. The caller is a member. Used by one thread at a time.
class ThreadTeam {
 public:
  // threads >= 1, the caller's included.
  explicit ThreadTeam(int threads);
  ~ThreadTeam();
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  int size() const { return static_cast<int>(shares_.size()); }

  // Runs body(index, member) for every index in [0, count) and returns when all are done. Each member first takes its own share of the
  // indices, the same in every call, so that the data behind them stays in its core's cache; then what slower members have left. So which
  // member (0 to size - 1) runs an index is not defined, and results must not depend on it.
  void ParallelFor(size_t count, absl::FunctionRef<void(size_t index, int member)> body);

 private:
  // The indices from `next` to `end` are still to be done; on a cache line of its own.
  struct alignas(64) Share {
    std::atomic<size_t> next{0};
    size_t end = 0;
  };

  void Serve(int member);
  void Work(int member);

  std::vector<Share> shares_;
  absl::FunctionRef<void(size_t, int)>* body_ = nullptr;  // written before `round_` changes, read after
  alignas(64) std::atomic<uint32_t> round_{0};            // grows with each call
  alignas(64) std::atomic<int> working_{0};               // helpers that have not finished the round
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> helpers_;  // constant after construction
};

}  // namespace seedbed::train
