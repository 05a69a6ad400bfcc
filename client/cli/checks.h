// What `seedbed doctor` looks at: the usual problems of the first hour.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/lib/client.h"

namespace seedbed::cli {

struct Check {
  std::string name;
  bool ok = false;
  std::string detail;
  std::string fix;  // empty when ok
};

// The process that listens on a TCP port of this machine, such as "nginx (pid 312)"; "another process" when it may not be looked at.
std::string HolderOfPort(int port);

// Whether `host_port` of this machine can be listened on, or is by seedbedd. `flag` is what moves the server elsewhere.
Check CheckPort(const std::string& name, const std::string& host_port, const std::string& flag);
// Whether the folder, or the nearest one above it that exists, may be written.
Check CheckDataRoot(const std::filesystem::path& data_root);
Check CheckDisk(const std::filesystem::path& data_root);
// Whether seedbed-worker lies in `folder` and starts.
Check CheckWorker(const std::filesystem::path& folder);
// Whether the loader finds LibTorch for it.
Check CheckLibTorch(const std::filesystem::path& folder);
Check CheckSharedMemory(const std::filesystem::path& folder = "/dev/shm");
// `server_start`: when the server says it started, if known.
Check CheckClock(absl::Time now, std::optional<absl::Time> server_start);
Check CheckServer(const std::string& address, const absl::StatusOr<v1::GetServerInfoResponse>& info);
// Sends the largest request of the API.
Check CheckMessageLimit(client::Client& client);

}  // namespace seedbed::cli
