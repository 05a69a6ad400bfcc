#include "core/ascent/ascent.h"

#include "core/base/status_macros.h"

namespace seedbed::ascent {
namespace {

constexpr int kMaxRestarts = 8;

}  // namespace

void Ascent::Start(std::span<const size_t> channels) {
  channels_.assign(channels.begin(), channels.end());
  hindrances_.assign(channels.size(), {});
  ways_.assign(channels.size(), Way::kOpen);
  step_ = 0;
  Resize(channels.size());
  for (size_t i = 0; i < channels.size(); ++i) Begin(i);
}

absl::Status Ascent::Step() {
  ++step_;
  SB_RETURN_IF_ERROR(Climb());
  for (size_t i = 0; i < channels_.size(); ++i) {
    if (ways_[i] == Way::kRedirected) hindrances_[i].redirected = true;
    hindrances_[i].stuck = ways_[i] == Way::kBlocked;
    if (!hindrances_[i].stuck || hindrances_[i].restarts == kMaxRestarts) continue;
    ++hindrances_[i].restarts;
    Begin(i);
  }
  return absl::OkStatus();
}

absl::Status Ascent::Gradient(std::span<const float> input, std::span<float> gradient) {
  return network_.Gradient(input, channels_, gradient, ways_);
}

RandomStream Ascent::Draw(size_t i) const {
  const auto restarts = static_cast<uint64_t>(hindrances_[i].restarts);
  return {options_.seed, RandomPurpose::kMaximize, restarts << 56 | static_cast<uint64_t>(channels_[i]) << 32 | step_};
}

}  // namespace seedbed::ascent
