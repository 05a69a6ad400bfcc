// Sets of features as files that every program reads. Each is written whole in one go, with memory for one chunk.
#pragma once

#include <filesystem>
#include <functional>

#include "absl/status/status.h"
#include "core/features/feature_set.h"

namespace seedbed::features {

// Asked before each chunk; false ends the export with CANCELLED.
using GoOn = std::function<bool()>;

// NumPy's format 1.0: float32 or float16 as stored, bfloat16 as float32; shape (images, one image's shape).
absl::Status WriteFeaturesNpy(const FeatureSet& set, const std::filesystem::path& file, const GoOn& go_on);
// int32, shape (images).
absl::Status WriteLabelsNpy(const FeatureSet& set, const std::filesystem::path& file);

// Columns path, class, sha256, and with `values` one for each value, named 0, 1, ...: the shortest digits that give the same number again.
absl::Status WriteCsv(const FeatureSet& set, bool values, const std::filesystem::path& file, const GoOn& go_on);

}  // namespace seedbed::features
