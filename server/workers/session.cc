#include "server/workers/session.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/workers/attempt.h"

namespace seedbed::workers {
namespace {

google::protobuf::Duration ToDuration(std::chrono::milliseconds duration) {
  google::protobuf::Duration result;
  result.set_seconds(duration.count() / 1000);
  result.set_nanos(static_cast<int32_t>(duration.count() % 1000) * 1'000'000);
  return result;
}

// Whether saying the same thing again can never help.
bool IsPermanent(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kUnimplemented:
    case absl::StatusCode::kDataLoss:
      return true;
    default:
      return false;
  }
}

}  // namespace

Session::Session(std::string slot, std::chrono::milliseconds lease, JobPort* jobs, std::function<void()> changed)
    : slot_(std::move(slot)), lease_(lease), jobs_(jobs), changed_(std::move(changed)) {}

bool Session::Holds(const v1::Attempt& attempt) const { return held_ && SameAttempt(*held_, attempt); }

void Session::Attach(std::shared_ptr<WorkerStream> stream, const v1::Hello& hello) {
  CloseStream(absl::AbortedError(absl::StrCat("the worker of ", slot_, " attached again")));
  profile_ = hello.profile();
  const bool resume = Reconcile(hello);
  stream_ = std::move(stream);  // nothing is said before the Welcome
  v1::ServerMessage message;
  *message.mutable_welcome()->mutable_lease() = ToDuration(lease_);
  *message.mutable_welcome()->mutable_heartbeat_interval() = ToDuration(lease_ / 3);
  message.mutable_welcome()->set_resume(resume);
  Send(std::move(message));
  if (shutting_down_) {
    Shutdown();
  } else if (undelivered_) {
    SendAssignment();
  }
  SendCancelIfRequested();
  ClaimIfIdle();
}

bool Session::Reconcile(const v1::Hello& hello) {
  if (hello.has_running() && jobs_->StateOf(hello.running()).current) {
    undelivered_.reset();
    if (!Holds(hello.running())) {
      held_ = hello.running();
      changed_();
    }
    return true;
  }
  // An assignment that did not reach the worker is sent again; an attempt that it has and does not know of any more is lost.
  if (held_ && !undelivered_) {
    GiveUp({.reason = v1::REASON_WORKER_LOST, .message = absl::StrCat("worker ", slot_, " came back without the job")});
  }
  return false;
}

void Session::CloseStream(const absl::Status& status) {
  if (auto stream = std::exchange(stream_, nullptr)) stream->Close(status);
}

void Session::Handle(const v1::WorkerMessage& message) {
  if (message.has_heartbeat()) {
    v1::ServerMessage answer;
    answer.mutable_lease_renewed();
    Send(std::move(answer));
    return ClaimIfIdle();  // in case a wake-up was missed, or the last claim failed
  }
  const v1::Attempt& attempt = message.attempt();
  if (!Holds(attempt)) return Abandon(attempt);
  undelivered_.reset();
  const auto settle = [this, attempt](int64_t number) {
    return Counted<bool>([this, attempt, number](const absl::StatusOr<bool>& done) { Settle(attempt, number, done.status()); });
  };
  switch (message.message_case()) {
    case v1::WorkerMessage::kStarted:
      return jobs_->Started(attempt, settle(0));
    case v1::WorkerMessage::kProgress:
      return jobs_->ReportProgress(attempt, message.progress());
    case v1::WorkerMessage::kEvent:
      return jobs_->AppendEvent(attempt, message.event(), settle(message.event().number()));
    case v1::WorkerMessage::kCheckpoint:
      return jobs_->Checkpointed(attempt, message.checkpoint().mark(), settle(0));
    case v1::WorkerMessage::kFinished:
      return HandleFinished(attempt, message.finished());
    default:
      return;  // of a later version
  }
}

void Session::HandleFinished(const v1::Attempt& attempt, const v1::TaskFinished& finished) {
  const bool is_failure = finished.outcome() == v1::TaskFinished::OUTCOME_FAILED;
  jobs_->Finish(attempt, finished, Counted<bool>([this, attempt, number = finished.number(), is_failure](const absl::StatusOr<bool>& done) {
                  if (IsPermanent(done.status()) && !is_failure && Holds(attempt)) {
                    v1::TaskFinished failed;
                    failed.set_number(number);
                    failed.set_outcome(v1::TaskFinished::OUTCOME_FAILED);
                    failed.mutable_error()->set_reason(v1::REASON_INTERNAL);
                    failed.mutable_error()->set_message(absl::StrCat("the result could not be kept: ", done.status().message()));
                    return HandleFinished(attempt, failed);
                  }
                  if (done.ok() && Holds(attempt)) Release();
                  Settle(attempt, number, done.status());
                }));
}

void Session::Settle(const v1::Attempt& attempt, int64_t number, const absl::Status& status) {
  if (status.ok()) {
    if (number != 0) {
      v1::ServerMessage message;
      *message.mutable_acknowledge()->mutable_attempt() = attempt;
      message.mutable_acknowledge()->set_number(number);
      Send(std::move(message));
    }
  } else if (absl::IsAborted(status)) {
    if (Holds(attempt)) Release();
    Abandon(attempt);
  } else if (!IsPermanent(status)) {
    CloseStream(absl::UnavailableError(status.message()));
  } else if (Holds(attempt)) {
    Abandon(attempt);
    GiveUp({.reason = v1::REASON_WORKER_LOST,
            .message = absl::StrCat("what worker ", slot_, " said could not be stored: ", status.message())});
  }
  ClaimIfIdle();
}

void Session::Release() {
  held_.reset();
  undelivered_.reset();
  changed_();
}

void Session::ClaimIfIdle() {
  if (stream_ == nullptr || held_ || shutting_down_) return;
  if (claiming_) {
    claim_again_ = true;
    return;
  }
  claiming_ = true;
  claim_again_ = false;
  jobs_->Claim(
      slot_, profile_,
      Counted<std::optional<v1::Assignment>>([this, incarnation = incarnation_](absl::StatusOr<std::optional<v1::Assignment>> assignment) {
        OnClaimed(incarnation, std::move(assignment));
      }));
}

void Session::OnClaimed(uint64_t incarnation, absl::StatusOr<std::optional<v1::Assignment>> assignment) {
  claiming_ = false;
  if (!assignment.ok()) return;  // the next heartbeat tries again
  if (!assignment->has_value()) {
    if (claim_again_) ClaimIfIdle();
    return;
  }
  const v1::Attempt attempt = (*assignment)->attempt();
  if (shutting_down_) return ReturnAttempt(attempt, {.reason = v1::REASON_DRAINED, .message = "the server is stopping"});
  if (incarnation != incarnation_ || held_) {
    return ReturnAttempt(
        attempt, {.reason = v1::REASON_WORKER_LOST, .message = absl::StrCat("worker ", slot_, " ended before it was given the job")});
  }
  held_ = attempt;
  undelivered_ = **std::move(assignment);
  changed_();
  SendAssignment();
  SendCancelIfRequested();  // asked for while the claim was on its way
}

void Session::CancelRequested(const v1::Attempt& attempt) {
  if (!Holds(attempt)) return;
  v1::ServerMessage message;
  *message.mutable_cancel()->mutable_attempt() = attempt;
  Send(std::move(message));
}

void Session::SendCancelIfRequested() {
  if (held_ && jobs_->StateOf(*held_).cancel_requested) CancelRequested(*held_);
}

void Session::Shutdown() {
  shutting_down_ = true;
  v1::ServerMessage message;
  message.mutable_shutdown();
  Send(std::move(message));
}

void Session::GiveUp(const jobs::Loss& loss) {
  ++incarnation_;
  if (!held_) return;
  const v1::Attempt attempt = *held_;
  Release();
  ReturnAttempt(attempt, loss);
}

void Session::ReturnAttempt(const v1::Attempt& attempt, const jobs::Loss& loss) {
  // ABORTED: it was not ours any more. Anything else: the store is at fault, and recovery finds the attempt at the next start.
  jobs_->Lost(attempt, loss, Counted<bool>([this](const absl::StatusOr<bool>&) { ClaimIfIdle(); }));
}

void Session::SendAssignment() {
  v1::ServerMessage message;
  *message.mutable_assignment() = *undelivered_;
  Send(std::move(message));
}

void Session::Abandon(const v1::Attempt& attempt) {
  v1::ServerMessage message;
  *message.mutable_abandon()->mutable_attempt() = attempt;
  Send(std::move(message));
}

void Session::Send(v1::ServerMessage message) {
  if (stream_ != nullptr) stream_->Send(std::move(message));
}

template <typename T>
JobPort::Done<T> Session::Counted(JobPort::Done<T> done) {
  ++pending_calls_;
  return [this, done = std::move(done)](absl::StatusOr<T> result) {
    --pending_calls_;
    done(std::move(result));
  };
}

}  // namespace seedbed::workers
