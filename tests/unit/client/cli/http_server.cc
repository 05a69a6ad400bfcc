#include "tests/unit/client/cli/http_server.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace seedbed::testing {
namespace {

constexpr int kTickMs = 20;

// The head of a request; empty when the peer has gone.
std::string ReadHead(int connection) {
  std::string head;
  std::array<char, 4096> buffer;
  while (head.find("\r\n\r\n") == std::string::npos) {
    const ssize_t got = ::recv(connection, buffer.data(), buffer.size(), 0);
    if (got <= 0) return "";
    head.append(buffer.data(), static_cast<size_t>(got));
  }
  return head;
}

HttpServer::Request ParseHead(const std::string& head) {
  HttpServer::Request request;
  for (absl::string_view line : absl::StrSplit(head, "\r\n")) {
    if (absl::ConsumePrefix(&line, "GET ")) request.path = std::string(line.substr(0, line.find(' ')));
    if (absl::ConsumePrefix(&line, "Range: ")) request.range = std::string(line);
    if (absl::ConsumePrefix(&line, "If-Range: ")) request.if_range = std::string(line);
  }
  return request;
}

// 0 for the whole file.
size_t OffsetOf(const HttpServer::Request& request, const HttpBehaviour& behaviour) {
  absl::string_view range = request.range;
  size_t offset = 0;
  if (!behaviour.ranges || !absl::ConsumePrefix(&range, "bytes=") || !absl::ConsumeSuffix(&range, "-")) return 0;
  if (!request.if_range.empty() && request.if_range != behaviour.etag) return 0;
  return absl::SimpleAtoi(range, &offset) ? offset : 0;
}

std::string HeadOf(const HttpBehaviour& behaviour, int status, size_t offset) {
  std::string head = absl::StrCat("HTTP/1.1 ", status, " Status\r\nConnection: close\r\n");
  if (!behaviour.etag.empty()) absl::StrAppend(&head, "ETag: ", behaviour.etag, "\r\n");
  if (!behaviour.location.empty()) absl::StrAppend(&head, "Location: ", behaviour.location, "\r\n");
  const size_t size = behaviour.content.size();
  if (status == 206) absl::StrAppend(&head, "Content-Range: bytes ", offset, "-", size - 1, "/", size, "\r\n");
  if (!behaviour.without_length) absl::StrAppend(&head, "Content-Length: ", status < 300 ? size - offset : 0, "\r\n");
  return head + "\r\n";
}

void Send(int connection, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

}  // namespace

HttpServer::HttpServer() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_.get(), generic, size) != 0 || ::listen(listener_.get(), 16) != 0) std::abort();
  if (::getsockname(listener_.get(), generic, &size) != 0) std::abort();
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Serve(); });
}

HttpServer::~HttpServer() {
  stopping_ = true;
  thread_.join();
}

void HttpServer::Set(const std::string& path, HttpBehaviour behaviour) {
  MutexLock lock(&mutex_);
  behaviours_[path] = std::move(behaviour);
}

std::string HttpServer::Url(const std::string& path) const { return absl::StrCat("http://127.0.0.1:", port_, path); }

std::vector<HttpServer::Request> HttpServer::requests() const {
  MutexLock lock(&mutex_);
  return requests_;
}

void HttpServer::Serve() {
  while (!stopping_) {
    pollfd event{listener_.get(), POLLIN, 0};
    if (::poll(&event, 1, kTickMs) <= 0) continue;
    const UniqueFd connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (connection.valid()) Answer(connection.get());
  }
}

HttpBehaviour HttpServer::Take(const Request& request) {
  MutexLock lock(&mutex_);
  requests_.push_back(request);
  const auto found = behaviours_.find(request.path);
  if (found == behaviours_.end()) return {.status = 404};
  HttpBehaviour behaviour = found->second;
  found->second.cut_after = -1;
  return behaviour;
}

void HttpServer::Answer(int connection) {
  const std::string head = ReadHead(connection);
  if (head.empty()) return;
  const Request request = ParseHead(head);
  const HttpBehaviour behaviour = Take(request);
  const size_t offset = OffsetOf(request, behaviour);
  int status = behaviour.status;
  if (status == 200 && offset > 0) status = offset < behaviour.content.size() ? 206 : 416;
  Send(connection, HeadOf(behaviour, status, offset));
  if (status >= 300) return;
  std::string_view rest = std::string_view(behaviour.content).substr(offset);
  const int64_t most = std::max(behaviour.cut_after, behaviour.stall_after);
  Send(connection, most < 0 ? rest : rest.substr(0, static_cast<size_t>(most)));
  if (behaviour.stall_after >= 0) WaitForEnd(connection);
}

void HttpServer::WaitForEnd(int connection) const {
  while (!stopping_) {
    pollfd event{connection, POLLRDHUP, 0};
    if (::poll(&event, 1, kTickMs) > 0) return;
  }
}

}  // namespace seedbed::testing
