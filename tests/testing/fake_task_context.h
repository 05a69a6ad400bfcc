// The world around a task, for tests: folders of its own, and everything the task says is kept.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/mutex.h"
#include "core/tasks/task_context.h"
#include "tests/testing/temporary_directory.h"

namespace seedbed::testing {

// Thread-safe, but for the setters, which belong before the task starts. Its folders go with it; one context serves one attempt.
class FakeTaskContext : public tasks::TaskContext {
 public:
  FakeTaskContext() : FakeTaskContext(nullptr, 1) {}
  // A later attempt of the same job: checkpoints, cache and objects of `earlier`, which must outlive it; fresh output and artifacts.
  FakeTaskContext(const FakeTaskContext& earlier, int64_t attempt_epoch) : FakeTaskContext(&earlier, attempt_epoch) {}

  tasks::TaskPaths* mutable_paths() { return &paths_; }
  tasks::ExecutionProfile* mutable_profile() { return &profile_; }

  // Called with every event, progress report or checkpoint mark just recorded, on the task's thread; the place to cancel or to die.
  void set_on_event(std::function<void(const tasks::TaskEvent&)> hook) { on_event_ = std::move(hook); }
  void set_on_progress(std::function<void(const tasks::Progress&)> hook) { on_progress_ = std::move(hook); }
  void set_on_checkpoint(std::function<void(int64_t)> hook) { on_checkpoint_ = std::move(hook); }
  void Cancel() { cancelled_ = true; }

  const tasks::TaskPaths& paths() const override { return paths_; }
  const tasks::ExecutionProfile& profile() const override { return profile_; }
  int64_t attempt_epoch() const override { return attempt_epoch_; }
  bool cancelled() const override { return cancelled_; }
  void Report(const tasks::Progress& progress) override ABSL_LOCKS_EXCLUDED(mutex_) {
    {
      MutexLock lock(&mutex_);
      progress_.push_back(progress);
    }
    if (on_progress_) on_progress_(progress);
  }
  void Emit(tasks::TaskEvent event) override ABSL_LOCKS_EXCLUDED(mutex_) {
    {
      MutexLock lock(&mutex_);
      events_.push_back(event);
    }
    if (on_event_) on_event_(event);
  }
  void Checkpointed(int64_t mark) override ABSL_LOCKS_EXCLUDED(mutex_) {
    {
      MutexLock lock(&mutex_);
      marks_.push_back(mark);
    }
    if (on_checkpoint_) on_checkpoint_(mark);
  }

  std::vector<tasks::TaskEvent> events() const ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    return events_;
  }
  std::vector<tasks::Progress> progress() const ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    return progress_;
  }
  std::vector<int64_t> marks() const ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    return marks_;
  }

  // The payloads of one kind, in order: EventsOf<tasks::EpochMetrics>().
  template <typename Payload>
  std::vector<Payload> EventsOf() const {
    std::vector<Payload> found;
    for (const tasks::TaskEvent& event : events()) {
      if (const auto* payload = std::get_if<Payload>(&event.payload)) found.push_back(*payload);
    }
    return found;
  }
  // Messages of the warnings with this code, in order.
  std::vector<std::string> WarningsOf(std::string_view code) const {
    std::vector<std::string> messages;
    for (const tasks::Warning& warning : EventsOf<tasks::Warning>()) {
      if (warning.code == code) messages.push_back(warning.message);
    }
    return messages;
  }

 private:
  FakeTaskContext(const FakeTaskContext* earlier, int64_t attempt_epoch) : attempt_epoch_(attempt_epoch) {
    const std::filesystem::path& own = folder_.path();
    paths_.output_dir = own / "output";
    paths_.artifacts_dir = own / "artifacts";
    const auto shared = [&](auto member, const char* name) { return earlier == nullptr ? own / name : earlier->paths_.*member; };
    paths_.checkpoint_dir = shared(&tasks::TaskPaths::checkpoint_dir, "checkpoints");
    paths_.cache_dir = shared(&tasks::TaskPaths::cache_dir, "cache");
    paths_.objects_dir = shared(&tasks::TaskPaths::objects_dir, "objects");
    for (const auto* path : {&paths_.output_dir, &paths_.artifacts_dir, &paths_.checkpoint_dir, &paths_.cache_dir, &paths_.objects_dir}) {
      std::filesystem::create_directories(*path);
    }
    profile_.instruction_set = "baseline";
    profile_.threads = 2;
    profile_.version = "test";
  }

  const TemporaryDirectory folder_;
  const int64_t attempt_epoch_;
  tasks::TaskPaths paths_;
  tasks::ExecutionProfile profile_;
  std::function<void(const tasks::TaskEvent&)> on_event_;
  std::function<void(const tasks::Progress&)> on_progress_;
  std::function<void(int64_t)> on_checkpoint_;
  std::atomic<bool> cancelled_{false};
  mutable Mutex mutex_;
  std::vector<tasks::TaskEvent> events_ ABSL_GUARDED_BY(mutex_);
  std::vector<tasks::Progress> progress_ ABSL_GUARDED_BY(mutex_);
  std::vector<int64_t> marks_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace seedbed::testing
