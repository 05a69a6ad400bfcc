#include "client/cli/http_download.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/cli/http_transfer.h"
#include "client/cli/partial_download.h"
#include "client/cli/text_format.h"
#include "client/lib/backoff.h"
#include "client/lib/request_id.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

namespace fs = std::filesystem;

constexpr int kMostRedirects = 5;
constexpr auto kProgressInterval = std::chrono::milliseconds(100);
constexpr size_t kLongestFileName = 100;

std::string SchemeOf(std::string_view url) { return absl::AsciiStrToLower(ToAbsl(url.substr(0, url.find(':')))); }

class Download {
 public:
  Download(const std::string& url, const DownloadOptions& options)
      : url_(url), options_(options), backoff_(options.retry, client::RandomSeed()) {}

  absl::StatusOr<Downloaded> Run(const fs::path& target) {
    SB_ASSIGN_OR_RETURN(PartialDownload partial, PartialDownload::Open(target, url_, options_.expected));
    partial_.emplace(std::move(partial));
    const bool continued = partial_->bytes() > 0;
    absl::StatusOr<std::string> sha256 = FetchAndPublish();
    if (absl::IsInvalidArgument(sha256.status()) && continued && received_ < partial_->bytes()) {
      // The bytes from before may be of another file.
      SB_RETURN_IF_ERROR(partial_->Restart(""));
      sha256 = FetchAndPublish();
    }
    if (!sha256.ok()) return sha256.status();
    return Downloaded{partial_->bytes(), received_, *std::move(sha256)};
  }

 private:
  absl::Status Named(const absl::Status& status) const { return Annotate(status, WithoutSecrets(url_)); }

  absl::StatusOr<std::string> FetchAndPublish() {
    if (const absl::Status fetched = Fetch(); !fetched.ok()) {
      if (absl::IsInvalidArgument(fetched) || partial_->bytes() == 0) SB_RETURN_IF_ERROR(partial_->Discard());
      return fetched;
    }
    absl::StatusOr<std::string> sha256 = partial_->Publish();
    if (!sha256.ok()) return Named(sha256.status());
    return sha256;
  }

  // Until the file is complete.
  absl::Status Fetch() {
    for (int attempt = 1;; ++attempt) {
      if (options_.expected.bytes > 0 && partial_->bytes() == options_.expected.bytes) return absl::OkStatus();
      const int64_t before = received_;
      SB_ASSIGN_OR_RETURN(const TransferResult result, FollowRedirects());
      if (result.kind == TransferResult::Kind::kComplete) return absl::OkStatus();
      if (result.kind == TransferResult::Kind::kRangeRefused) {
        SB_RETURN_IF_ERROR(partial_->Restart(""));
        continue;
      }
      if (received_ > before) {
        attempt = 1;
        backoff_.Reset();
      }
      if (attempt >= options_.retry.max_attempts) return result.why;
      SB_RETURN_IF_ERROR(Pause(backoff_.Next()));
    }
  }

  absl::StatusOr<TransferResult> FollowRedirects() {
    TransferRequest request;
    request.url = url_;
    request.stall_timeout = options_.stall_timeout;
    request.on_start = [this](const ContentStart& start) { return Start(start); };
    request.on_bytes = [this](std::span<const std::byte> bytes) { return Receive(bytes); };
    request.on_tick = [this] { return Tick(); };
    for (int redirects = 0;; ++redirects) {
      request.offset = SchemeOf(request.url) == "file" ? 0 : partial_->bytes();
      request.validator = partial_->validator();
      SB_ASSIGN_OR_RETURN(TransferResult result, RunTransfer(request));
      if (result.kind != TransferResult::Kind::kRedirect) return result;
      if (redirects == kMostRedirects) return Named(absl::InvalidArgumentError(absl::StrCat("more than ", kMostRedirects, " redirects")));
      SB_RETURN_IF_ERROR(CheckRedirect(request.url, result.location));
      request.url = std::move(result.location);
    }
  }

  absl::Status CheckRedirect(const std::string& from, const std::string& to) const {
    const std::string scheme = SchemeOf(to);
    if (scheme == "https" || (scheme == "http" && SchemeOf(from) == "http")) return absl::OkStatus();
    return Named(absl::InvalidArgumentError(absl::StrCat("refused a redirect from ", SchemeOf(from), " to ", WithoutSecrets(to))));
  }

  int64_t Limit() const { return options_.expected.bytes > 0 ? options_.expected.bytes : options_.max_bytes; }
  absl::Status TooMuch(const std::string& how_much) const {
    return Named(absl::InvalidArgumentError(absl::StrCat("the host sends ", how_much, " than the ", FormatCount(Limit()), " bytes that ",
                                                         options_.expected.bytes > 0 ? "are expected" : "are allowed")));
  }

  absl::Status Start(const ContentStart& start) {
    if (start.total > Limit()) return TooMuch(absl::StrCat("more, ", FormatCount(start.total), " bytes,"));
    total_ = start.total;
    return start.offset == partial_->bytes() && start.offset > 0 ? absl::OkStatus() : partial_->Restart(start.validator);
  }

  absl::Status Receive(std::span<const std::byte> bytes) {
    const auto count = static_cast<int64_t>(bytes.size());
    if (partial_->bytes() + count > Limit()) return TooMuch("more");
    received_ += count;
    return partial_->Append(bytes);
  }

  absl::Status Tick() {
    if (options_.cancelled != nullptr && options_.cancelled->load()) return absl::CancelledError("the download was cancelled");
    const MonotonicTime now = std::chrono::steady_clock::now();
    if (now >= options_.deadline) return absl::DeadlineExceededError("--timeout expired; repeat the command to go on with the download");
    if (!options_.on_progress || now < next_progress_) return absl::OkStatus();
    next_progress_ = now + kProgressInterval;
    options_.on_progress(partial_->bytes(), total_);
    return absl::OkStatus();
  }

  absl::Status Pause(std::chrono::milliseconds pause) {
    const MonotonicTime end = std::chrono::steady_clock::now() + pause;
    while (std::chrono::steady_clock::now() < end) {
      SB_RETURN_IF_ERROR(Tick());
      std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(kProgressInterval, end - std::chrono::steady_clock::now()));
    }
    return absl::OkStatus();
  }

  const std::string& url_;
  const DownloadOptions& options_;
  client::Backoff backoff_;
  std::optional<PartialDownload> partial_;
  int64_t received_ = 0;
  int64_t total_ = 0;
  MonotonicTime next_progress_;
};

}  // namespace

absl::StatusOr<Downloaded> DownloadUrl(const std::string& url, const fs::path& target, const DownloadOptions& options) {
  const std::string scheme = SchemeOf(url);
  if (!LooksLikeUrl(url) || (scheme != "https" && scheme != "http" && scheme != "file")) {
    return absl::InvalidArgumentError(absl::StrCat(WithoutSecrets(url), ": expected https://, http:// or file://"));
  }
  SB_RETURN_IF_ERROR(CheckDigestForms(options.expected));
  return Download(url, options).Run(target);
}

bool LooksLikeUrl(std::string_view text) {
  const size_t colon = text.find("://");
  return colon != std::string_view::npos && colon > 0 &&
         std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(colon),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '+' || c == '-' || c == '.'; });
}

std::string WithoutSecrets(const std::string& url) {
  std::string shown = url.substr(0, url.find_first_of("?#"));
  const size_t scheme_end = shown.find("://");
  if (scheme_end == std::string::npos) return shown;
  const size_t host = scheme_end + 3;
  const size_t path = shown.find('/', host);
  const size_t at = shown.rfind('@', path);
  if (at != std::string::npos && at >= host) shown.erase(host, at + 1 - host);
  return shown;
}

std::string FileNameOf(const std::string& url) {
  const std::string shown = WithoutSecrets(url);
  const size_t scheme_end = shown.find("://");
  const size_t slash = shown.rfind('/');
  const bool has_path = slash != std::string::npos && (scheme_end == std::string::npos || slash > scheme_end + 2);
  std::string name = has_path ? shown.substr(slash + 1) : "";
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '.' && c != '_' && c != '-') c = '_';
  }
  if (name.size() > kLongestFileName) name.erase(0, name.size() - kLongestFileName);
  return name.empty() || name.front() == '.' ? absl::StrCat("download", name) : name;
}

}  // namespace seedbed::cli
