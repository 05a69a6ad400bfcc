// A web server with one file, that misbehaves as a test wants.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "core/base/file.h"
#include "core/base/mutex.h"

namespace seedbed::testing {

struct HttpBehaviour {
  std::string content = "";
  std::string etag = "";        // with its quotes; empty: none
  int status = 200;             // any other: an answer without the content
  std::string location = "";    // for a redirect; may name this server's other paths
  bool ranges = true;           // else always the whole file
  int64_t cut_after = -1;       // close the connection after so many bytes of content, once; -1: never
  int64_t stall_after = -1;     // send nothing more after so many, and keep the connection open
  bool without_length = false;  // the content ends where the connection does
};

// Listens on a free port of 127.0.0.1 until destroyed; one connection after the other.
class HttpServer {
 public:
  HttpServer();
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  void Set(const std::string& path, HttpBehaviour behaviour) ABSL_LOCKS_EXCLUDED(mutex_);
  std::string Url(const std::string& path) const;

  struct Request {
    std::string path;
    std::string range;  // value of the header; empty: none
    std::string if_range;
  };
  std::vector<Request> requests() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Serve() ABSL_LOCKS_EXCLUDED(mutex_);
  void Answer(int connection) ABSL_LOCKS_EXCLUDED(mutex_);
  HttpBehaviour Take(const Request& request) ABSL_LOCKS_EXCLUDED(mutex_);
  // Until the peer closes the connection, or the server ends.
  void WaitForEnd(int connection) const;

  UniqueFd listener_;
  int port_ = 0;
  std::atomic<bool> stopping_ = false;
  mutable Mutex mutex_;
  std::map<std::string, HttpBehaviour> behaviours_ ABSL_GUARDED_BY(mutex_);
  std::vector<Request> requests_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace seedbed::testing
