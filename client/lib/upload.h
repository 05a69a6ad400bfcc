// Sending a folder of labelled images, or one file, to the server.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "client/lib/client.h"

namespace seedbed::client {

struct UploadProgress {
  enum class Phase { kHash, kSend };
  Phase phase = Phase::kHash;
  int64_t done = 0;   // files hashed, or bytes sent
  int64_t total = 0;  // of the phase
};

struct UploadOptions {
  size_t threads = 0;                                      // for hashing; 0: one per core
  std::function<void(const UploadProgress&)> on_progress;  // on the caller's thread; may be empty
  const std::atomic<bool>* cancelled = nullptr;            // looked at between chunks; may be null
};

struct UploadResult {
  // Names the listing on the server: IndexSpec::listing_sha256.
  std::string listing_sha256;
  int64_t files = 0;
  int64_t sent_files = 0;  // the rest was there already
  int64_t sent_bytes = 0;
};

// Hashes every image file below `folder` (`folder/<class>/...`; by suffix, as Keras lists them, and webp), asks which contents the server
// lacks, sends those, and then the listing. Lost connections are resumed, with what has arrived skipped. NOT_FOUND when the folder is
// missing or no image file is in it; FAILED_PRECONDITION when a file changes meanwhile; CANCELLED when *cancelled becomes true.
absl::StatusOr<UploadResult> UploadFolder(Client& client, const std::filesystem::path& folder, const UploadOptions& options);

struct UploadedFile {
  std::string sha256;      // names the content on the server
  int64_t bytes = 0;       // of the file
  int64_t sent_bytes = 0;  // 0: the server had it
};

// Sends one file, unless the server has its content. A lost connection begins it again. Errors as UploadFolder's.
absl::StatusOr<UploadedFile> UploadFile(Client& client, const std::filesystem::path& file, const UploadOptions& options);

// Whether a file's name has a suffix that images have.
bool HasImageSuffix(const std::filesystem::path& path);

}  // namespace seedbed::client
