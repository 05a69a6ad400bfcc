#include "server/workers/supervisor.h"

#include <signal.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/workers/token.h"
#include "server/workers/worker_contract.h"

namespace seedbed::workers {
namespace {

std::string Seconds(std::chrono::milliseconds duration) { return absl::StrCat(static_cast<double>(duration.count()) / 1000.0, " s"); }

void SetTimestamp(int64_t wall_micros, google::protobuf::Timestamp* timestamp) {
  timestamp->set_seconds(wall_micros / 1'000'000);
  timestamp->set_nanos(static_cast<int32_t>(wall_micros % 1'000'000) * 1000);
}

}  // namespace

Supervisor::Supervisor(SupervisorOptions options, ProcessHost* processes, JobPort* jobs, const Clock* clock,
                       std::function<void(const v1::Worker&)> changed)
    : options_(std::move(options)),
      processes_(processes),
      jobs_(jobs),
      clock_(clock),
      changed_(std::move(changed)),
      leases_(options_.lease) {
  for (const Slot& slot : options_.slots) AddPlace(slot, false);
}

void Supervisor::AddPlace(const Slot& slot, bool is_retired) {
  auto session = std::make_unique<Session>(slot.name, options_.lease, jobs_, [this, name = slot.name] { OnHeldChanged(name); });
  places_.push_back(std::unique_ptr<Place>(new Place{
      .slot = slot, .is_retired = is_retired, .session = std::move(session), .state = SlotState(options_.restart, clock_->Monotonic())}));
}

template <typename Predicate>
Supervisor::Place* Supervisor::FindPlaceIf(Predicate predicate) {
  const auto found = std::find_if(places_.begin(), places_.end(), [&](const auto& place) { return predicate(*place); });
  return found == places_.end() ? nullptr : found->get();
}

Supervisor::Place* Supervisor::FindPlace(const std::string& slot) {
  return FindPlaceIf([&](const Place& place) { return place.slot.name == slot; });
}

void Supervisor::Start(const std::vector<jobs::RecoveryReport::Held>& held) {
  started_ = true;
  for (const auto& [attempt, slot] : held) {
    if (FindPlace(slot) == nullptr) AddPlace({.name = slot, .device = ""}, true);
    FindPlace(slot)->session->Hold(attempt);
  }
  for (const auto& place : places_) Fill(*place);
}

void Supervisor::Fill(Place& place) {
  if (AdoptLiving(place)) return;
  place.session->GiveUp(
      {.reason = v1::REASON_WORKER_LOST, .message = absl::StrCat("worker ", place.slot.name, " ended while the server was away")});
  if (place.is_retired) return;
  const MonotonicTime now = clock_->Monotonic();
  const absl::StatusOr<pid_t> pid = processes_->Start(place.slot);
  if (pid.ok()) {
    place.state.Started(now);
    place.pid = *pid;
    place.start_deadline = now + options_.start_limit;
  } else {
    place.state.NotStarted(now, absl::StrCat("could not be started: ", pid.status().message()));
  }
  Announce(place);
}

bool Supervisor::AdoptLiving(Place& place) {
  const std::optional<pid_t> pid = processes_->Adopt(place.slot.name);
  if (!pid) return false;
  place.state.Started(clock_->Monotonic());
  place.pid = *pid;
  leases_.Grant(place.slot.name, clock_->Monotonic());
  Announce(place);
  return true;
}

void Supervisor::OnMessage(const std::shared_ptr<WorkerStream>& stream, const v1::WorkerMessage& message) {
  if (message.has_hello()) return Attach(stream, message.hello());
  Place* place = FindPlaceIf([&](const Place& candidate) { return candidate.session->stream() == stream; });
  if (place == nullptr) return stream->Close(absl::UnauthenticatedError("the first message must be a Hello"));
  leases_.Renew(place->slot.name, clock_->Monotonic());
  place->last_heartbeat_micros = clock_->WallMicros();
  place->session->Handle(message);
  stream->ReadNext();
}

absl::Status Supervisor::CheckHello(const v1::Hello& hello, Place** place) {
  *place = FindPlace(hello.slot());
  const bool is_known = SameToken(hello.token(), options_.token);
  if (!is_known || (started_ && *place == nullptr)) {
    return absl::UnauthenticatedError(absl::StrCat("the server knows no worker of slot \"", hello.slot(),
                                                   "\" with this token: workers are started by the server itself"));
  }
  if (!started_) return absl::UnavailableError("the server is starting");
  if ((*place)->is_retired) return absl::PermissionDeniedError(absl::StrCat("the server has no slot ", hello.slot(), " any more"));
  if ((*place)->pid != hello.pid() || (*place)->exit) {
    return absl::PermissionDeniedError(absl::StrCat("process ", hello.pid(), " is not the worker of slot ", hello.slot()));
  }
  return absl::OkStatus();
}

void Supervisor::Attach(const std::shared_ptr<WorkerStream>& stream, const v1::Hello& hello) {
  Place* place = nullptr;
  if (const absl::Status status = CheckHello(hello, &place); !status.ok()) return stream->Close(status);
  place->start_deadline.reset();
  place->version = hello.version();
  place->last_heartbeat_micros = clock_->WallMicros();
  leases_.Grant(place->slot.name, clock_->Monotonic());
  place->state.Attached();
  place->session->Attach(stream, hello);
  place->state.SetBusy(place->session->held().has_value());
  Announce(*place);
  stream->ReadNext();
}

void Supervisor::OnStreamEnded(const WorkerStream* stream) {
  Place* place = FindPlaceIf([&](const Place& candidate) { return candidate.session->stream().get() == stream; });
  if (place == nullptr) return;
  place->session->Detach();
  if (place->exit) Bury(*place);
}

void Supervisor::OnProcessEnded(pid_t pid, const ProcessExit& exit) {
  Place* place = FindPlaceIf([&](const Place& candidate) { return candidate.pid == pid; });
  if (place == nullptr) return;
  place->exit = exit;
  place->last_words_deadline = clock_->Monotonic() + options_.last_words;
  if (place->session->stream() == nullptr) Bury(*place);
}

void Supervisor::Bury(Place& place) {
  const ProcessExit exit = *std::exchange(place.exit, std::nullopt);
  place.session->CloseStream(absl::UnavailableError("the worker's process has ended"));
  leases_.Revoke(place.slot.name);
  place.start_deadline.reset();
  place.pid = 0;
  place.state.Ended(clock_->Monotonic(), exit.Describe());
  place.session->GiveUp(LossFrom(place, exit));
  Announce(place);
}

jobs::Loss Supervisor::LossFrom(const Place& place, const ProcessExit& exit) const {
  if (stopping_) return {.reason = v1::REASON_DRAINED, .message = "the server was stopped"};
  const bool is_exit = exit.kind == ProcessExit::Kind::kExited;
  v1::Reason reason = v1::REASON_WORKER_CRASHED;
  if (is_exit && exit.value == kExitAsked) reason = v1::REASON_DRAINED;
  if (exit.kind == ProcessExit::Kind::kUnknown || (is_exit && exit.value == kExitLeaseRanOut)) reason = v1::REASON_WORKER_LOST;
  return {.reason = reason, .message = absl::StrCat("worker ", place.slot.name, " ", exit.Describe())};
}

void Supervisor::OnJobsRunnable() {
  for (const auto& place : places_) place->session->ClaimIfIdle();
}

void Supervisor::OnCancelRequested(const v1::Attempt& attempt) {
  for (const auto& place : places_) place->session->CancelRequested(attempt);
}

void Supervisor::OnHeldChanged(const std::string& slot) {
  Place* place = FindPlace(slot);
  place->state.SetBusy(place->session->held().has_value());
  Announce(*place);
}

MonotonicTime Supervisor::Tick() {
  const MonotonicTime now = clock_->Monotonic();
  for (const std::string& slot : leases_.TakeExpired(now)) OnLeaseExpired(*FindPlace(slot));
  MonotonicTime next = leases_.NextExpiry().value_or(MonotonicTime::max());
  for (const auto& place : places_) {
    if (place->start_deadline && *place->start_deadline <= now) OnStartLimit(*place);
    if (place->exit && place->last_words_deadline <= now) Bury(*place);
    const bool is_vacant = started_ && !stopping_ && !place->is_retired && !place->state.has_process();
    if (is_vacant && place->state.next_start() <= now) Fill(*place);
    if (is_vacant && !place->state.has_process()) next = std::min(next, place->state.next_start());
    if (place->start_deadline) next = std::min(next, *place->start_deadline);
    if (place->exit) next = std::min(next, place->last_words_deadline);
  }
  return next;
}

void Supervisor::OnLeaseExpired(Place& place) {
  // The process is killed first: one that was only frozen must not wake up and go on with a job that another then has.
  if (!place.exit) processes_->Kill(place.pid, SIGKILL);
  const std::string message = absl::StrCat("worker ", place.slot.name, " did not answer for its lease of ", Seconds(options_.lease));
  place.session->CloseStream(absl::DeadlineExceededError(message));
  place.session->GiveUp({.reason = v1::REASON_WORKER_LOST, .message = message});
}

void Supervisor::OnStartLimit(Place& place) {
  place.start_deadline.reset();
  processes_->Kill(place.pid, SIGKILL);
}

void Supervisor::BeginStop() {
  stopping_ = true;
  for (const auto& place : places_) {
    place->session->Shutdown();
    if (place->pid != 0 && !place->exit && place->session->stream() == nullptr) processes_->Kill(place->pid, SIGTERM);
  }
}

void Supervisor::KillAll() {
  for (const auto& place : places_) {
    if (place->pid != 0 && !place->exit) processes_->Kill(place->pid, SIGKILL);
  }
}

bool Supervisor::Stopped() const {
  return std::all_of(places_.begin(), places_.end(),
                     [](const auto& place) { return place->pid == 0 && place->session->pending_calls() == 0; });
}

std::vector<v1::Worker> Supervisor::List() const {
  std::vector<v1::Worker> workers;
  for (const auto& place : places_) {
    if (!place->is_retired) workers.push_back(Describe(*place));
  }
  return workers;
}

v1::Worker Supervisor::Describe(const Place& place) const {
  v1::Worker worker;
  worker.set_slot(place.slot.name);
  worker.set_state(place.state.state());
  worker.set_pid(place.pid);
  worker.set_device(place.slot.device);
  worker.set_version(place.version);
  if (place.session->held()) worker.set_job_id(place.session->held()->job_id());
  if (place.last_heartbeat_micros != 0) SetTimestamp(place.last_heartbeat_micros, worker.mutable_last_heartbeat_time());
  worker.set_restarts(place.state.restarts());
  worker.set_last_exit(place.state.last_end());
  return worker;
}

}  // namespace seedbed::workers
