// Which files a dataset is made of: found in folders, or named by an upload's listing.
//
// Classes and order are those of Keras's DirectoryIterator: every folder of the root is a class, also an empty one and one reached through
// a link; names are sorted by bytes (which for UTF-8 is the order of code points); files are taken from the whole tree below the class
// folder, folders sorted by their full path and names sorted within each. Deviations, all of them on purpose: hidden folders
// (.ipynb_checkpoints, .git) are neither classes nor searched; .webp counts as an image; a suffix needs its dot.
//
// A root whose folders are all named train, validation (val, valid) or test, in any case, and hold class folders, is a divided dataset:
// its classes are the folders of the second level, all subsets together, and paths are "<subset>/<class>/<file>".
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace seedbed::dataset {

// A file that may become a row of the manifest.
struct Candidate {
  std::string path;  // relative to the root, '/'-separated
  int32_t label = 0;
  std::string sha256;    // as the listing says; empty when in place
  std::string unusable;  // reason why it need not be opened; empty: it is to be read
};

struct Candidates {
  std::vector<std::string> classes;  // sorted by bytes
  std::vector<Candidate> files;      // by label, then in Keras's order
  int64_t files_ignored = 0;         // below class folders, without an image's suffix
  int64_t links_ignored = 0;         // links to folders, when they are not followed
};

struct ScanOptions {
  // Links to folders are followed below the class folders too; a real folder is searched once for each class, so that loops end.
  bool follow_links = false;
  // Asked at each folder; true ends the scan with CANCELLED.
  std::function<bool()> cancelled = [] { return false; };
};

// Links to files are always taken, wherever they lead. Folders that cannot be opened, names that are not UTF-8 and what is no regular file
// become candidates with a reason. INVALID_ARGUMENT when `root` is no absolute folder, cannot be opened or has no class folders.
absl::StatusOr<Candidates> ScanFolder(const std::filesystem::path& root, const ScanOptions& options);

// Lines "<sha256> TAB <path>", the path escaped as in manifest.tsv (tsv.h). INVALID_ARGUMENT naming the line for a bad digest, an absolute
// path, "..", a path without a class folder, a path named twice, and for an empty listing.
absl::StatusOr<Candidates> ParseListing(std::string_view listing);

// True for the suffixes Keras takes as images, in any case.
bool HasImageSuffix(std::string_view name);

// "train", "validation" or "test" for a folder that means that subset.
std::optional<std::string_view> SubsetOfFolder(std::string_view folder);

}  // namespace seedbed::dataset
