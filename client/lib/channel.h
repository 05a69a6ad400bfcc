// Connections to a server.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "client/lib/options.h"
#include "grpcpp/channel.h"

namespace seedbed::client {

// gRPC's name of "HOST:PORT" or "unix:PATH". Literal IP addresses bypass name resolution. INVALID_ARGUMENT for anything else.
absl::StatusOr<std::string> GrpcTarget(std::string_view server);

// Connects lazily. Plain text: the server listens on loopback and UNIX sockets only. Proxies of the environment are ignored.
absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const ClientOptions& options);

}  // namespace seedbed::client
