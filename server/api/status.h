// Our statuses as gRPC sends them. The only place that maps them.
#pragma once

#include "absl/status/status.h"
#include "grpcpp/support/status.h"

namespace seedbed::api {

// Same code; the message cut to 1 KiB of well-formed UTF-8. Details (google.rpc.Status, at most 4 KiB: metadata beyond 8 KiB would replace
// the error by another one): ErrorInfo with the reason (payload tasks' "seedbed/reason", else the code's name) in domain "seedbed";
// BadRequest when the payload jobs::kFieldPayload names a field; RetryInfo for UNAVAILABLE and RESOURCE_EXHAUSTED.
grpc::Status ToGrpc(const absl::Status& status);

}  // namespace seedbed::api
