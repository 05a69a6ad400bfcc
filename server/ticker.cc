#include "server/ticker.h"

#include <utility>

#include "core/base/status_macros.h"

namespace seedbed {

absl::StatusOr<std::unique_ptr<Ticker>> Ticker::Create() {
  SB_ASSIGN_OR_RETURN(std::unique_ptr<EventLoop> loop, EventLoop::Create());
  return std::unique_ptr<Ticker>(new Ticker(std::move(loop)));
}

void Ticker::Start(std::function<MonotonicTime()> tick) {
  thread_ = std::thread([this, tick = std::move(tick)] { loop_->Run(tick); });
}

void Ticker::Wake() {
  // The loop asks for the next moment after each round of tasks; this one is empty.
  loop_->Post([] {});
}

void Ticker::Stop() {
  loop_->Stop();
  if (thread_.joinable()) thread_.join();
}

}  // namespace seedbed
