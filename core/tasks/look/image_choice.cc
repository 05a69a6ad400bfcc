#include "core/tasks/look/image_choice.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "core/base/nearest_name.h"
#include "core/base/philox.h"

namespace seedbed::tasks {
namespace {

absl::Status NoSuchImage(const dataset::Manifest& manifest, const std::string& path) {
  const std::string folder = path.substr(0, path.find('/') + 1);  // the class with its slash
  std::vector<std::string> neighbours;
  for (const dataset::ManifestRow& row : manifest.rows) {
    if (row.path.starts_with(folder)) neighbours.push_back(row.path);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("the dataset has no image '", path, "'",
                   DidYouMean(path, neighbours, "; images are named as their files within the dataset: CLASS/FILE")));
}

// The rows of each class, in an order of chance. No training shuffles with these numbers: nothing follows from those that they share.
std::vector<std::vector<uint32_t>> ShuffledByClass(const dataset::Manifest& manifest, std::span<const uint32_t> rows, uint64_t seed) {
  std::vector<std::vector<uint32_t>> of_class(manifest.classes.size());
  for (const uint32_t row : rows) of_class[static_cast<size_t>(manifest.rows[row].label)].push_back(row);
  for (size_t label = 0; label < of_class.size(); ++label) {
    const RandomStream random(seed, RandomPurpose::kShuffle, label);
    std::vector<uint32_t> shuffled;
    for (const uint32_t i : RandomPermutation(static_cast<uint32_t>(of_class[label].size()), random)) {
      shuffled.push_back(of_class[label][i]);
    }
    of_class[label] = std::move(shuffled);
  }
  return of_class;
}

}  // namespace

absl::StatusOr<std::vector<uint32_t>> RowsNamed(const dataset::Manifest& manifest, std::span<const std::string> paths) {
  std::vector<uint32_t> rows;
  for (const std::string& path : paths) {
    const auto found = std::find_if(manifest.rows.begin(), manifest.rows.end(), [&](const auto& row) { return row.path == path; });
    if (found == manifest.rows.end()) return NoSuchImage(manifest, path);
    rows.push_back(static_cast<uint32_t>(found - manifest.rows.begin()));
  }
  return rows;
}

std::vector<uint32_t> ChooseOfEachClass(const dataset::Manifest& manifest, std::span<const uint32_t> rows, size_t count, uint64_t seed) {
  std::vector<uint32_t> chosen;
  for (const std::vector<uint32_t>& of_class : ShuffledByClass(manifest, rows, seed)) {
    chosen.insert(chosen.end(), of_class.begin(), of_class.begin() + static_cast<ptrdiff_t>(std::min(count, of_class.size())));
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

std::vector<uint32_t> ChooseAcrossClasses(const dataset::Manifest& manifest, std::span<const uint32_t> rows, size_t count, uint64_t seed) {
  const std::vector<std::vector<uint32_t>> of_class = ShuffledByClass(manifest, rows, seed);
  const std::vector<uint32_t> order =
      RandomPermutation(static_cast<uint32_t>(of_class.size()), RandomStream(seed, RandomPurpose::kShuffle, of_class.size()));
  std::vector<uint32_t> chosen;
  const size_t wanted = std::min(count, rows.size());
  for (size_t round = 0; chosen.size() < wanted; ++round) {
    for (const uint32_t label : order) {
      if (round < of_class[label].size() && chosen.size() < wanted) chosen.push_back(of_class[label][round]);
    }
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

}  // namespace seedbed::tasks
