#include "core/image/resize_kernels.h"

#include <algorithm>
#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace seedbed::image {
namespace {

constexpr int32_t kHalf = 1 << (kPrecisionBits - 1);
constexpr int kChannels = 3;

uint8_t Clip(int32_t sum) { return static_cast<uint8_t>(std::clamp(sum >> kPrecisionBits, 0, 255)); }

void ResizeLine(const uint8_t* source, const ResizeAxis& axis, uint8_t* target) {
  const int32_t* weights = axis.weights.data();
  for (size_t x = 0; x < axis.first.size(); ++x, weights += axis.taps) {
    const uint8_t* pixel = source + kChannels * axis.first[x];
    std::array<int32_t, kChannels> sums = {kHalf, kHalf, kHalf};
    for (int tap = 0; tap < axis.count[x]; ++tap, pixel += kChannels) {
      for (size_t c = 0; c < sums.size(); ++c) sums[c] += pixel[c] * weights[tap];
    }
    for (const int32_t sum : sums) *target++ = Clip(sum);
  }
}

void SumLines(std::span<const uint8_t* const> lines, std::span<const int32_t> weights, std::span<uint8_t> target) {
  for (size_t i = 0; i < target.size(); ++i) {
    int32_t sum = kHalf;
    for (size_t tap = 0; tap < weights.size(); ++tap) sum += lines[tap][i] * weights[tap];
    target[i] = Clip(sum);
  }
}

#if defined(__x86_64__)

// Four pixels at a time: their bytes are widened and paired by channel (two pixels in each half of the register), so that one instruction
// multiplies and adds eight; weights have 24 bits, hence once for their low and once for their high parts.
[[gnu::target("avx2")]] void ResizeLineAvx2(const uint8_t* source, const ResizeAxis& axis, uint8_t* target) {
  const __m256i pair_pixels = _mm256_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1,  //
                                               6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1);
  const __m256i spread_low =
      _mm256_setr_epi8(0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7);
  const __m256i spread_high = _mm256_add_epi8(spread_low, _mm256_set1_epi8(8));
  const int16_t* weights_of_pixel = axis.split_weights.data();
  for (size_t x = 0; x < axis.first.size(); ++x, weights_of_pixel += 2 * axis.taps, target += kChannels) {
    const uint8_t* pixel = source + kChannels * axis.first[x];
    const int16_t* weights = weights_of_pixel;
    __m256i low = _mm256_setzero_si256();
    __m256i high = low;
    for (int tap = 0; tap < axis.count[x]; tap += kTapGroup, pixel += kChannels * kTapGroup, weights += 2 * kTapGroup) {
      const __m256i bytes = _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(pixel)));
      const __m256i parts = _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(weights)));
      const __m256i pairs = _mm256_shuffle_epi8(bytes, pair_pixels);
      low = _mm256_add_epi32(low, _mm256_madd_epi16(pairs, _mm256_shuffle_epi8(parts, spread_low)));
      high = _mm256_add_epi32(high, _mm256_madd_epi16(pairs, _mm256_shuffle_epi8(parts, spread_high)));
    }
    const __m256i sums = _mm256_add_epi32(_mm256_slli_epi32(high, kSplitBits), low);
    __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
    sum = _mm_srai_epi32(_mm_add_epi32(sum, _mm_set1_epi32(kHalf)), kPrecisionBits);
    const __m128i words = _mm_packs_epi32(sum, sum);
    const int rgb = _mm_cvtsi128_si32(_mm_packus_epi16(words, words));
    std::memcpy(target, &rgb, sizeof(rgb));
  }
}

// 16 bytes at a time; the last block overlaps the one before.
[[gnu::target("avx2")]] void SumLinesAvx2(std::span<const uint8_t* const> lines, std::span<const int32_t> weights,
                                          std::span<uint8_t> target) {
  constexpr size_t kBlock = 16;
  if (target.size() < kBlock) return SumLines(lines, weights, target);
  size_t at = 0;
  while (at < target.size()) {
    __m256i first = _mm256_set1_epi32(kHalf);
    __m256i second = first;
    for (size_t tap = 0; tap < weights.size(); ++tap) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(lines[tap] + at));
      const __m256i weight = _mm256_set1_epi32(weights[tap]);
      first = _mm256_add_epi32(first, _mm256_mullo_epi32(_mm256_cvtepu8_epi32(bytes), weight));
      second = _mm256_add_epi32(second, _mm256_mullo_epi32(_mm256_cvtepu8_epi32(_mm_srli_si128(bytes, 8)), weight));
    }
    __m256i words = _mm256_packs_epi32(_mm256_srai_epi32(first, kPrecisionBits), _mm256_srai_epi32(second, kPrecisionBits));
    words = _mm256_permute4x64_epi64(words, 0b11011000);  // undoes the packing by halves
    const __m128i bytes = _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(target.data() + at), bytes);
    at = at + kBlock == target.size() ? target.size() : std::min(at + kBlock, target.size() - kBlock);
  }
}

#endif

}  // namespace

ResizeKernels ChooseResizeKernels([[maybe_unused]] bool wide) {
#if defined(__x86_64__)
  if (wide) return {&ResizeLineAvx2, &SumLinesAvx2};
#endif
  return {&ResizeLine, &SumLines};
}

}  // namespace seedbed::image
