// A server stream that is read to its end as fast as the client takes it, such as the chunks of a file.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "grpcpp/support/server_callback.h"
#include "server/api/guard.h"
#include "server/api/status.h"

namespace seedbed::api {

// Holds one message at a time: the next is made on a pool thread once gRPC has taken the one before.
template <typename Response>
class PullStream final : public grpc::ServerWriteReactor<Response> {
 public:
  // Fills an empty message; false when there is none left. Blocks. Never called by two threads at once, never after an error.
  using Next = std::function<absl::StatusOr<bool>(Response*)>;

  static grpc::ServerWriteReactor<Response>* Start(Guard* guard, std::string_view method, Next next) {
    std::shared_ptr<PullStream> stream(new PullStream(guard, method, std::move(next)));
    stream->self_ = stream;
    stream->PostPull();
    return stream.get();
  }

  void OnWriteDone(bool ok) override {
    if (ok) return PostPull();
    End(absl::CancelledError("the client left"));
  }
  // Only noted: a message is being made or written, and that step's end finishes the call.
  void OnCancel() override { cancelled_ = true; }
  void OnDone() override { const std::shared_ptr<PullStream> last = std::move(self_); }

 private:
  PullStream(Guard* guard, std::string_view method, Next next) : call_(guard, method), next_(std::move(next)) {}

  void PostPull() {
    call_.guard()->Post([stream = self_] { stream->Pull(); });
  }

  void Pull() {
    bool more = false;
    response_.Clear();
    const absl::Status status = call_.guard()->Protect([&]() -> absl::Status {
      if (cancelled_) return absl::CancelledError("the client left");
      const absl::StatusOr<bool> next = next_(&response_);
      more = next.ok() && *next;
      return next.status();
    });
    if (!status.ok() || !more) return End(status);
    this->StartWrite(&response_);
  }

  void End(const absl::Status& status) {
    call_.End(status);
    this->Finish(ToGrpc(status));
  }

  std::shared_ptr<PullStream> self_;  // gRPC's reference, given up in OnDone
  Guard::Call call_;
  const Next next_;
  Response response_;  // of the one step that is under way
  std::atomic<bool> cancelled_{false};
};

}  // namespace seedbed::api
