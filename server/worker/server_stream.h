// The worker's end of an Attach call, as the agent sees it.
#pragma once

#include <memory>

#include "seedbed/v1/worker.pb.h"

namespace seedbed::worker {

// Methods never block.
class ServerStream {
 public:
  virtual ~ServerStream() = default;
  // In order; dropped when the stream has ended.
  virtual void Send(v1::WorkerMessage message) = 0;
  virtual void Close() = 0;
};

// What comes of a stream is told to Agent::OnMessage and Agent::OnClosed, never from within one of these calls.
class Connector {
 public:
  virtual ~Connector() = default;
  // Begins a stream to the server; one that fails at once is told as closed later, too.
  virtual std::shared_ptr<ServerStream> Connect() = 0;
};

}  // namespace seedbed::worker
