// Mean and standard deviation of each channel over many images: Keras's featurewise standardisation.
#pragma once

#include <cstdint>
#include <span>

#include "core/image/preprocessing.h"
#include "core/train/thread_team.h"

namespace seedbed::train {

// Sets mean, and std where preprocessing->featurewise asks for it, as ImageDataGenerator.fit does: over all values of a channel after
// rescale, before any samplewise standardisation; kStdEpsilon is in std. Rows are pixels as for MeanImage. The sums are integers, so the
// result does not depend on threads or order.
void FitChannels(std::span<const uint8_t* const> rows, ThreadTeam* team, image::Preprocessing* preprocessing);

}  // namespace seedbed::train
