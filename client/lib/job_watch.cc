#include "client/lib/job_watch.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/lib/request_id.h"
#include "client/lib/status.h"
#include "core/base/status_macros.h"

namespace seedbed::client {
namespace {

// Codes that the same request would get again.
bool IsFinal(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kUnimplemented:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
      return true;
    default:
      return false;
  }
}

}  // namespace

bool IsTerminal(v1::JobState state) {
  return state == v1::JOB_STATE_SUCCEEDED || state == v1::JOB_STATE_FAILED || state == v1::JOB_STATE_CANCELLED;
}

bool IsTerminal(const v1::Event& event) { return event.has_state() && IsTerminal(event.state().state()); }

// One connection of a watch. It reads one message ahead of its reader, so a slow reader slows the stream and memory stays bounded.
class JobWatch::EventStream final : public grpc::ClientReadReactor<v1::WatchJobResponse> {
 public:
  enum class Outcome { kMessage, kEnded, kDeadline };

  EventStream(v1::JobService::Stub* stub, v1::WatchJobRequest request) : request_(std::move(request)) {
    stub->async()->WatchJob(&context_, &request_, this);
    AddHold();  // reads are started outside reactions; kept until the last read has ended
    StartRead(&incoming_);
    StartCall();
  }

  // Cancels what is still going on and waits until gRPC lets go of this object.
  ~EventStream() override {
    context_.TryCancel();
    bool release = false;
    {
      MutexLock lock(&mutex_);
      closing_ = true;
      release = readable_;  // no read is outstanding whose end would release the hold
    }
    if (release) RemoveHold();
    MutexLock lock(&mutex_);
    while (!done_) changed_.Wait(&mutex_);
  }

  // kEnded: there will be no further message, and status() says why.
  Outcome Next(v1::WatchJobResponse* message, MonotonicTime deadline) ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    while (!readable_ && !done_) {
      if (deadline == MonotonicTime::max()) {
        changed_.Wait(&mutex_);
      } else if (!changed_.WaitUntil(&mutex_, deadline)) {
        return Outcome::kDeadline;
      }
    }
    if (!readable_) return Outcome::kEnded;
    message->Swap(&incoming_);
    readable_ = false;
    StartRead(&incoming_);
    return Outcome::kMessage;
  }

  void Cancel() { context_.TryCancel(); }

  grpc::Status status() ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    return status_;
  }

 private:
  void OnReadDone(bool ok) override ABSL_LOCKS_EXCLUDED(mutex_) {
    bool release = false;
    {
      MutexLock lock(&mutex_);
      readable_ = ok;
      release = !ok || closing_;
      changed_.NotifyAll();
    }
    if (release) RemoveHold();
  }

  void OnDone(const grpc::Status& status) override ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    status_ = status;
    done_ = true;
    changed_.NotifyAll();
  }

  const v1::WatchJobRequest request_;
  grpc::ClientContext context_;
  v1::WatchJobResponse incoming_;  // gRPC's while a read is outstanding, else guarded by mutex_

  Mutex mutex_;
  CondVar changed_;
  bool readable_ ABSL_GUARDED_BY(mutex_) = false;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
  grpc::Status status_ ABSL_GUARDED_BY(mutex_);
};

JobWatch::JobWatch(v1::JobService::Stub* stub, std::string address, std::string job_id, WatchOptions options)
    : stub_(stub),
      address_(std::move(address)),
      job_id_(std::move(job_id)),
      options_(std::move(options)),
      backoff_(options_.retry, RandomSeed()),
      last_seq_(options_.after_seq) {}

JobWatch::~JobWatch() = default;

void JobWatch::Cancel() {
  std::shared_ptr<EventStream> stream;
  {
    MutexLock lock(&mutex_);
    cancelled_ = true;
    stream = stream_;
    cancelled_changed_.NotifyAll();
  }
  if (stream != nullptr) stream->Cancel();
}

absl::StatusOr<std::optional<v1::Event>> JobWatch::Next(MonotonicTime deadline) {
  while (!ended_) {
    SB_ASSIGN_OR_RETURN(std::optional<v1::Event> event, TakeFromBatch());
    if (event.has_value()) {
      ended_ = IsTerminal(*event);
      return event;
    }
    SB_RETURN_IF_ERROR(PauseUntilResume(deadline));
    SB_ASSIGN_OR_RETURN(const std::shared_ptr<EventStream> stream, Connect());
    next_in_batch_ = 0;
    batch_.clear_events();
    switch (stream->Next(&batch_, deadline)) {
      case EventStream::Outcome::kMessage:
        was_connected_ = true;
        loss_reported_ = false;
        backoff_.Reset();
        break;
      case EventStream::Outcome::kDeadline:
        return absl::DeadlineExceededError(absl::StrCat("job ", job_id_, " has not ended in time"));
      case EventStream::Outcome::kEnded:
        SB_RETURN_IF_ERROR(HandleEnd(FromGrpc(stream->status(), address_)));
        break;
    }
  }
  return std::nullopt;
}

absl::StatusOr<std::optional<v1::Event>> JobWatch::TakeFromBatch() {
  while (next_in_batch_ < batch_.events_size()) {
    v1::Event& event = *batch_.mutable_events(next_in_batch_++);
    if (event.seq() != 0) {
      if (event.seq() <= last_seq_) continue;
      if (event.seq() != last_seq_ + 1) {
        return absl::DataLossError(absl::StrCat("the event log of ", job_id_, " has a hole: ", event.seq(), " came after ", last_seq_));
      }
      last_seq_ = event.seq();
    }
    return std::move(event);
  }
  return std::nullopt;
}

absl::StatusOr<std::shared_ptr<JobWatch::EventStream>> JobWatch::Connect() {
  MutexLock lock(&mutex_);
  if (cancelled_) return absl::CancelledError("the watch was cancelled");
  if (stream_ == nullptr) {
    v1::WatchJobRequest request;
    request.set_id(job_id_);
    request.set_after_seq(last_seq_);
    request.set_without_progress(options_.without_progress);
    request.set_with_previews(options_.with_previews);
    stream_ = std::make_shared<EventStream>(stub_, std::move(request));
  }
  return stream_;
}

absl::Status JobWatch::HandleEnd(const absl::Status& status) {
  {
    MutexLock lock(&mutex_);
    stream_.reset();  // its call is over, so this does not wait
    if (cancelled_) return absl::CancelledError("the watch was cancelled");
  }
  const bool refused_at_first = !was_connected_ && PayloadOf(status, kNoServerPayload).has_value();
  if (IsFinal(status) || refused_at_first) return status;
  if (options_.on_connection_lost && !loss_reported_) {
    options_.on_connection_lost(status.ok() ? absl::UnavailableError("the stream ended before the job") : status, last_seq_);
  }
  loss_reported_ = true;
  resume_at_ = std::chrono::steady_clock::now() + backoff_.Next();
  return absl::OkStatus();
}

absl::Status JobWatch::PauseUntilResume(MonotonicTime deadline) {
  if (!resume_at_.has_value()) return absl::OkStatus();
  MutexLock lock(&mutex_);
  while (!cancelled_ && std::chrono::steady_clock::now() < *resume_at_) {
    if (std::chrono::steady_clock::now() >= deadline) {
      return absl::DeadlineExceededError(absl::StrCat("job ", job_id_, " has not ended in time"));
    }
    cancelled_changed_.WaitUntil(&mutex_, std::min(*resume_at_, deadline));
  }
  resume_at_.reset();
  return absl::OkStatus();
}

}  // namespace seedbed::client
