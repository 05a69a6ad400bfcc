// What the parts of an image's path mean; common to folders and listings.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/dataset/folder_scan.h"

namespace seedbed::dataset {

// A folder that holds one class's images, or one subset's share of them.
struct ClassFolder {
  std::string path;  // relative to the root: "<class>" or "<subset>/<class>"
  std::string name;  // of the class
};

// True when each name means a subset.
bool AllNameSubsets(std::span<const std::string> folders);
// The names, each once, sorted by bytes.
std::vector<std::string> ClassNames(std::span<const ClassFolder> folders);
// Position of a class in such a list.
int32_t LabelOf(std::span<const std::string> classes, std::string_view name);
// The subset that a path "<subset>/<class>/<file>" of this class names; nothing for other paths.
std::optional<std::string_view> SubsetOfPath(std::string_view path, std::string_view class_name);
// By label, then folders by their full path, then names.
void SortAsKeras(std::vector<Candidate>* files);

}  // namespace seedbed::dataset
