#include "core/dataset/class_layout.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "core/base/status_macros.h"
#include "core/dataset/tsv.h"

namespace seedbed::dataset {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kSubsetFolders = {
    {{"train", "train"}, {"validation", "validation"}, {"val", "validation"}, {"valid", "validation"}, {"test", "test"}}};

}  // namespace

std::optional<std::string_view> SubsetOfFolder(std::string_view folder) {
  for (const auto& [name, subset] : kSubsetFolders) {
    if (absl::EqualsIgnoreCase(ToAbsl(folder), ToAbsl(name))) return subset;
  }
  return std::nullopt;
}

bool AllNameSubsets(std::span<const std::string> folders) {
  return std::all_of(folders.begin(), folders.end(), [](const std::string& name) { return SubsetOfFolder(name).has_value(); });
}

std::vector<std::string> ClassNames(std::span<const ClassFolder> folders) {
  std::vector<std::string> names;
  for (const ClassFolder& folder : folders) names.push_back(folder.name);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

int32_t LabelOf(std::span<const std::string> classes, std::string_view name) {
  return static_cast<int32_t>(std::lower_bound(classes.begin(), classes.end(), name) - classes.begin());
}

std::optional<std::string_view> SubsetOfPath(std::string_view path, std::string_view class_name) {
  const std::vector<std::string_view> parts = SplitAt(path, '/');
  return parts.size() >= 3 && parts[1] == class_name ? SubsetOfFolder(parts[0]) : std::nullopt;
}

void SortAsKeras(std::vector<Candidate>* files) {
  // A plain comparison of paths would not do: "a b/x" stands before "a/x" there, as ' ' < '/'.
  const auto key = [](const Candidate& file) {
    const std::string_view path = file.path;
    const size_t slash = path.rfind('/');
    return std::make_tuple(file.label, path.substr(0, slash), path.substr(slash + 1));
  };
  std::sort(files->begin(), files->end(), [&](const Candidate& a, const Candidate& b) { return key(a) < key(b); });
}

}  // namespace seedbed::dataset
