// Plain ascent.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "core/ascent/ascent.h"
#include "core/image/preprocessing.h"

namespace seedbed::ascent {

// The algorithm of the reference workload, on the network's input itself: from U(0, 1), x += step_size g / (sqrt(mean(g^2)) + 1e-7), the
// mean being over all values of the picture. The picture is (x - mean) / (std + 1e-7) * 0.1 + 0.5, clipped to 0..1, times 255 and rounded
// down, its channels as red, green and blue, whatever order the network takes them in.
class ReferenceAscent : public Ascent {
 public:
  // `network` takes images of three channels in this order, and must outlive the ascent.
  ReferenceAscent(const ScoredNetwork* network, image::ChannelOrder channels, const AscentOptions& options);
  image::Image Picture(size_t i) const override;
  // x of all pictures: [picture][height][width][channel].
  std::span<const float> values() const { return values_; }

 protected:
  void Resize(size_t pictures) override;
  void Begin(size_t i) override;
  absl::Status Climb() override;

 private:
  const bool swap_;  // red and blue
  const size_t size_;
  std::vector<float> values_, gradient_;
};

}  // namespace seedbed::ascent
