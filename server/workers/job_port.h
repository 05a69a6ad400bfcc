// What the workers' side asks of the jobs: the part of JobManager that a worker's session needs, as an interface, so that sessions are
// tested without a store. Contracts as in JobManager. Every `done` runs on the session's thread; it may run before the call returns.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "server/jobs/job_manager.h"

namespace seedbed::workers {

class JobPort {
 public:
  template <typename T>
  using Done = jobs::JobManager::Done<T>;

  virtual ~JobPort() = default;
  virtual void Claim(const std::string& slot, const v1::ExecutionProfile& profile, Done<std::optional<v1::Assignment>> done) = 0;
  virtual void Started(const v1::Attempt& attempt, Done<bool> done) = 0;
  virtual void AppendEvent(const v1::Attempt& attempt, const v1::TaskEvent& event, Done<bool> done) = 0;
  virtual void Checkpointed(const v1::Attempt& attempt, int64_t mark, Done<bool> done) = 0;
  virtual void ReportProgress(const v1::Attempt& attempt, const v1::Progress& progress) = 0;
  virtual void Finish(const v1::Attempt& attempt, const v1::TaskFinished& finished, Done<bool> done) = 0;
  virtual void Lost(const v1::Attempt& attempt, const jobs::Loss& loss, Done<bool> done) = 0;
  virtual jobs::JobManager::AttemptState StateOf(const v1::Attempt& attempt) const = 0;
};

}  // namespace seedbed::workers
