// Streams to the server over gRPC.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "core/base/event_loop.h"
#include "core/base/mutex.h"
#include "seedbed/v1/worker.grpc.pb.h"
#include "server/worker/server_stream.h"

namespace seedbed::worker {

class GrpcConnector : public Connector {
 public:
  using OnMessage = std::function<void(const ServerStream*, const v1::ServerMessage&)>;
  using OnClosed = std::function<void(const ServerStream*, const absl::Status&)>;

  // `address` as gRPC names it: "unix:/path" or "HOST:PORT". The callbacks run on the loop's thread. The loop is not owned.
  GrpcConnector(const std::string& address, EventLoop* loop, OnMessage on_message, OnClosed on_closed);
  // Ends all streams and waits until gRPC has let go of them; their callbacks do not come any more if the loop was stopped before.
  ~GrpcConnector() override;

  std::shared_ptr<ServerStream> Connect() override ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  class Stream;

  void Deliver(const std::shared_ptr<Stream>& stream, v1::ServerMessage message);
  void OnDone(const std::shared_ptr<Stream>& stream, const grpc::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);

  const std::unique_ptr<v1::WorkerService::Stub> stub_;
  EventLoop* const loop_;
  const OnMessage on_message_;
  const OnClosed on_closed_;

  Mutex mutex_;
  CondVar stream_gone_;
  std::set<std::shared_ptr<Stream>> streams_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace seedbed::worker
