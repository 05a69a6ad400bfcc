// Gives the job manager its sense of time.
#pragma once

#include <functional>
#include <memory>
#include <thread>

#include "absl/status/statusor.h"
#include "core/base/clock.h"
#include "core/base/event_loop.h"

namespace seedbed {

// Calls a function whenever it asked to be called, and whenever something changed that may make that moment earlier. Thread-safe.
class Ticker {
 public:
  static absl::StatusOr<std::unique_ptr<Ticker>> Create();
  ~Ticker() { Stop(); }

  // Once. `tick` returns when it wants to be called next at the latest; it runs on a thread of the ticker's.
  void Start(std::function<MonotonicTime()> tick);
  // Calls `tick` soon. Never blocks; before Start and after Stop it does nothing.
  void Wake();
  // Waits for a running `tick`; none runs afterwards.
  void Stop();

 private:
  explicit Ticker(std::unique_ptr<EventLoop> loop) : loop_(std::move(loop)) {}

  const std::unique_ptr<EventLoop> loop_;
  std::thread thread_;
};

}  // namespace seedbed
