#include "core/base/philox.h"

#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

namespace seedbed {

PhiloxBlock Philox4x32(PhiloxBlock counter, std::array<uint32_t, 2> key) {
  constexpr uint64_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
  constexpr uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
  for (int round = 0; round < 10; ++round) {
    const uint64_t product0 = kMultiplier0 * counter[0];
    const uint64_t product1 = kMultiplier1 * counter[2];
    counter = {static_cast<uint32_t>(product1 >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(product1),
               static_cast<uint32_t>(product0 >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(product0)};
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return counter;
}

RandomStream::RandomStream(uint64_t seed, RandomPurpose purpose, uint64_t subject)
    : key_{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)},
      // 32 bits of block number, 64 bits of subject, 32 bits of purpose: streams never overlap.
      counter_{0, static_cast<uint32_t>(subject), static_cast<uint32_t>(subject >> 32), static_cast<uint32_t>(purpose)} {}

uint32_t RandomStream::NextUint32() {
  if (used_ == block_.size()) {
    block_ = Philox4x32(counter_, key_);
    ++counter_[0];
    used_ = 0;
  }
  return block_[used_++];
}

uint32_t RandomStream::NextBelow(uint32_t bound) {
  uint64_t product = uint64_t{NextUint32()} * bound;
  if (static_cast<uint32_t>(product) < bound) {
    const uint32_t threshold = (0u - bound) % bound;
    while (static_cast<uint32_t>(product) < threshold) product = uint64_t{NextUint32()} * bound;
  }
  return static_cast<uint32_t>(product >> 32);
}

float RandomStream::NextUniform() { return static_cast<float>(NextUint32() >> 8) * 0x1p-24f; }

double RandomStream::NextUniformDouble(double low, double high) {
  const uint64_t bits = (uint64_t{NextUint32()} << 21) ^ (NextUint32() >> 11);
  return low + (high - low) * (static_cast<double>(bits) * 0x1p-53);
}

double RandomStream::NextNormal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - NextUniformDouble(0, 1)));
  return radius * std::cos(2.0 * std::numbers::pi * NextUniformDouble(0, 1));
}

std::vector<uint32_t> RandomPermutation(uint32_t n, RandomStream stream) {
  std::vector<uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0u);
  for (uint32_t i = n; i > 1; --i) std::swap(order[i - 1], order[stream.NextBelow(i)]);
  return order;
}

}  // namespace seedbed
