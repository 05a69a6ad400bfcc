#include "server/workers/token.h"

#include <openssl/crypto.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"

namespace seedbed::workers {
namespace {

constexpr size_t kTokenBytes = 32;

absl::StatusOr<std::string> CreateToken(const std::filesystem::path& file) {
  std::array<char, kTokenBytes> bytes;
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    return ErrnoStatus(errno, "draw random numbers for", file);
  }
  const std::string token = absl::BytesToHexString({bytes.data(), bytes.size()});
  SB_RETURN_IF_ERROR(PublishFile(file, token));
  if (::chmod(file.c_str(), 0600) != 0) return ErrnoStatus(errno, "protect", file);
  return token;
}

}  // namespace

absl::StatusOr<std::string> LoadOrCreateToken(const std::filesystem::path& file) {
  absl::StatusOr<std::string> token = ReadFile(file, 4096);
  if (absl::IsNotFound(token.status())) return CreateToken(file);
  SB_RETURN_IF_ERROR(token.status());
  struct stat info;
  if (::stat(file.c_str(), &info) != 0) return ErrnoStatus(errno, "look at", file);
  // One that others could read, or that is cut short, is no secret any more. Workers of an earlier server are then refused, and replaced.
  if ((info.st_mode & 0077) != 0 || token->size() != 2 * kTokenBytes) return CreateToken(file);
  return token;
}

bool SameToken(std::string_view presented, std::string_view expected) {
  return presented.size() == expected.size() && ::CRYPTO_memcmp(presented.data(), expected.data(), expected.size()) == 0;
}

}  // namespace seedbed::workers
