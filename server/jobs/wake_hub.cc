#include "server/jobs/wake_hub.h"

#include <algorithm>

namespace seedbed::jobs {

// One callback. Its own lock is held during a call, so that Stop() waits for a running one.
class WakeHub::Watcher {
 public:
  explicit Watcher(std::function<void()> wake) : wake_(std::move(wake)) {}

  void Wake() ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    if (wake_) wake_();
  }
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    wake_ = nullptr;
  }

 private:
  Mutex mutex_;
  std::function<void()> wake_ ABSL_GUARDED_BY(mutex_);
};

class WakeHub::Registration : public Subscription {
 public:
  Registration(std::shared_ptr<Watchers> watchers, std::string job_id, std::shared_ptr<Watcher> watcher)
      : watchers_(std::move(watchers)), job_id_(std::move(job_id)), watcher_(std::move(watcher)) {}

  ~Registration() override {
    Remove();
    watcher_->Stop();
  }

 private:
  void Remove() {
    MutexLock lock(&watchers_->mutex);
    const auto found = watchers_->of_job.find(job_id_);
    std::erase(found->second, watcher_);
    if (found->second.empty()) watchers_->of_job.erase(found);
  }

  const std::shared_ptr<Watchers> watchers_;
  const std::string job_id_;
  const std::shared_ptr<Watcher> watcher_;
};

std::unique_ptr<Subscription> WakeHub::Subscribe(const std::string& job_id, std::function<void()> wake) {
  auto watcher = std::make_shared<Watcher>(std::move(wake));
  {
    MutexLock lock(&watchers_->mutex);
    watchers_->of_job[job_id].push_back(watcher);
  }
  return std::make_unique<Registration>(watchers_, job_id, std::move(watcher));
}

void WakeHub::Wake(const std::string& job_id) {
  std::vector<std::shared_ptr<Watcher>> watchers;
  {
    MutexLock lock(&watchers_->mutex);
    const auto found = watchers_->of_job.find(job_id);
    if (found == watchers_->of_job.end()) return;
    watchers = found->second;
  }
  for (const auto& watcher : watchers) watcher->Wake();
}

}  // namespace seedbed::jobs
