#include "client/cli/content_check.h"

#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "client/cli/text_format.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

constexpr size_t kSha256Digits = 64;
constexpr size_t kFewestDigits = 8;
constexpr size_t kMd5Digits = 32;

bool IsHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

absl::Status Differs(std::string_view what, const std::string& found, std::string_view expected) {
  return absl::InvalidArgumentError(absl::StrCat("wrong content: its ", ToAbsl(what), " is ", found, ", expected ", ToAbsl(expected)));
}

}  // namespace

struct ContentCheck::Md5 {
  Md5() : context(EVP_MD_CTX_new()) { EVP_DigestInit_ex(context, EVP_md5(), nullptr); }
  ~Md5() { EVP_MD_CTX_free(context); }
  Md5(const Md5&) = delete;
  Md5& operator=(const Md5&) = delete;

  std::string FinishHex() const {
    std::array<char, kMd5Digits / 2> digest{};
    EVP_DigestFinal_ex(context, reinterpret_cast<unsigned char*>(digest.data()), nullptr);
    return absl::BytesToHexString({digest.data(), digest.size()});
  }
  EVP_MD_CTX* const context;
};

absl::Status CheckDigestForms(const ExpectedContent& expected) {
  const std::string& sha256 = expected.sha256;
  if (!sha256.empty() && (sha256.size() < kFewestDigits || sha256.size() > kSha256Digits || !IsHex(sha256))) {
    return absl::InvalidArgumentError(absl::StrCat("'", sha256, "' is no SHA-256: expected 64 hex digits, or the first 8 or more of them"));
  }
  if (!expected.md5.empty() && (expected.md5.size() != kMd5Digits || !IsHex(expected.md5))) {
    return absl::InvalidArgumentError(absl::StrCat("'", expected.md5, "' is no MD5: expected 32 hex digits"));
  }
  return absl::OkStatus();
}

ContentCheck::ContentCheck(ExpectedContent expected)
    : expected_(std::move(expected)), md5_(expected_.md5.empty() ? nullptr : std::make_unique<Md5>()) {}
ContentCheck::~ContentCheck() = default;
ContentCheck::ContentCheck(ContentCheck&&) noexcept = default;
ContentCheck& ContentCheck::operator=(ContentCheck&&) noexcept = default;

void ContentCheck::Update(std::span<const std::byte> bytes) {
  digest_.Update(bytes);
  if (md5_ != nullptr) EVP_DigestUpdate(md5_->context, bytes.data(), bytes.size());
  bytes_ += static_cast<int64_t>(bytes.size());
}

absl::Status ContentCheck::UpdateFromFile(const std::filesystem::path& path) {
  SB_ASSIGN_OR_RETURN(const UniqueFd file, OpenForReading(path));
  std::vector<std::byte> buffer(size_t{256} << 10);
  while (true) {
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoStatus(errno, "read", path);
    if (got == 0) return absl::OkStatus();
    Update(std::span(buffer).first(static_cast<size_t>(got)));
  }
}

absl::Status ContentCheck::Finish() {
  found_sha256_ = digest_.FinishHex();
  if (expected_.bytes > 0 && bytes_ != expected_.bytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("wrong content: it has ", FormatCount(bytes_), " bytes, expected ", FormatCount(expected_.bytes)));
  }
  if (!found_sha256_.starts_with(expected_.sha256)) {
    const bool whole = expected_.sha256.size() == kSha256Digits;
    return Differs("SHA-256", found_sha256_, whole ? expected_.sha256 : expected_.sha256 + "...");
  }
  if (md5_ == nullptr) return absl::OkStatus();
  const std::string found = md5_->FinishHex();
  return found == expected_.md5 ? absl::OkStatus() : Differs("MD5", found, expected_.md5);
}

absl::Status CheckFile(const std::filesystem::path& path, const ExpectedContent& expected) {
  ContentCheck check(expected);
  SB_RETURN_IF_ERROR(check.UpdateFromFile(path));
  return Annotate(check.Finish(), path.string());
}

}  // namespace seedbed::cli
