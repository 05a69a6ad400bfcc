#include "server/workers/attach_service.h"

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace seedbed::workers {
namespace {

// Answers to a worker that does not read. A heartbeat's answer every few seconds and an acknowledgement per event: a healthy one is never
// more than a handful behind.
constexpr size_t kMaxQueued = 4'096;

// absl's codes are gRPC's.
grpc::Status ToGrpc(const absl::Status& status) { return {static_cast<grpc::StatusCode>(status.code()), std::string(status.message())}; }

}  // namespace

// One write outstanding, one read on request; both are started under the mutex, so that neither crosses Finish. It keeps itself alive until
// OnDone: Send and Close come from threads that gRPC knows nothing of.
class AttachService::Stream : public grpc::ServerBidiReactor<v1::WorkerMessage, v1::ServerMessage>,
                              public WorkerStream,
                              public std::enable_shared_from_this<Stream> {
 public:
  explicit Stream(AttachService* service) : service_(service) {}

  void Open() {
    self_ = shared_from_this();
    ReadNext();
  }

  void Send(v1::ServerMessage message) override ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    if (closing_) return;
    if (queue_.size() >= kMaxQueued) {
      CloseLocked(grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, absl::StrCat("the worker left ", queue_.size(), " messages unread")));
    } else {
      queue_.push_back(std::move(message));
    }
    PumpLocked();
  }

  void ReadNext() override ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    if (reading_ || finished_) return;
    reading_ = true;
    StartRead(&incoming_);
  }

  void Close(const absl::Status& status) override ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    CloseLocked(ToGrpc(status));
    PumpLocked();
  }

  void OnReadDone(bool ok) override ABSL_LOCKS_EXCLUDED(mutex_) {
    v1::WorkerMessage message;
    {
      MutexLock lock(&mutex_);
      reading_ = false;
      message.Swap(&incoming_);
    }
    if (ok) {
      service_->handler_->OnMessage(shared_from_this(), std::move(message));
    } else {
      Close(absl::OkStatus());  // the worker has gone
    }
  }

  void OnWriteDone(bool ok) override ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    writing_ = false;
    if (!ok) CloseLocked(grpc::Status::CANCELLED);
    if (!ok) queue_.clear();
    PumpLocked();
  }

  void OnCancel() override ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    CloseLocked(grpc::Status::CANCELLED);
    queue_.clear();
    PumpLocked();
  }

  void OnDone() override {
    const std::shared_ptr<Stream> last = std::move(self_);
    service_->OnDone(last);
  }

 private:
  // The first status stands.
  void CloseLocked(grpc::Status status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!closing_) closing_ = std::move(status);
  }

  void PumpLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (writing_ || finished_) return;
    if (!queue_.empty()) {
      outgoing_ = std::move(queue_.front());
      queue_.pop_front();
      writing_ = true;
      StartWrite(&outgoing_);
    } else if (closing_) {
      finished_ = true;
      Finish(*closing_);
    }
  }

  AttachService* const service_;
  std::shared_ptr<Stream> self_;  // set by Open, taken by OnDone

  Mutex mutex_;
  std::deque<v1::ServerMessage> queue_ ABSL_GUARDED_BY(mutex_);
  v1::ServerMessage outgoing_ ABSL_GUARDED_BY(mutex_);  // gRPC's while writing_
  v1::WorkerMessage incoming_ ABSL_GUARDED_BY(mutex_);  // gRPC's while reading_
  std::optional<grpc::Status> closing_ ABSL_GUARDED_BY(mutex_);
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
};

grpc::ServerBidiReactor<v1::WorkerMessage, v1::ServerMessage>* AttachService::Attach(grpc::CallbackServerContext*) {
  auto stream = std::make_shared<Stream>(this);
  const bool is_open = Add(stream);
  stream->Open();
  if (!is_open) stream->Close(absl::UnavailableError("the server is stopping"));
  return stream.get();
}

bool AttachService::Add(const std::shared_ptr<Stream>& stream) {
  MutexLock lock(&mutex_);
  if (!closed_) streams_.insert(stream);
  return !closed_;
}

void AttachService::OnDone(const std::shared_ptr<Stream>& stream) {
  {
    MutexLock lock(&mutex_);
    streams_.erase(stream);
  }
  handler_->OnStreamEnded(stream);
}

void AttachService::CloseAll(const absl::Status& status) {
  std::set<std::shared_ptr<Stream>> streams;
  {
    MutexLock lock(&mutex_);
    closed_ = true;
    streams = streams_;
  }
  for (const std::shared_ptr<Stream>& stream : streams) stream->Close(status);
}

}  // namespace seedbed::workers
