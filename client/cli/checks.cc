#include "client/cli/checks.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "client/cli/subprocess.h"
#include "client/cli/text_format.h"
#include "core/base/file.h"
#include "core/base/version.h"

namespace seedbed::cli {
namespace {

namespace fs = std::filesystem;

constexpr auto kPatience = std::chrono::seconds(20);
constexpr int64_t kLittleDisk = 2'000'000'000;
constexpr int64_t kLittleSharedMemory = 64'000'000;
constexpr size_t kMostDigests = 100'000;
constexpr char kServerProgram[] = "seedbedd";

Check Good(std::string name, std::string detail) { return {std::move(name), true, std::move(detail), ""}; }
Check Bad(std::string name, std::string detail, std::string fix) { return {std::move(name), false, std::move(detail), std::move(fix)}; }

int PortOf(std::string_view host_port) {
  const std::string_view text = host_port.substr(host_port.rfind(':') + 1);
  int port = 0;
  std::from_chars(text.data(), text.data() + text.size(), port);
  return port;
}

// Socket inodes that listen on the port, of /proc/net/tcp and tcp6: "sl local:PORT remote:PORT st ... inode".
std::vector<std::string> ListeningInodes(int port) {
  const std::string suffix = absl::StrFormat(":%04X", port);
  std::vector<std::string> inodes;
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream lines(table);
    for (std::string line; std::getline(lines, line);) {
      const std::vector<std::string> fields = absl::StrSplit(line, ' ', absl::SkipEmpty());
      if (fields.size() > 9 && absl::EndsWith(fields[1], suffix) && fields[3] == "0A") inodes.push_back(fields[9]);
    }
  }
  return inodes;
}

bool HoldsSocket(const fs::path& process, const std::string& inode) {
  const std::string wanted = absl::StrCat("socket:[", inode, "]");
  std::error_code error;
  for (fs::directory_iterator it(process / "fd", error), end; !error && it != end; it.increment(error)) {
    std::error_code gone;
    if (fs::read_symlink(it->path(), gone) == wanted) return true;
  }
  return false;
}

fs::path NearestExisting(fs::path path) {
  std::error_code error;
  while (!fs::exists(path, error) && path.has_parent_path() && path != path.parent_path()) path = path.parent_path();
  return path;
}

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

std::string HolderOfPort(int port) {
  for (const std::string& inode : ListeningInodes(port)) {
    std::error_code error;
    for (fs::directory_iterator it("/proc", error), end; !error && it != end; it.increment(error)) {
      const std::string pid = it->path().filename().string();
      if (pid.find_first_not_of("0123456789") != std::string::npos || !HoldsSocket(it->path(), inode)) continue;
      std::string program;
      std::getline(std::ifstream(it->path() / "comm") >> std::ws, program);
      return absl::StrCat(program, " (pid ", pid, ")");
    }
  }
  return "another process";
}

Check CheckPort(const std::string& name, const std::string& host_port, const std::string& flag) {
  const int port = PortOf(host_port);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int reuse = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return Good(name, host_port + " is free");
  const int error = errno;
  if (error != EADDRINUSE) {
    return Bad(name, absl::StrCat(host_port, ": ", std::strerror(error)),
               absl::StrCat("choose another port: seedbed serve ", flag, " HOST:PORT"));
  }
  const std::string holder = HolderOfPort(port);
  if (absl::StartsWith(holder, kServerProgram)) return Good(name, absl::StrCat(host_port, " is served by ", holder));
  return Bad(name, absl::StrCat(host_port, " is held by ", holder),
             absl::StrCat("stop it, or choose another port: seedbed serve ", flag, " HOST:PORT"));
}

Check CheckDataRoot(const fs::path& data_root) {
  const fs::path folder = NearestExisting(data_root);
  if (::access(folder.c_str(), W_OK | X_OK) == 0) {
    return Good("data root", absl::StrCat(data_root.string(), folder == data_root ? " may be written" : " can be made"));
  }
  return Bad("data root", absl::StrCat(folder.string(), " may not be written: ", std::strerror(errno)),
             "give yourself the right to, or choose another folder: seedbed serve --data-root DIR");
}

Check CheckDisk(const fs::path& data_root) {
  const absl::StatusOr<uint64_t> free = FreeBytes(NearestExisting(data_root));
  if (!free.ok()) return Bad("disk", std::string(free.status().message()), "see whether the file system is mounted");
  const auto bytes = static_cast<int64_t>(*free);
  const std::string detail = absl::StrCat(FormatBytes(bytes), " free for ", data_root.string());
  if (bytes >= kLittleDisk) return Good("disk", detail);
  return Bad("disk", detail,
             absl::StrCat("make room (", FormatBytes(kLittleDisk), " at least), or choose another folder: seedbed serve --data-root DIR"));
}

Check CheckWorker(const fs::path& folder) {
  const fs::path program = folder / "seedbed-worker";
  const absl::StatusOr<ProgramResult> result = RunProgram({program.string(), "--version"}, {}, kPatience);
  if (!result.ok()) return Bad("worker program", std::string(result.status().message()), "build it with ./run build");
  if (result->exit_code == 0) return Good("worker program", absl::StrCat(program.string(), ": ", FirstLine(result->output)));
  return Bad("worker program", absl::StrCat(program.string(), " --version ended with ", result->exit_code, ": ", FirstLine(result->output)),
             "build it again with ./run build");
}

Check CheckLibTorch(const fs::path& folder) {
  const fs::path program = folder / "seedbed-worker";
  // The loader lists what it would load, as ldd does, without running the program.
  const absl::StatusOr<ProgramResult> result = RunProgram({program.string()}, {"LD_TRACE_LOADED_OBJECTS=1"}, kPatience);
  if (!result.ok()) return Bad("LibTorch", std::string(result.status().message()), "build it with ./run build");
  std::string missing, torch;
  for (const auto line : absl::StrSplit(result->output, '\n')) {
    const std::vector<std::string> fields = absl::StrSplit(absl::StripAsciiWhitespace(line), ' ');
    if (absl::StrContains(line, "not found")) absl::StrAppend(&missing, missing.empty() ? "" : ", ", fields.front());
    if (fields.front() == "libtorch_cpu.so" && fields.size() > 2) torch = fields[2];
  }
  if (!missing.empty()) {
    return Bad("LibTorch", absl::StrCat("not found: ", missing),
               "the torch package was moved or removed since the build: run ./run build again");
  }
  return torch.empty() ? Bad("LibTorch", "seedbed-worker is built without it", "build it with ./run build") : Good("LibTorch", torch);
}

Check CheckSharedMemory(const fs::path& folder) {
  const absl::StatusOr<uint64_t> free = FreeBytes(folder);
  const std::string name = "shared memory";
  const std::string fix = "mount a tmpfs there; in a container: --shm-size 1g";
  if (!free.ok() || ::access(folder.c_str(), W_OK | X_OK) != 0) return Bad(name, absl::StrCat(folder.string(), " cannot be used"), fix);
  const auto bytes = static_cast<int64_t>(*free);
  const std::string detail = absl::StrCat(folder.string(), " has ", FormatBytes(bytes), " free");
  return bytes >= kLittleSharedMemory ? Good(name, detail) : Bad(name, detail, fix);
}

Check CheckClock(absl::Time now, std::optional<absl::Time> server_start) {
  const std::string text = absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", now, absl::UTCTimeZone());
  const std::string fix = "set the clock: timedatectl set-ntp true";
  if (now < absl::FromCivil(absl::CivilYear(2025), absl::UTCTimeZone())) return Bad("clock", absl::StrCat(text, " lies in the past"), fix);
  if (server_start.has_value() && *server_start > now + absl::Seconds(5)) {
    return Bad("clock", absl::StrCat(text, " lies before the server's start: the clocks differ, or were set back"), fix);
  }
  return Good("clock", text);
}

Check CheckServer(const std::string& address, const absl::StatusOr<v1::GetServerInfoResponse>& info) {
  if (!info.ok()) return Bad("server", std::string(info.status().message()), "start one with: seedbed serve");
  const std::string version(Version());
  if (info->version() == version) return Good("server", absl::StrCat(address, ", version ", version));
  return Bad("server", absl::StrCat("version ", info->version(), " at ", address, ", but this program is ", version),
             "use programs of one build: stop the server and start it again with: seedbed serve");
}

Check CheckMessageLimit(client::Client& client) {
  const std::vector<std::string> digests(kMostDigests, std::string(64, '0'));
  const auto answer = client.FindMissingBlobs(digests);
  const std::string size = FormatBytes(static_cast<int64_t>(kMostDigests) * 66);
  if (answer.ok()) return Good("message limit", absl::StrCat("a message of ", size, " goes through"));
  return Bad("message limit", absl::StrCat("a message of ", size, " does not go through: ", answer.status().message()),
             "raise limits.max_message_bytes in the server's configuration to 64 MiB");
}

}  // namespace seedbed::cli
