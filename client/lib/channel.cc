#include "client/lib/channel.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"

namespace seedbed::client {
namespace {

bool IsIpAddress(int family, const std::string& text) {
  in6_addr storage;
  return inet_pton(family, text.c_str(), &storage) == 1;
}

bool IsPort(std::string_view text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port > 0 && port <= 65535;
}

int Milliseconds(std::chrono::milliseconds duration) { return static_cast<int>(duration.count()); }

}  // namespace

absl::StatusOr<std::string> GrpcTarget(std::string_view server) {
  if (server.starts_with("unix:") && server.size() > 5) return std::string(server);
  const size_t colon = server.rfind(':');
  if (colon == server.npos || colon == 0 || !IsPort(server.substr(colon + 1))) {
    return absl::InvalidArgumentError(
        absl::StrCat("server address '", ToAbsl(server), "' must be HOST:PORT (port 1 to 65535) or unix:PATH"));
  }
  const std::string host(server.substr(0, colon));
  if (IsIpAddress(AF_INET, host)) return absl::StrCat("ipv4:", ToAbsl(server));
  if (host.front() == '[' && host.back() == ']' && IsIpAddress(AF_INET6, host.substr(1, host.size() - 2))) {
    return absl::StrCat("ipv6:", ToAbsl(server));
  }
  return absl::StrCat("dns:", ToAbsl(server));
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const ClientOptions& options) {
  SB_ASSIGN_OR_RETURN(const std::string target, GrpcTarget(options.server));
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, Milliseconds(options.keepalive_time));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Milliseconds(options.keepalive_timeout));
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // gRPC's own pauses between connection attempts grow to two minutes, and would keep a watch from finding a restarted server.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, Milliseconds(options.retry.first_delay));
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, Milliseconds(options.retry.max_delay));
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, Milliseconds(options.connect_timeout));
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetMaxReceiveMessageSize(options.max_message_bytes);
  // Clients of one process never share a connection: closing one must not disturb another.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
}

}  // namespace seedbed::client
