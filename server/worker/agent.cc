#include "server/worker/agent.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "server/workers/attempt.h"
#include "server/workers/worker_contract.h"

namespace seedbed::worker {
namespace {

using workers::SameAttempt;

std::chrono::milliseconds FromProto(const google::protobuf::Duration& duration) {
  return std::chrono::seconds(duration.seconds()) + std::chrono::milliseconds(duration.nanos() / 1'000'000);
}

}  // namespace

Agent::Agent(AgentOptions options, TaskFunction task, Connector* connector, const Clock* clock, log::Logger* log,
             std::function<void()> wake)
    : options_(std::move(options)),
      task_(std::move(task)),
      connector_(connector),
      clock_(clock),
      log_(log),
      wake_(std::move(wake)),
      next_connect_(clock->Monotonic()),
      backoff_(options_.first_backoff),
      lease_(clock->Monotonic(), options_.patience) {}

bool Agent::Runs(const v1::Attempt& attempt) const {
  return running_ != nullptr && !running_->abandoned() && SameAttempt(running_->attempt(), attempt);
}

bool Agent::Awaits(const v1::Attempt& attempt) const { return waiting_ && SameAttempt(waiting_->attempt(), attempt); }

std::optional<v1::Attempt> Agent::Current() const {
  if (waiting_) return waiting_->attempt();
  if (running_ != nullptr && !running_->abandoned()) return running_->attempt();
  return std::nullopt;
}

void Agent::Connect(MonotonicTime now) {
  stream_ = connector_->Connect();
  hello_sent_ = now;
  v1::WorkerMessage message;
  v1::Hello& hello = *message.mutable_hello();
  hello.set_slot(options_.slot);
  hello.set_token(options_.token);
  hello.set_pid(::getpid());
  hello.set_version(options_.profile.version());
  *hello.mutable_profile() = options_.profile;
  if (const std::optional<v1::Attempt> current = Current()) *hello.mutable_running() = *current;
  stream_->Send(std::move(message));
}

void Agent::OnMessage(const ServerStream* stream, const v1::ServerMessage& message) {
  if (stream != stream_.get()) return;
  switch (message.message_case()) {
    case v1::ServerMessage::kWelcome:
      return OnWelcome(message.welcome());
    case v1::ServerMessage::kAssignment:
      return OnAssignment(message.assignment());
    case v1::ServerMessage::kCancel:
      return OnCancel(message.cancel().attempt());
    case v1::ServerMessage::kAcknowledge:
      if (Runs(message.acknowledge().attempt())) running_->outbox().Acknowledge(message.acknowledge().number());
      return;
    case v1::ServerMessage::kAbandon:
      return OnAbandon(message.abandon().attempt());
    case v1::ServerMessage::kShutdown:
      return Shutdown();
    case v1::ServerMessage::kLeaseRenewed:
      return lease_.HeartbeatAnswered();
    default:
      return;  // of a later version
  }
}

void Agent::OnWelcome(const v1::Welcome& welcome) {
  welcome_ = true;
  backoff_ = options_.first_backoff;
  lease_.Welcome(hello_sent_, FromProto(welcome.lease()), FromProto(welcome.heartbeat_interval()));
  const std::optional<v1::Attempt> current = Current();
  log_->Info("attached", {{"worker", options_.slot}, {"resumes", welcome.resume() && current ? current->job_id() : ""}});
  if (!current) return;
  if (!welcome.resume()) return OnAbandon(*current);
  if (running_ != nullptr) running_->outbox().Resend();
}

void Agent::OnAssignment(const v1::Assignment& assignment) {
  if (Runs(assignment.attempt()) || Awaits(assignment.attempt())) return;
  // Whatever ran before: the server has done with it.
  if (running_ == nullptr) return Begin(assignment);
  running_->Abandon();
  waiting_ = assignment;
  waiting_cancelled_ = false;
}

void Agent::OnCancel(const v1::Attempt& attempt) {
  if (Runs(attempt)) running_->Cancel();
  if (Awaits(attempt)) waiting_cancelled_ = true;
}

void Agent::OnAbandon(const v1::Attempt& attempt) {
  if (Awaits(attempt)) waiting_.reset();
  if (!Runs(attempt)) return;
  log_->Warning("task_abandoned", {{"worker", options_.slot}, {"job", attempt.job_id()}});
  running_->Abandon();
}

void Agent::Begin(const v1::Assignment& assignment) {
  log_->Info("task_begins", {{"worker", options_.slot}, {"job", assignment.attempt().job_id()}, {"attempt", assignment.attempt_number()}});
  running_ = std::make_unique<RunningTask>(assignment, task_, options_.cache_max_bytes, wake_);
  if (shutting_down_) running_->Drain();
}

void Agent::OnClosed(const ServerStream* stream, const absl::Status& status) {
  if (stream != stream_.get()) return;
  stream_ = nullptr;
  welcome_ = false;
  lease_.Disconnected();
  if (absl::IsUnauthenticated(status) || absl::IsPermissionDenied(status)) {
    log_->Error("refused", {{"worker", options_.slot}, {"message", std::string(status.message())}});
    return Exit(workers::kExitRefused);
  }
  log_->Debug("stream_closed", {{"worker", options_.slot}, {"message", status.ToString()}});
  next_connect_ = clock_->Monotonic() + backoff_;
  backoff_ = std::min(2 * backoff_, options_.max_backoff);
}

void Agent::Shutdown() {
  shutting_down_ = true;
  if (running_ != nullptr) running_->Drain();
}

MonotonicTime Agent::Tick() {
  const MonotonicTime now = clock_->Monotonic();
  if (!exit_code_ && now >= lease_.deadline()) {
    log_->Error("lease_ran_out", {{"worker", options_.slot}, {"message", "no answer from the server: stopping"}});
    Exit(workers::kExitLeaseRanOut);
  }
  Reap();
  if (!exit_code_ && shutting_down_ && running_ == nullptr) Exit(workers::kExitAsked);
  if (exit_code_) return MonotonicTime::max();
  if (stream_ == nullptr && now >= next_connect_) Connect(now);
  SendDue(now);
  return NextDue();
}

void Agent::Reap() {
  if (running_ == nullptr || !running_->ended() || !running_->outbox().done()) return;
  log_->Info("task_ended", {{"worker", options_.slot}, {"job", running_->attempt().job_id()}});
  running_.reset();
  if (!waiting_) return;
  const v1::Assignment assignment = *std::exchange(waiting_, std::nullopt);
  Begin(assignment);
  if (waiting_cancelled_) running_->Cancel();
}

void Agent::SendDue(MonotonicTime now) {
  if (!welcome_) return;
  if (now >= lease_.next_heartbeat()) {
    v1::WorkerMessage heartbeat;
    heartbeat.mutable_heartbeat();
    stream_->Send(std::move(heartbeat));
    lease_.HeartbeatSent(now);
  }
  if (running_ == nullptr) return;
  for (v1::WorkerMessage& message : running_->outbox().TakeUnsent(now)) stream_->Send(std::move(message));
}

MonotonicTime Agent::NextDue() const {
  MonotonicTime next = lease_.deadline();
  if (stream_ == nullptr) next = std::min(next, next_connect_);
  if (welcome_) {
    next = std::min(next, lease_.next_heartbeat());
    if (running_ != nullptr) next = std::min(next, running_->outbox().ProgressDue());
  }
  return next;
}

void Agent::Exit(int code) {
  exit_code_ = code;
  if (running_ != nullptr) running_->Abandon();
  if (stream_ != nullptr) stream_->Close();
}

}  // namespace seedbed::worker
