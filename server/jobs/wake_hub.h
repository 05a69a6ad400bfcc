// Who wants to be woken when something happens to a job.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/mutex.h"
#include "server/jobs/job_manager.h"

namespace seedbed::jobs {

// Thread-safe. Subscriptions may outlive the hub.
class WakeHub {
 public:
  std::unique_ptr<Subscription> Subscribe(const std::string& job_id, std::function<void()> wake);
  // Calls every callback of the job.
  void Wake(const std::string& job_id);

 private:
  class Watcher;
  struct Watchers {
    Mutex mutex;
    std::unordered_map<std::string, std::vector<std::shared_ptr<Watcher>>> of_job ABSL_GUARDED_BY(mutex);
  };
  class Registration;

  const std::shared_ptr<Watchers> watchers_ = std::make_shared<Watchers>();
};

}  // namespace seedbed::jobs
