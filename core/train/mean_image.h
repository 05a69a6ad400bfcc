// The average of many images.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/train/thread_team.h"

namespace seedbed::train {

// Mean of the rows' bytes, element by element, times `rescale`. The sums are integers, so the result does not depend on threads or order.
// `rows` is not empty; each has `features` bytes.
std::vector<float> MeanImage(std::span<const uint8_t* const> rows, size_t features, double rescale, ThreadTeam* team);

}  // namespace seedbed::train
