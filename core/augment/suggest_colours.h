// Proposes leaf colours for remove_background from a few pictures.
#pragma once

#include <cstdint>
#include <span>

#include "absl/status/statusor.h"
#include "core/image/image.h"
#include "nlohmann/json.hpp"

namespace seedbed::augment {

inline constexpr int kMaxSuggestedColours = 16;

// Settings of remove_background, {"colours": [[r, g, b], ...], "thresholds": [...]}, with at most `count` colours (1 to
// kMaxSuggestedColours), the most frequent first.
//
// Pixels taken evenly from all pictures are clustered (k-means) in a space whose distances are close to RedmeanDistance. Of the clusters,
// those are leaves whose green stands out: Otsu's threshold divides the clusters by their share of green. The leaves' pixels are clustered
// again into `count` colours; a threshold is the distance within which nine tenths of a colour's pixels lie. The same pictures, in the same
// order, and seed give the same settings.
//
// INVALID_ARGUMENT without pictures, for a bad count, and when nothing in the pictures is green.
absl::StatusOr<nlohmann::json> SuggestColours(std::span<const image::Image> pictures, int count, uint64_t seed);

}  // namespace seedbed::augment
