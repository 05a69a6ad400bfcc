// The server's end of one Attach call, as the sessions see it.
#pragma once

#include "absl/status/status.h"
#include "seedbed/v1/worker.pb.h"

namespace seedbed::workers {

// Methods may be called from any thread and never block.
class WorkerStream {
 public:
  virtual ~WorkerStream() = default;
  // In order; after Close, or when the worker reads too slowly, the message is dropped (and in the latter case the stream closed).
  virtual void Send(v1::ServerMessage message) = 0;
  // Asks for the next message: at most one is on its way at a time, so a worker is never read faster than it is served.
  virtual void ReadNext() = 0;
  // Sends what is queued, then ends the call.
  virtual void Close(const absl::Status& status) = 0;
};

}  // namespace seedbed::workers
