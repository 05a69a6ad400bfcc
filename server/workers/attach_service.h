// WorkerService.Attach over gRPC: carries messages between worker processes and whoever handles them, and decides nothing.
#pragma once

#include <memory>
#include <set>

#include "core/base/mutex.h"
#include "seedbed/v1/worker.grpc.pb.h"
#include "server/workers/worker_stream.h"

namespace seedbed::workers {

// Called on gRPC's threads; must not block. Messages of one stream come one at a time: the next after WorkerStream::ReadNext().
class AttachHandler {
 public:
  virtual ~AttachHandler() = default;
  virtual void OnMessage(std::shared_ptr<WorkerStream> stream, v1::WorkerMessage message) = 0;
  // The last that is heard of the stream.
  virtual void OnStreamEnded(std::shared_ptr<WorkerStream> stream) = 0;
};

// Thread-safe. Outlives the gRPC server that it is registered with.
class AttachService : public v1::WorkerService::CallbackService {
 public:
  explicit AttachService(AttachHandler* handler) : handler_(handler) {}

  grpc::ServerBidiReactor<v1::WorkerMessage, v1::ServerMessage>* Attach(grpc::CallbackServerContext* context) override
      ABSL_LOCKS_EXCLUDED(mutex_);

  // Ends every stream, those to come included.
  void CloseAll(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  class Stream;

  // False when closed.
  bool Add(const std::shared_ptr<Stream>& stream) ABSL_LOCKS_EXCLUDED(mutex_);
  void OnDone(const std::shared_ptr<Stream>& stream) ABSL_LOCKS_EXCLUDED(mutex_);

  AttachHandler* const handler_;
  Mutex mutex_;
  std::set<std::shared_ptr<Stream>> streams_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace seedbed::workers
