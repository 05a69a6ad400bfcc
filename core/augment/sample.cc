#include "core/augment/sample.h"

#include <algorithm>
#include <charconv>

namespace seedbed::augment {

RandomStream Sample::Random(uint32_t step) const {
  // Epoch and step go into the key by the generator itself, so that no two of them share numbers by chance of arithmetic.
  constexpr uint32_t kDerivation = 0;  // no purpose has this number
  const PhiloxBlock derived = Philox4x32({epoch, step, 0, kDerivation}, {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)});
  return {uint64_t{derived[1]} << 32 | derived[0], RandomPurpose::kAugment, image};
}

uint64_t ImageNumber(std::string_view sha256) {
  constexpr size_t kDigits = 16;  // 64 bits
  uint64_t number = 0;
  std::from_chars(sha256.data(), sha256.data() + std::min(kDigits, sha256.size()), number, 16);
  return number;
}

}  // namespace seedbed::augment
