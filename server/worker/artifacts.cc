#include "server/worker/artifacts.h"

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include "core/base/digest.h"

namespace seedbed::worker {

std::string_view MediaTypeOf(const std::filesystem::path& file) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kTypes = {{
      {".csv", "text/csv"},
      {".html", "text/html"},
      {".jpg", "image/jpeg"},
      {".json", "application/json"},
      {".jsonl", "application/jsonl"},
      {".png", "image/png"},
      {".svg", "image/svg+xml"},
      {".tsv", "text/tab-separated-values"},
      {".txt", "text/plain"},
  }};
  const std::string extension = file.extension().string();
  const auto found = std::find_if(kTypes.begin(), kTypes.end(), [&](const auto& type) { return type.first == extension; });
  return found == kTypes.end() ? "application/octet-stream" : found->second;
}

v1::Artifact DescribeArtifact(const std::filesystem::path& folder, const std::filesystem::path& relative) {
  v1::Artifact artifact;
  artifact.set_name(relative.generic_string());
  artifact.set_media_type(std::string(MediaTypeOf(relative)));
  std::error_code error;
  const uintmax_t bytes = std::filesystem::file_size(folder / relative, error);
  absl::StatusOr<std::string> digest = Sha256HexOfFile(folder / relative);
  if (error || !digest.ok()) return artifact;
  artifact.set_bytes(static_cast<int64_t>(bytes));
  artifact.set_sha256(*std::move(digest));
  return artifact;
}

std::vector<v1::Artifact> ListArtifacts(const std::filesystem::path& folder) {
  std::vector<v1::Artifact> artifacts;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->is_regular_file(error)) artifacts.push_back(DescribeArtifact(folder, entry->path().lexically_relative(folder)));
  }
  std::sort(artifacts.begin(), artifacts.end(), [](const v1::Artifact& a, const v1::Artifact& b) { return a.name() < b.name(); });
  return artifacts;
}

}  // namespace seedbed::worker
