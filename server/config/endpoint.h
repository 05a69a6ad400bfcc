// Network addresses in settings.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace seedbed::config {

struct Endpoint {
  std::string host;  // without brackets
  int port = 0;      // 0: any free one

  // "127.0.0.1:8461", "[::1]:8461".
  std::string ToString() const;
};

// "HOST:PORT", IPv6 in brackets. INVALID_ARGUMENT says what is accepted.
absl::StatusOr<Endpoint> ParseEndpoint(std::string_view text);

// Whether only this machine can connect: "localhost", 127.0.0.0/8 or ::1.
bool IsLoopback(const Endpoint& endpoint);

}  // namespace seedbed::config
