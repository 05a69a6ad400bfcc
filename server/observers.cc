#include "server/observers.h"

#include <utility>

namespace seedbed {
namespace {

// "JOB_STATE_RUNNING" -> "RUNNING".
std::string Bare(const std::string& enum_name, std::string_view prefix) { return enum_name.substr(prefix.size()); }

bool IsUp(v1::WorkerState state) { return state == v1::WORKER_STATE_IDLE || state == v1::WORKER_STATE_BUSY; }

}  // namespace

void Observers::OnTransition(const v1::Job& job, v1::JobState from, const v1::StateChange& change) {
  metrics_->jobs().OnTransition(job, from, change);
  ticker_->Wake();  // a back-off or a timeout may have begun
  const std::string kind = Bare(v1::JobKind_Name(job.kind()), "JOB_KIND_");
  const std::string state = Bare(v1::JobState_Name(change.state()), "JOB_STATE_");
  const std::string reason = Bare(v1::Reason_Name(change.reason()), "REASON_");
  if (change.reason() == v1::REASON_UNSPECIFIED) {
    logger_->Info("job_state",
                  {{"job", job.id()}, {"kind", kind}, {"state", state}, {"attempt", change.attempt()}, {"worker", change.worker()}});
    return;
  }
  const log::Logger::Fields fields = {{"job", job.id()},
                                      {"kind", kind},
                                      {"state", state},
                                      {"attempt", change.attempt()},
                                      {"worker", change.worker()},
                                      {"reason", reason},
                                      {"message", change.message()}};
  const bool is_user_wish = change.reason() == v1::REASON_CANCELLED_BY_USER || change.reason() == v1::REASON_DRAINED;
  is_user_wish ? logger_->Info("job_state", fields) : logger_->Warning("job_state", fields);
  if (change.state() != v1::JOB_STATE_FAILED) return;
  MutexLock lock(&mutex_);
  last_failure_ = change.message().empty() ? reason : change.message();
}

void Observers::OnEvent(std::string_view job_id, std::string_view worker_slot, const v1::Event& event) {
  metrics_->jobs().OnEvent(job_id, worker_slot, event);
  if (event.has_warning()) {
    logger_->Warning("job_warning", {{"job", job_id}, {"code", event.warning().code()}, {"message", event.warning().message()}});
  } else if (event.has_epoch()) {
    logger_->Debug("job_epoch", {{"job", job_id}, {"epoch", event.epoch().epoch()}, {"loss", event.epoch().loss()}});
  }
}

void Observers::OnWorkerState(const v1::Worker& worker) {
  metrics_->workers().OnWorkerState(worker);
  v1::WorkerState before;
  {
    MutexLock lock(&mutex_);
    before = std::exchange(worker_states_[worker.slot()], worker.state());
  }
  if (before == worker.state() || (IsUp(before) && IsUp(worker.state()))) return;
  const log::Field slot("worker", worker.slot());
  switch (worker.state()) {
    case v1::WORKER_STATE_STARTING:
      return logger_->Info("worker_start", {slot, {"pid", worker.pid()}, {"restarts", worker.restarts()}});
    case v1::WORKER_STATE_IDLE:
    case v1::WORKER_STATE_BUSY:
      return logger_->Info("worker_up", {slot, {"pid", worker.pid()}, {"device", worker.device()}});
    case v1::WORKER_STATE_RESTARTING:
      return logger_->Warning("worker_exit", {slot, {"message", worker.last_exit()}});
    case v1::WORKER_STATE_UNHEALTHY:
      return logger_->Error("worker_unhealthy", {slot, {"message", worker.last_exit()}, {"restarts", worker.restarts()}});
    default:
      return;
  }
}

std::string Observers::last_failure() const {
  MutexLock lock(&mutex_);
  return last_failure_;
}

}  // namespace seedbed
