#include "server/worker/grpc_connector.h"

#include <grpcpp/create_channel.h>

#include <deque>
#include <utility>

#include "core/base/status_macros.h"

namespace seedbed::worker {
namespace {

std::shared_ptr<grpc::Channel> CreateChannel(const std::string& address) {
  grpc::ChannelArguments arguments;
  // The agent decides when to try again; gRPC's own back-off of up to two minutes would outlast every lease.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 50);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(64 << 20);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

}  // namespace

// One write outstanding, the next queued. It keeps itself alive until OnDone. A hold stands for the agent, which writes from outside of
// gRPC's reactions; it is given up when reading has ended, after which nothing is written.
class GrpcConnector::Stream : public grpc::ClientBidiReactor<v1::WorkerMessage, v1::ServerMessage>,
                              public ServerStream,
                              public std::enable_shared_from_this<Stream> {
 public:
  explicit Stream(GrpcConnector* connector) : connector_(connector) {}

  void Open(v1::WorkerService::Stub* stub) {
    self_ = shared_from_this();
    stub->async()->Attach(&context_, this);
    AddHold();
    StartRead(&incoming_);
    StartCall();
  }

  void Send(v1::WorkerMessage message) override ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    if (ended_) return;
    queue_.push_back(std::move(message));
    PumpLocked();
  }

  void Close() override { context_.TryCancel(); }

  void OnReadDone(bool ok) override ABSL_LOCKS_EXCLUDED(mutex_) {
    if (ok) {
      connector_->Deliver(shared_from_this(), std::move(incoming_));
      incoming_.Clear();
      StartRead(&incoming_);
      return;
    }
    {
      MutexLock lock(&mutex_);
      ended_ = true;
      queue_.clear();
    }
    context_.TryCancel();  // a write that hangs must not keep the call
    RemoveHold();
  }

  void OnWriteDone(bool ok) override ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    writing_ = false;
    if (ok && !ended_) PumpLocked();
  }

  void OnDone(const grpc::Status& status) override {
    const std::shared_ptr<Stream> last = std::move(self_);
    connector_->OnDone(last, status);
  }

 private:
  void PumpLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (writing_ || queue_.empty()) return;
    outgoing_ = std::move(queue_.front());
    queue_.pop_front();
    writing_ = true;
    StartWrite(&outgoing_);
  }

  GrpcConnector* const connector_;
  grpc::ClientContext context_;
  std::shared_ptr<Stream> self_;  // set by Open, taken by OnDone
  v1::ServerMessage incoming_;    // gRPC's between StartRead and OnReadDone

  Mutex mutex_;
  std::deque<v1::WorkerMessage> queue_ ABSL_GUARDED_BY(mutex_);
  v1::WorkerMessage outgoing_ ABSL_GUARDED_BY(mutex_);  // gRPC's while writing_
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

GrpcConnector::GrpcConnector(const std::string& address, EventLoop* loop, OnMessage on_message, OnClosed on_closed)
    : stub_(v1::WorkerService::NewStub(CreateChannel(address))),
      loop_(loop),
      on_message_(std::move(on_message)),
      on_closed_(std::move(on_closed)) {}

GrpcConnector::~GrpcConnector() {
  MutexLock lock(&mutex_);
  for (const std::shared_ptr<Stream>& stream : streams_) stream->Close();
  while (!streams_.empty()) stream_gone_.Wait(&mutex_);
}

std::shared_ptr<ServerStream> GrpcConnector::Connect() {
  auto stream = std::make_shared<Stream>(this);
  {
    MutexLock lock(&mutex_);
    streams_.insert(stream);
  }
  stream->Open(stub_.get());
  return stream;
}

void GrpcConnector::Deliver(const std::shared_ptr<Stream>& stream, v1::ServerMessage message) {
  loop_->Post([this, stream, message = std::move(message)] { on_message_(stream.get(), message); });
}

void GrpcConnector::OnDone(const std::shared_ptr<Stream>& stream, const grpc::Status& status) {
  const absl::Status converted(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  loop_->Post([this, stream, converted] { on_closed_(stream.get(), converted); });
  MutexLock lock(&mutex_);
  streams_.erase(stream);
  if (streams_.empty()) stream_gone_.NotifyAll();
}

}  // namespace seedbed::worker
