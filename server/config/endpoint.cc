#include "server/config/endpoint.h"

#include <arpa/inet.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace seedbed::config {

std::string Endpoint::ToString() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return is_ipv6 ? absl::StrCat("[", host, "]:", port) : absl::StrCat(host, ":", port);
}

absl::StatusOr<Endpoint> ParseEndpoint(std::string_view text) {
  const auto error = [&](std::string_view why) {
    return absl::InvalidArgumentError(absl::StrCat("'", ToAbsl(text), "' ", ToAbsl(why), "; write HOST:PORT, such as 127.0.0.1:8461"));
  };
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return error("has no port");
  Endpoint endpoint;
  std::string_view host = text.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return error("has an IPv6 address without brackets");
  }
  if (host.empty()) return error("has no host");
  const std::string_view port = text.substr(colon + 1);
  const bool digits = !port.empty() && port.find_first_not_of("0123456789") == std::string_view::npos;
  if (!digits || !absl::SimpleAtoi(ToAbsl(port), &endpoint.port) || endpoint.port > 65535) return error("has no port between 0 and 65535");
  endpoint.host = std::string(host);
  return endpoint;
}

bool IsLoopback(const Endpoint& endpoint) {
  if (endpoint.host == "localhost") return true;
  in_addr v4{};
  if (::inet_pton(AF_INET, endpoint.host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  return ::inet_pton(AF_INET6, endpoint.host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

}  // namespace seedbed::config
