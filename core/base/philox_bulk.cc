#include "core/base/philox_bulk.h"

#include <algorithm>

#include "core/base/philox_kernels.h"

namespace seedbed {
namespace {

const PhiloxKernel& KernelFor([[maybe_unused]] std::string_view instruction_set) {
#if defined(__x86_64__)
  if (instruction_set == "avx512") return kPhiloxAvx512;
  if (instruction_set == "avx2") return kPhiloxAvx2;
#endif
  return kPhiloxBaseline;
}

}  // namespace

void FillRandom(uint64_t seed, RandomPurpose purpose, uint64_t subject, uint32_t first_block, std::span<uint32_t> numbers,
                std::string_view instruction_set) {
  const std::array<uint32_t, 2> key = {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)};
  // As RandomStream counts.
  PhiloxBlock counter = {first_block, static_cast<uint32_t>(subject), static_cast<uint32_t>(subject >> 32), static_cast<uint32_t>(purpose)};
  const PhiloxKernel& kernel = KernelFor(instruction_set);
  const size_t turns = numbers.size() / (counter.size() * kernel.blocks);
  kernel.fill(counter, key, turns, numbers.data());
  counter[0] += static_cast<uint32_t>(turns * kernel.blocks);
  for (size_t done = turns * kernel.blocks * counter.size(); done < numbers.size(); done += counter.size(), ++counter[0]) {
    const PhiloxBlock block = Philox4x32(counter, key);
    const std::span<uint32_t> rest = numbers.subspan(done);
    std::copy_n(block.begin(), std::min(block.size(), rest.size()), rest.begin());
  }
}

}  // namespace seedbed
