// A file that is being fetched, perhaps over several runs of the program.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/content_check.h"
#include "core/base/file.h"

namespace seedbed::cli {

// TARGET.part, and TARGET.part.from, which says where it came from. Not thread-safe; held by one process at a time.
class PartialDownload {
 public:
  // What there is from before is kept if it came from `url` and may be continued, that is, with a validator or a digest to be checked
  // against. UNAVAILABLE when another process holds it.
  static absl::StatusOr<PartialDownload> Open(const std::filesystem::path& target, const std::string& url, const ExpectedContent& expected);

  int64_t bytes() const { return check_.bytes(); }
  // What the host said of the file that the bytes are of; empty: nothing.
  const std::string& validator() const { return validator_; }

  // Empties it, for content with this validator.
  absl::Status Restart(const std::string& validator);
  absl::Status Append(std::span<const std::byte> bytes);
  // Removes it, with what is known of it.
  absl::Status Discard() const;
  // Checks the content and gives the file its name; one that is wrong is removed. Returns the SHA-256.
  absl::StatusOr<std::string> Publish();

 private:
  PartialDownload(std::filesystem::path target, std::string url, const ExpectedContent& expected, FileLock lock)
      : target_(std::move(target)), url_(std::move(url)), expected_(expected), lock_(std::move(lock)), check_(expected) {}

  std::filesystem::path Path() const { return Beside(".part"); }
  std::filesystem::path OriginPath() const { return Beside(".part.from"); }
  std::filesystem::path Beside(const char* suffix) const;
  // Takes what there is from before.
  absl::Status Load();
  absl::Status OpenFile(int flags);

  std::filesystem::path target_;
  std::string url_;
  ExpectedContent expected_;
  FileLock lock_;
  std::string validator_;
  ContentCheck check_;
  UniqueFd file_;
};

}  // namespace seedbed::cli
