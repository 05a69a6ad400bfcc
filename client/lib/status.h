// Errors as the server sends them, as absl::Status.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "grpcpp/support/status.h"

namespace seedbed::client {

// Payload: the request field at fault, such as "spec.train.epochs".
inline constexpr char kFieldPayload[] = "seedbed/field";
// Payload: the machine-readable reason of google.rpc.ErrorInfo.
inline constexpr char kReasonPayload[] = "seedbed/reason";
// Payload: nothing listens at the address, which is the payload's value. The code is UNAVAILABLE.
inline constexpr char kNoServerPayload[] = "seedbed/no-server";

// Same code and message; BadRequest and ErrorInfo details become payloads.
absl::Status FromGrpc(const grpc::Status& status);

// As FromGrpc, but a failure to connect becomes "no server at ADDRESS (connection refused)" with kNoServerPayload.
absl::Status FromGrpc(const grpc::Status& status, std::string_view address);

std::optional<std::string> PayloadOf(const absl::Status& status, std::string_view url);

}  // namespace seedbed::client
