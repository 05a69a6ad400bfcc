// The WatchJob RPC: a cursor on a job's event log.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "core/base/clock.h"
#include "core/base/mutex.h"
#include "grpcpp/alarm.h"
#include "grpcpp/support/server_callback.h"
#include "seedbed/v1/job.pb.h"
#include "server/api/guard.h"
#include "server/jobs/job_manager.h"

namespace seedbed::api {

class WatchStream;

// The streams that are open, so that a stopping server can end them. Thread-safe; outlives the gRPC server.
class Watchers {
 public:
  // Ends every stream, and each one that comes later, with UNAVAILABLE and the number to resume from.
  void CloseAll() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  friend class WatchStream;
  // False when closed.
  bool Add(const std::shared_ptr<WatchStream>& stream) ABSL_LOCKS_EXCLUDED(mutex_);
  void Remove(WatchStream* stream) ABSL_LOCKS_EXCLUDED(mutex_);

  Mutex mutex_;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::set<WatchStream*> streams_ ABSL_GUARDED_BY(mutex_);
};

// Nothing is queued for a watcher: it remembers the number of the last event it sent, and each time the client has taken a message the next
// events are read from the store (at most 100, 256 KiB). One that does not read costs one message, and never slows the job. Live progress
// is sent only when the log is drained, the newest only, at most ten times a second; so is the newest picture of it, which all watchers of
// a job share, to those who asked for pictures.
class WatchStream final : public grpc::ServerWriteReactor<v1::WatchJobResponse>, public std::enable_shared_from_this<WatchStream> {
 public:
  static grpc::ServerWriteReactor<v1::WatchJobResponse>* Start(Guard* guard, jobs::JobManager* jobs, Watchers* watchers,
                                                               const v1::WatchJobRequest& request);

  // The server is stopping. Any thread.
  void Close() ABSL_LOCKS_EXCLUDED(mutex_);

  void OnWriteDone(bool ok) override ABSL_LOCKS_EXCLUDED(mutex_);
  void OnCancel() override ABSL_LOCKS_EXCLUDED(mutex_);
  void OnDone() override;

 private:
  friend class Watchers;
  // What to do with response_.
  enum class Step { kWrite, kWriteAndEnd, kEnd, kWait };

  WatchStream(Guard* guard, jobs::JobManager* jobs, Watchers* watchers, const v1::WatchJobRequest& request);

  // Something may have happened. Any thread.
  void Wake() ABSL_LOCKS_EXCLUDED(mutex_);
  void PostPump();
  // Takes one step, on a pool thread. One pump at a time, none while a write is under way.
  void Pump() ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<Step> Next();
  absl::StatusOr<Step> NextEvents();
  // Nothing is left in the log: whether the job has ended, too.
  absl::StatusOr<Step> AtEndOfLog();
  Step NextProgress();
  void WakeAt(MonotonicTime time);
  void EndLocked(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  std::shared_ptr<WatchStream> self_;  // gRPC's reference, given up in OnDone
  Guard::Call call_;
  jobs::JobManager* const jobs_;
  Watchers* const watchers_;
  const v1::WatchJobRequest request_;
  std::unique_ptr<jobs::Subscription> subscription_;  // set before the first pump, reset in OnDone

  // Of the pump, or the write it started.
  v1::WatchJobResponse response_;
  int64_t cursor_;               // last event sent
  bool checked_end_ = false;     // whether the job had already ended when the log was first drained
  MonotonicTime next_progress_;  // not before
  std::string sent_progress_;    // serialised, not to send it twice
  std::shared_ptr<const std::string> sent_preview_;
  std::unique_ptr<grpc::Alarm> alarm_;

  Mutex mutex_;
  bool busy_ ABSL_GUARDED_BY(mutex_) = true;  // a pump is posted or runs, or a write is under way
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<absl::Status> closing_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace seedbed::api
