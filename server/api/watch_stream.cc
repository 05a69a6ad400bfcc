#include "server/api/watch_stream.h"

#include <chrono>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "server/api/status.h"

namespace seedbed::api {
namespace {

constexpr int kMaxEvents = 100;
constexpr size_t kMaxBytes = 256 << 10;
constexpr std::chrono::milliseconds kProgressInterval{100};

bool IsTerminal(v1::JobState state) {
  return state == v1::JOB_STATE_SUCCEEDED || state == v1::JOB_STATE_FAILED || state == v1::JOB_STATE_CANCELLED;
}

}  // namespace

void Watchers::CloseAll() {
  std::vector<std::shared_ptr<WatchStream>> open;
  {
    MutexLock lock(&mutex_);
    closed_ = true;
    for (WatchStream* stream : streams_) open.push_back(stream->shared_from_this());
  }
  for (const auto& stream : open) stream->Close();
}

bool Watchers::Add(const std::shared_ptr<WatchStream>& stream) {
  MutexLock lock(&mutex_);
  streams_.insert(stream.get());
  return !closed_;
}

void Watchers::Remove(WatchStream* stream) {
  MutexLock lock(&mutex_);
  streams_.erase(stream);
}

grpc::ServerWriteReactor<v1::WatchJobResponse>* WatchStream::Start(Guard* guard, jobs::JobManager* jobs, Watchers* watchers,
                                                                   const v1::WatchJobRequest& request) {
  std::shared_ptr<WatchStream> stream(new WatchStream(guard, jobs, watchers, request));
  stream->self_ = stream;
  guard->metrics()->WatcherStarted();
  if (!watchers->Add(stream)) stream->Close();
  // Subscribed before the log is first read, so that no event falls between. Wakes that come now are noted only: the stream is busy.
  stream->subscription_ = jobs->Subscribe(request.id(), [raw = stream.get()] { raw->Wake(); });
  stream->PostPump();
  return stream.get();
}

WatchStream::WatchStream(Guard* guard, jobs::JobManager* jobs, Watchers* watchers, const v1::WatchJobRequest& request)
    : call_(guard, "JobService/WatchJob"), jobs_(jobs), watchers_(watchers), request_(request), cursor_(request.after_seq()) {}

void WatchStream::Close() {
  MutexLock lock(&mutex_);
  if (!closing_) closing_ = absl::UnavailableError("");  // the text needs the cursor, which is the pump's
  if (busy_ || ended_) return;
  busy_ = true;
  PostPump();
}

void WatchStream::OnCancel() {
  MutexLock lock(&mutex_);
  closing_ = absl::CancelledError("the client left");
  if (!busy_ && !ended_) EndLocked(*closing_);
}

void WatchStream::OnWriteDone(bool ok) {
  MutexLock lock(&mutex_);
  if (ended_) return;
  if (!ok) return EndLocked(absl::CancelledError("the client left"));
  PostPump();
}

void WatchStream::OnDone() {
  subscription_.reset();  // waits for a wake that is running; none comes afterwards
  watchers_->Remove(this);
  call_.guard()->metrics()->WatcherEnded();
  const std::shared_ptr<WatchStream> last = std::move(self_);
}

void WatchStream::Wake() {
  MutexLock lock(&mutex_);
  woken_ = true;
  if (busy_ || ended_) return;
  busy_ = true;
  PostPump();
}

void WatchStream::PostPump() {
  call_.guard()->Post([stream = shared_from_this()] { stream->Pump(); });
}

void WatchStream::Pump() {
  {
    MutexLock lock(&mutex_);
    woken_ = false;
    if (closing_ && absl::IsUnavailable(*closing_)) {
      return EndLocked(absl::UnavailableError(absl::StrCat("server is stopping; resume with after_seq=", cursor_)));
    }
    if (closing_) return EndLocked(*closing_);
  }
  Step step = Step::kWait;
  const absl::Status status = call_.guard()->Protect([&]() -> absl::Status {
    SB_ASSIGN_OR_RETURN(step, Next());
    return absl::OkStatus();
  });
  MutexLock lock(&mutex_);
  if (!status.ok()) return EndLocked(status);
  switch (step) {
    case Step::kWrite:
      StartWrite(&response_);
      return;
    case Step::kWriteAndEnd:
      ended_ = true;
      call_.End(absl::OkStatus());
      StartWriteAndFinish(&response_, grpc::WriteOptions(), grpc::Status::OK);
      return;
    case Step::kEnd:
      EndLocked(absl::OkStatus());
      return;
    case Step::kWait:
      if (woken_ || closing_) return PostPump();
      busy_ = false;
      return;
  }
}

absl::StatusOr<WatchStream::Step> WatchStream::Next() {
  response_.Clear();
  SB_ASSIGN_OR_RETURN(Step step, NextEvents());
  if (step == Step::kWait && !checked_end_) {
    SB_ASSIGN_OR_RETURN(step, AtEndOfLog());
  }
  if (step == Step::kWait && !request_.without_progress()) step = NextProgress();
  return step;
}

absl::StatusOr<WatchStream::Step> WatchStream::NextEvents() {
  SB_ASSIGN_OR_RETURN(std::vector<v1::Event> events, jobs_->ReadEvents(request_.id(), cursor_, kMaxEvents));
  size_t bytes = 0;
  for (v1::Event& event : events) {
    bytes += event.ByteSizeLong();
    if (bytes > kMaxBytes && response_.events_size() > 0) break;
    cursor_ = event.seq();
    const bool terminal = event.has_state() && IsTerminal(event.state().state());
    *response_.add_events() = std::move(event);
    if (terminal) return Step::kWriteAndEnd;
  }
  return response_.events_size() > 0 ? Step::kWrite : Step::kWait;
}

absl::StatusOr<WatchStream::Step> WatchStream::AtEndOfLog() {
  // Only a job that had ended before can be at the end of its log without its terminal event among those we sent.
  SB_ASSIGN_OR_RETURN(const v1::Job job, jobs_->Get(request_.id()));
  if (job.last_seq() > cursor_) return NextEvents();
  checked_end_ = true;
  return IsTerminal(job.state()) ? Step::kEnd : Step::kWait;
}

WatchStream::Step WatchStream::NextProgress() {
  std::optional<v1::Event> progress = jobs_->LatestProgress(request_.id());
  if (!progress) return Step::kWait;
  std::string serialised = progress->SerializeAsString();
  std::shared_ptr<const std::string> preview = request_.with_previews() ? jobs_->LatestPreview(request_.id()) : nullptr;
  const bool is_new_preview = preview != nullptr && preview != sent_preview_;
  if (serialised == sent_progress_ && !is_new_preview) return Step::kWait;
  const MonotonicTime now = std::chrono::steady_clock::now();
  if (now < next_progress_) {
    WakeAt(next_progress_);
    return Step::kWait;
  }
  next_progress_ = now + kProgressInterval;
  sent_progress_ = std::move(serialised);
  if (is_new_preview) {
    progress->mutable_progress()->set_preview(*preview);
    sent_preview_ = std::move(preview);
  }
  *response_.add_events() = *std::move(progress);
  return Step::kWrite;
}

void WatchStream::WakeAt(MonotonicTime time) {
  alarm_ = std::make_unique<grpc::Alarm>();
  const auto delay = time - std::chrono::steady_clock::now();
  const auto deadline = std::chrono::system_clock::now() + std::chrono::duration_cast<std::chrono::system_clock::duration>(delay);
  alarm_->Set(deadline, [weak = weak_from_this()](bool expired) {
    if (const auto stream = expired ? weak.lock() : nullptr) stream->Wake();
  });
}

void WatchStream::EndLocked(const absl::Status& status) {
  ended_ = true;
  call_.End(status);
  Finish(ToGrpc(status));
}

}  // namespace seedbed::api
