// The average of many images.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/image/preprocessing.h"
#include "core/train/thread_team.h"

namespace seedbed::train {

// Mean of the network's inputs that the preprocessing makes of the rows, which are pixels: each has width x height x 3 bytes, and there is
// at least one. The sums are integers, so the result does not depend on threads or order.
std::vector<float> MeanImage(std::span<const uint8_t* const> rows, const image::Preprocessing& preprocessing, ThreadTeam* team);

}  // namespace seedbed::train
