#include "core/augment/per_channel.h"

namespace seedbed::augment {
namespace {

template <typename DrawOne>
ChannelValues DrawEach(double per_channel, RandomStream& random, DrawOne draw_one) {
  ChannelValues drawn{.shared = !Happens(per_channel, random)};
  drawn.values.fill(draw_one());
  if (drawn.shared) return drawn;
  for (size_t channel = 1; channel < drawn.values.size(); ++channel) drawn.values[channel] = draw_one();
  return drawn;
}

}  // namespace

bool Happens(double chance, RandomStream& random) {
  if (chance <= 0) return false;
  return chance >= 1 || random.NextUniformDouble(0, 1) < chance;
}

ChannelValues DrawPerChannel(const Distribution& distribution, double per_channel, RandomStream& random) {
  return DrawEach(per_channel, random, [&] { return distribution.Draw(random); });
}

ChannelValues DrawIntegersPerChannel(const Distribution& distribution, double per_channel, RandomStream& random) {
  return DrawEach(per_channel, random, [&] { return static_cast<double>(distribution.DrawInteger(random)); });
}

}  // namespace seedbed::augment
