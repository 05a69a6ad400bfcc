// One request for a file, or for the rest of one, and its answer.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace seedbed::cli {

// How the answer's content begins.
struct ContentStart {
  int64_t offset = 0;          // of its first byte in the file: 0, or what was asked for
  int64_t total = 0;           // bytes of the whole file; 0: not told
  std::string validator = "";  // changes when the file does: a strong ETag, or its time of change; empty: none
};

struct TransferRequest {
  std::string url;
  int64_t offset = 0;          // over 0: the rest from there is wanted, if the file still has `validator`
  std::string validator = "";  // empty: in any case
  std::chrono::seconds stall_timeout{30};
  // An error that one of these returns ends the transfer and is its result. on_start comes once before the content, also before an empty
  // one; on_tick a few times a second, whether something comes or not. None may be empty.
  std::function<absl::Status(const ContentStart&)> on_start;
  std::function<absl::Status(std::span<const std::byte>)> on_bytes;
  std::function<absl::Status()> on_tick;
};

struct TransferResult {
  enum class Kind {
    kComplete,
    kRedirect,      // to `location`
    kLost,          // for a reason that may pass: `why`
    kRangeRefused,  // the file ends before the offset
  };
  Kind kind = Kind::kComplete;
  std::string location = "";
  absl::Status why = absl::OkStatus();
};

// Errors: what no repetition cures, as of DownloadUrl (http_download.h), and those of the callbacks.
absl::StatusOr<TransferResult> RunTransfer(const TransferRequest& request);

}  // namespace seedbed::cli
