// A unary RPC whose body may block, or answer later from any thread.
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

// Works on copies of request and response, so that the RPC can end at its deadline (or when the client leaves) while the body still runs.
// A body that has not begun by then never does.
template <typename Request, typename Response>
class UnaryCall final : public grpc::ServerUnaryReactor {
 public:
  // The first answer counts, further ones have no effect. Any thread.
  using Done = std::function<void(absl::StatusOr<Response>)>;
  // Runs on a pool thread. The request lives as long as `done`.
  using Handler = std::function<void(const Request& request, Done done)>;

  static grpc::ServerUnaryReactor* Start(Guard* guard, std::string_view method, const Request* request, Response* response,
                                         Handler handler) {
    std::shared_ptr<UnaryCall> call(new UnaryCall(guard, method, *request, response));
    call->self_ = call;
    guard->Post([call, handler = std::move(handler)] { Run(call, handler); });
    return call.get();
  }

  void OnCancel() override { Complete(absl::CancelledError("the client left, or the deadline passed")); }
  void OnDone() override { const std::shared_ptr<UnaryCall> last = std::move(self_); }

 private:
  UnaryCall(Guard* guard, std::string_view method, const Request& request, Response* response)
      : call_(guard, method), request_(request), response_(response) {}

  static void Run(const std::shared_ptr<UnaryCall>& call, const Handler& handler) {
    if (call->finished_) return;
    const absl::Status status = call->call_.guard()->Protect([&] {
      handler(call->request_, [call](absl::StatusOr<Response> response) { call->Complete(std::move(response)); });
      return absl::OkStatus();
    });
    if (!status.ok()) call->Complete(status);
  }

  void Complete(absl::StatusOr<Response> response) {
    if (finished_.exchange(true)) return;
    if (response.ok()) *response_ = *std::move(response);
    call_.End(response.status());
    Finish(ToGrpc(response.status()));
  }

  std::shared_ptr<UnaryCall> self_;  // gRPC's reference, given up in OnDone
  Guard::Call call_;
  const Request request_;
  Response* const response_;  // gRPC's; alive until Finish
  std::atomic<bool> finished_{false};
};

// The usual case: `body` (Request -> StatusOr<Response>) answers when it returns.
template <typename Request, typename Response, typename Body>
grpc::ServerUnaryReactor* Answer(Guard* guard, std::string_view method, const Request* request, Response* response, Body body) {
  using Call = UnaryCall<Request, Response>;
  return Call::Start(guard, method, request, response,
                     [body = std::move(body)](const Request& from, typename Call::Done done) { done(body(from)); });
}

}  // namespace seedbed::api
