// Fetching one large file by its URL. What came before an interruption is kept and not fetched again; a file appears under its name only
// when it is complete and is what was expected.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/content_check.h"
#include "client/lib/options.h"
#include "core/base/clock.h"

namespace seedbed::cli {

struct DownloadOptions {
  ExpectedContent expected;
  int64_t max_bytes = int64_t{4} << 30;  // more is refused, as soon as it is announced or has come
  // Less than 1,000 bytes a second for so long is given up; so is a host that does not answer for so long.
  std::chrono::seconds stall_timeout{30};
  // After lost connections and errors of the host that may pass; attempts count from the last one that brought something.
  client::RetryPolicy retry;
  MonotonicTime deadline = MonotonicTime::max();
  std::function<void(int64_t done, int64_t total)> on_progress;  // a few times a second; total 0: not known; may be empty
  const std::atomic<bool>* cancelled = nullptr;                  // looked at once a second or more often; may be null
};

struct Downloaded {
  int64_t bytes = 0;     // of the file
  int64_t received = 0;  // now; the rest was there
  std::string sha256;
};

// Fetches http://, https:// and file:// URLs into `target`, whose folders are made; up to 5 redirects, from https to https only. Until it
// is complete the file is called TARGET.part. A TARGET.part from before is continued if the host says that its file is still the same, or a
// digest will tell. Errors: NOT_FOUND (404, 410, no such file), PERMISSION_DENIED (401, 403), RESOURCE_EXHAUSTED (429, 503, disk full),
// UNAVAILABLE (no such host, it does not answer, stalls, or loses the connection again and again; another process is fetching the same),
// INVALID_ARGUMENT (no such URL, too much, wrong content: TARGET.part is then gone), CANCELLED, DEADLINE_EXCEEDED.
absl::StatusOr<Downloaded> DownloadUrl(const std::string& url, const std::filesystem::path& target, const DownloadOptions& options);

// Whether `text` begins like a URL ("https://..."), rather than naming a local file.
bool LooksLikeUrl(std::string_view text);
// The URL as it may be shown and stored: without user name, password, query and fragment, where secrets are.
std::string WithoutSecrets(const std::string& url);
// What the URL calls its file: its path's last part, odd characters replaced; "download" when that is empty.
std::string FileNameOf(const std::string& url);

}  // namespace seedbed::cli
