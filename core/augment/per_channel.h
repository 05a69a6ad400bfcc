// What several steps draw alike: chances, and one value for all channels or one for each.
#pragma once

#include <array>

#include "core/augment/distribution.h"
#include "core/base/philox.h"

namespace seedbed::augment {

// True by this chance. 0 and 1 draw nothing.
bool Happens(double chance, RandomStream& random);

// Of red, green, blue. By the chance `per_channel` each channel gets a value of its own, otherwise all get the same one.
struct ChannelValues {
  std::array<double, 3> values{};
  bool shared = true;
};
ChannelValues DrawPerChannel(const Distribution& distribution, double per_channel, RandomStream& random);
ChannelValues DrawIntegersPerChannel(const Distribution& distribution, double per_channel, RandomStream& random);

}  // namespace seedbed::augment
