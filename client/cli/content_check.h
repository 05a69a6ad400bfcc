// Whether a content that came from elsewhere is the one that was meant.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "core/base/digest.h"

namespace seedbed::cli {

// What is known of a content beforehand. MD5 only for files whose publisher documents nothing better.
struct ExpectedContent {
  std::string sha256 = "";  // lower-case hex: all 64 digits, or the first ones, 8 at least; empty: not known
  std::string md5 = "";     // 32 lower-case hex digits; empty: not known
  int64_t bytes = 0;        // 0: not known

  bool has_digest() const { return !sha256.empty() || !md5.empty(); }
};

// INVALID_ARGUMENT unless the digests have the form above.
absl::Status CheckDigestForms(const ExpectedContent& expected);

// Takes in a content piece by piece, in order. Not thread-safe.
class ContentCheck {
 public:
  explicit ContentCheck(ExpectedContent expected);
  ~ContentCheck();
  ContentCheck(ContentCheck&&) noexcept;
  ContentCheck& operator=(ContentCheck&&) noexcept;

  void Update(std::span<const std::byte> bytes);
  // A whole file.
  absl::Status UpdateFromFile(const std::filesystem::path& path);
  int64_t bytes() const { return bytes_; }

  // INVALID_ARGUMENT saying what differs. May be called once.
  absl::Status Finish();
  // After Finish(): of the whole content.
  const std::string& sha256() const { return found_sha256_; }

 private:
  struct Md5;

  ExpectedContent expected_;
  Sha256 digest_;
  std::unique_ptr<Md5> md5_;  // null: not expected
  int64_t bytes_ = 0;
  std::string found_sha256_;
};

// Errors name the file.
absl::Status CheckFile(const std::filesystem::path& path, const ExpectedContent& expected);

}  // namespace seedbed::cli
