// Keeps a living worker in every slot: starts processes, admits those that attach, watches their leases, ends what does not answer, and
// gives the attempts of the dead back. All decisions about workers are here; processes, streams, jobs and time are brought by others.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "seedbed/v1/admin.pb.h"
#include "server/jobs/job_manager.h"
#include "server/workers/lease_table.h"
#include "server/workers/process.h"
#include "server/workers/process_host.h"
#include "server/workers/session.h"
#include "server/workers/slot_state.h"

namespace seedbed::workers {

struct SupervisorOptions {
  std::vector<Slot> slots;
  std::string token;  // what workers must show
  std::chrono::milliseconds lease{15'000};
  std::chrono::milliseconds start_limit{60'000};  // time a new process has to attach
  // Time for reading what a dead worker had still sent.
  std::chrono::milliseconds last_words{1'000};
  SlotState::Options restart;
};

// Not thread-safe: everything happens on one thread.
class Supervisor {
 public:
  // `changed` runs after each change of a worker, with its new description. Nothing is owned.
  Supervisor(SupervisorOptions options, ProcessHost* processes, JobPort* jobs, const Clock* clock,
             std::function<void(const v1::Worker&)> changed);

  // Before it, workers of an earlier server that knock are asked to come again.
  void Start(const std::vector<jobs::RecoveryReport::Held>& held);

  void OnMessage(const std::shared_ptr<WorkerStream>& stream, const v1::WorkerMessage& message);
  void OnStreamEnded(const WorkerStream* stream);
  void OnProcessEnded(pid_t pid, const ProcessExit& exit);
  void OnJobsRunnable();
  void OnCancelRequested(const v1::Attempt& attempt);
  // Does what is due; returns when to be called again at the latest.
  MonotonicTime Tick();

  // Asks all workers to checkpoint and exit; nothing is started afterwards.
  void BeginStop();
  // For those that did not.
  void KillAll();
  // Whether all processes have ended and all their attempts were given back.
  bool Stopped() const;

  std::vector<v1::Worker> List() const;

 private:
  // One place for a worker, with its process if there is one.
  struct Place {
    const Slot slot;
    // Not configured any more: nothing is started here; only the attempt of an earlier server's worker is awaited.
    const bool is_retired;
    const std::unique_ptr<Session> session;
    SlotState state;
    pid_t pid = 0;  // 0: no process
    std::string version = {};
    std::optional<MonotonicTime> start_deadline = {};  // a process that we started has to attach by then
    std::optional<ProcessExit> exit = {};              // it has ended; the stream may still hold its last words
    MonotonicTime last_words_deadline = {};
    int64_t last_heartbeat_micros = 0;  // wall clock; 0: never
  };

  void AddPlace(const Slot& slot, bool is_retired);
  Place* FindPlace(const std::string& slot);
  template <typename Predicate>
  Place* FindPlaceIf(Predicate predicate);
  // Puts a process into the place: the one of an earlier server if it still lives, else a new one.
  void Fill(Place& place);
  bool AdoptLiving(Place& place);
  // OK when the worker may attach; `place` is then its place.
  absl::Status CheckHello(const v1::Hello& hello, Place** place);
  void Attach(const std::shared_ptr<WorkerStream>& stream, const v1::Hello& hello);
  void OnLeaseExpired(Place& place);
  void OnStartLimit(Place& place);
  // The process has ended and said all it had to say.
  void Bury(Place& place);
  jobs::Loss LossFrom(const Place& place, const ProcessExit& exit) const;
  void OnHeldChanged(const std::string& slot);
  v1::Worker Describe(const Place& place) const;
  void Announce(const Place& place) const { changed_(Describe(place)); }

  const SupervisorOptions options_;
  ProcessHost* const processes_;
  JobPort* const jobs_;
  const Clock* const clock_;
  const std::function<void(const v1::Worker&)> changed_;

  std::vector<std::unique_ptr<Place>> places_;
  LeaseTable leases_;  // by slot: attached workers, and those of an earlier server that are awaited
  bool started_ = false;
  bool stopping_ = false;
};

}  // namespace seedbed::workers
