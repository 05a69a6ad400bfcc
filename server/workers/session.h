// What the server and the worker of one slot say to each other about jobs. It outlives streams and processes: the attempt that the slot
// holds belongs to it. Knows neither gRPC nor processes nor time.
//
// A stream that breaks loses nothing: the worker comes back, names the attempt it runs, and sends again what was not acknowledged.
// An answer of the store that says "not now" (disk full, shutting down) is treated the same way: the stream is closed, and the worker's
// reconnection is the retry.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "seedbed/v1/worker.pb.h"
#include "server/jobs/job_manager.h"
#include "server/workers/job_port.h"
#include "server/workers/worker_stream.h"

namespace seedbed::workers {

// Not thread-safe: everything, the callbacks of `jobs` included, happens on one thread.
class Session {
 public:
  // `changed` runs when the held attempt has changed. `jobs` is not owned.
  Session(std::string slot, std::chrono::milliseconds lease, JobPort* jobs, std::function<void()> changed);

  // An attempt that the slot's worker may be running since the days of an earlier server.
  void Hold(const v1::Attempt& attempt) { held_ = attempt; }

  // The slot's worker said Hello on `stream`; answers with Welcome. An earlier stream is closed.
  void Attach(std::shared_ptr<WorkerStream> stream, const v1::Hello& hello);
  // The stream is gone; the worker may come back.
  void Detach() { stream_ = nullptr; }
  // Ends the stream, which may make the worker attach again.
  void CloseStream(const absl::Status& status);
  // Any message but Hello.
  void Handle(const v1::WorkerMessage& message);

  // A job may have become runnable.
  void ClaimIfIdle();
  // Tells the worker when it is the one that runs the attempt.
  void CancelRequested(const v1::Attempt& attempt);
  // Asks the worker to checkpoint and exit; nothing is claimed afterwards.
  void Shutdown();
  // The process is gone, or has to be taken for gone: gives the attempt back with the reason.
  void GiveUp(const jobs::Loss& loss);

  const std::shared_ptr<WorkerStream>& stream() const { return stream_; }
  const std::optional<v1::Attempt>& held() const { return held_; }
  // Answers of the jobs that are still to come.
  int pending_calls() const { return pending_calls_; }

 private:
  bool Holds(const v1::Attempt& attempt) const;
  // Decides about the attempt that a worker brings along; true when it may go on.
  bool Reconcile(const v1::Hello& hello);
  void HandleFinished(const v1::Attempt& attempt, const v1::TaskFinished& finished);
  void OnClaimed(uint64_t incarnation, absl::StatusOr<std::optional<v1::Assignment>> assignment);
  // Takes the answer to something said about `attempt`; `number` is acknowledged unless 0.
  void Settle(const v1::Attempt& attempt, int64_t number, const absl::Status& status);
  void Release();
  void ReturnAttempt(const v1::Attempt& attempt, const jobs::Loss& loss);
  void SendAssignment();
  void SendCancelIfRequested();
  void Abandon(const v1::Attempt& attempt);
  void Send(v1::ServerMessage message);
  // Wraps a callback so that pending_calls() is right.
  template <typename T>
  JobPort::Done<T> Counted(JobPort::Done<T> done);

  const std::string slot_;
  const std::chrono::milliseconds lease_;
  JobPort* const jobs_;
  const std::function<void()> changed_;

  std::shared_ptr<WorkerStream> stream_;  // null: not attached
  v1::ExecutionProfile profile_;          // of the worker that attached last
  std::optional<v1::Attempt> held_;
  std::optional<v1::Assignment> undelivered_;  // of the held attempt, until the worker speaks of it
  uint64_t incarnation_ = 0;                   // counts processes: a claim made for one is not given to the next
  bool claiming_ = false;
  bool claim_again_ = false;  // something became runnable while a claim was on its way
  bool shutting_down_ = false;
  int pending_calls_ = 0;
};

}  // namespace seedbed::workers
