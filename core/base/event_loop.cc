#include "core/base/event_loop.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <utility>

namespace seedbed {

absl::StatusOr<std::unique_ptr<EventLoop>> EventLoop::Create() {
  UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) return ErrnoStatus(errno, "create", "eventfd");
  return std::unique_ptr<EventLoop>(new EventLoop(std::move(wake)));
}

bool EventLoop::Post(std::function<void()> task) {
  {
    MutexLock lock(&mutex_);
    if (stopped_) return false;
    tasks_.push_back(std::move(task));
    if (tasks_.size() > 1) return true;  // the first one has woken the loop
  }
  Wake();
  return true;
}

void EventLoop::Watch(int fd, std::function<void()> ready) { watched_[fd] = std::move(ready); }

void EventLoop::Unwatch(int fd) { watched_.erase(fd); }

void EventLoop::Run(const std::function<MonotonicTime()>& tick) {
  while (RunTasks()) WaitUntil(tick());
}

void EventLoop::Stop() {
  {
    MutexLock lock(&mutex_);
    stopped_ = true;
  }
  Wake();
}

bool EventLoop::RunTasks() {
  std::vector<std::function<void()>> tasks;
  {
    MutexLock lock(&mutex_);
    if (stopped_) return false;
    tasks.swap(tasks_);
  }
  for (auto& task : tasks) {
    task();
    task = nullptr;  // what it holds on to is released here, not when the round ends
  }
  MutexLock lock(&mutex_);
  return !stopped_;
}

void EventLoop::WaitUntil(MonotonicTime deadline) {
  std::vector<pollfd> descriptors = {{.fd = wake_.get(), .events = POLLIN, .revents = 0}};
  for (const auto& [fd, ready] : watched_) descriptors.push_back({.fd = fd, .events = POLLIN, .revents = 0});
  // Rounded up, so that the loop does not spin through the last millisecond; far deadlines are looked at again after an hour.
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  const auto timeout = std::clamp<std::chrono::milliseconds>(wait, std::chrono::milliseconds(0), std::chrono::hours(1));
  if (::poll(descriptors.data(), descriptors.size(), static_cast<int>(timeout.count())) <= 0) return;  // time is up, or a signal came

  if (descriptors.front().revents != 0) {
    uint64_t count;
    [[maybe_unused]] const ssize_t size = ::read(wake_.get(), &count, sizeof(count));  // never fails: it is readable
  }
  for (const pollfd& descriptor : descriptors) {
    if (descriptor.revents == 0) continue;
    // Looked up again: an earlier callback may have removed it. Copied: the callback may remove itself.
    const auto found = watched_.find(descriptor.fd);
    if (found == watched_.end()) continue;
    const std::function<void()> ready = found->second;
    ready();
  }
}

void EventLoop::Wake() const {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t size = ::write(wake_.get(), &one, sizeof(one));  // a full counter means that it is awake already
}

}  // namespace seedbed
