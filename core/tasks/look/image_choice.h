// Which images of a dataset people look at.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/dataset/manifest.h"

namespace seedbed::tasks {

// Rows of the images with these paths, in their order. INVALID_ARGUMENT naming the first one that is not there, with the nearest name of
// its class.
absl::StatusOr<std::vector<uint32_t>> RowsNamed(const dataset::Manifest& manifest, std::span<const std::string> paths);

// At most `count` of these rows from each class, ascending. The same seed chooses the same images.
std::vector<uint32_t> ChooseOfEachClass(const dataset::Manifest& manifest, std::span<const uint32_t> rows, size_t count, uint64_t seed);

// At most `count` of these rows, ascending: one from each class as long as there are classes, then a second one, and so on.
std::vector<uint32_t> ChooseAcrossClasses(const dataset::Manifest& manifest, std::span<const uint32_t> rows, size_t count, uint64_t seed);

}  // namespace seedbed::tasks
