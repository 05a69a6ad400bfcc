#include "core/augment/grow.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <span>

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

namespace seedbed::augment {
namespace {

constexpr size_t kChannels = 3, kLanes = 4;  // of a pixel, one more than there are channels

// Between which two source lines a line of the target lies: weight / 65,536 is the second one's share.
struct Position {
  int first;
  uint16_t weight;
};

// OpenCV's, for INTER_AREA where it enlarges (modules/imgproc/src/resize.cpp).
class Positions {
 public:
  Positions(int target_size, int source_size)
      : source_size_(source_size), growth_(static_cast<double>(target_size) / source_size), step_(1 / growth_) {}

  Position operator[](int target) const {
    const int first = static_cast<int>(target * step_);
    if (first >= source_size_ - 1) return {.first = source_size_ - 1, .weight = 0};
    const auto beyond = static_cast<float>((target + 1) - (first + 1) * growth_);
    const float share = beyond <= 0 ? 0 : beyond - static_cast<float>(static_cast<int>(beyond));
    return {.first = first, .weight = static_cast<uint16_t>(std::lround(share * 0xFFFF))};
  }

 private:
  const int source_size_;
  const double growth_;
  const double step_;
};

// value * weight / 65,536.
uint16_t Part(uint16_t value, uint16_t weight) { return static_cast<uint16_t>((uint32_t{value} * weight) >> 16); }

// The mix of two rows, with 8 fractional bits.
void MixRows(const uint8_t* __restrict first, const uint8_t* __restrict second, uint16_t weight, size_t count, uint16_t* __restrict mixed) {
  const auto rest = static_cast<uint16_t>(0xFFFF - weight);
  for (size_t i = 0; i < count; ++i) {
    mixed[i] =
        static_cast<uint16_t>(Part(static_cast<uint16_t>(first[i] << 8), rest) + Part(static_cast<uint16_t>(second[i] << 8), weight));
  }
}

// The mix of a pixel and the one after it, for each of two pixels of the target; weights are theirs, once for each lane. Writes four bytes
// for each, the second three bytes behind the first: the fourth lane is the next pixel's and worth nothing.
#if defined(__x86_64__)
__m128i LoadTwo(const uint16_t* first, const uint16_t* second) {
  return _mm_unpacklo_epi64(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(first)),
                            _mm_loadl_epi64(reinterpret_cast<const __m128i*>(second)));
}

void MixTwoPixels(const uint16_t* first, const uint16_t* second, const uint16_t* weights, uint8_t* pixel) {
  const __m128i weight = _mm_loadu_si128(reinterpret_cast<const __m128i*>(weights)), rest = _mm_xor_si128(weight, _mm_set1_epi16(-1));
  const __m128i sum =
      _mm_add_epi16(_mm_mulhi_epu16(LoadTwo(first, second), rest), _mm_mulhi_epu16(LoadTwo(first + kChannels, second + kChannels), weight));
  const __m128i rounded = _mm_srli_epi16(_mm_add_epi16(sum, _mm_set1_epi16(128)), 8);
  const auto bytes = static_cast<uint64_t>(_mm_cvtsi128_si64(_mm_packus_epi16(rounded, rounded)));
  const auto low = static_cast<uint32_t>(bytes), high = static_cast<uint32_t>(bytes >> 32);
  std::memcpy(pixel, &low, sizeof(low));
  std::memcpy(pixel + kChannels, &high, sizeof(high));
}
#else
void MixTwoPixels(const uint16_t* first, const uint16_t* second, const uint16_t* weights, uint8_t* pixel) {
  for (const uint16_t* mixed : {first, second}) {
    for (size_t i = 0; i < kLanes; ++i) {
      const auto rest = static_cast<uint16_t>(0xFFFF - weights[i]);
      const auto sum = static_cast<uint16_t>(Part(mixed[i], rest) + Part(mixed[i + kChannels], weights[i]));
      pixel[i] = static_cast<uint8_t>(static_cast<uint16_t>(sum + 128) >> 8);
    }
    weights += kLanes;
    pixel += kChannels;
  }
}
#endif

// A scratch buffer for 16-bit numbers.
std::span<uint16_t> Words(size_t buffer, size_t count, Scratch* scratch) {
  return {reinterpret_cast<uint16_t*>(scratch->Bytes(buffer, count * sizeof(uint16_t)).data()), count};
}

}  // namespace

void Grow(const PixelArea& area, Picture target, Scratch* scratch) {
  const auto target_width = static_cast<size_t>(target.width), source_values = kChannels * static_cast<size_t>(area.width);
  // The last pixel's successor is read, and weighs nothing.
  const std::span<uint16_t> mixed = Words(2, source_values + kLanes, scratch);
  std::fill(mixed.begin(), mixed.end(), uint16_t{0});
  const std::span<int32_t> firsts = scratch->Integers(0, target_width);
  // One more than there are, since pixels are made in pairs.
  const std::span<uint16_t> weights = Words(3, kLanes * (target_width + 1), scratch);
  const Positions columns(target.width, area.width), rows(target.height, area.height);
  for (size_t x = 0; x < target_width; ++x) {
    const Position position = columns[static_cast<int>(x)];
    firsts[x] = position.first * static_cast<int>(kChannels);
    std::fill_n(&weights[kLanes * x], kLanes, position.weight);
  }
  for (int y = 0; y < target.height; ++y) {
    const Position position = rows[y];
    const uint8_t* const first = area.first + static_cast<size_t>(position.first) * area.stride;
    const uint8_t* const second = position.first + 1 < area.height ? first + area.stride : first;
    MixRows(first, second, position.weight, source_values, mixed.data());
    uint8_t* const pixel = target.row(y);
    size_t x = 0;
    for (; x + 2 < target_width; x += 2) {
      MixTwoPixels(mixed.data() + firsts[x], mixed.data() + firsts[x + 1], &weights[kLanes * x], pixel + kChannels * x);
    }
    // The last one or two, and nothing beyond the picture.
    std::array<uint8_t, kChannels + kLanes> last;
    MixTwoPixels(mixed.data() + firsts[x], mixed.data() + firsts[std::min(x + 1, target_width - 1)], &weights[kLanes * x], last.data());
    std::copy_n(last.begin(), kChannels * (target_width - x), pixel + kChannels * x);
  }
}

}  // namespace seedbed::augment
