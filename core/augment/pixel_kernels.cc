#include "core/augment/pixel_kernels.h"

#include <algorithm>
#include <cstddef>

#include "core/augment/lookup.h"
#include "core/base/cpu.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace seedbed::augment {
namespace {

constexpr size_t kChannels = 3;

uint8_t OnLine(float offset, float slope, float centre, uint8_t value) {
  float result = offset + slope * (static_cast<float>(value) - centre);
  result = result > 0 ? result : 0;
  result = result < 255 ? result : 255;
  return static_cast<uint8_t>(static_cast<int>(result));
}

void ApplyLinesOneByOne(const Lines& lines, std::span<uint8_t> rgb) {
  for (size_t i = 0; i < rgb.size(); ++i) rgb[i] = OnLine(lines.offset[i % kChannels], lines.slope[i % kChannels], lines.centre, rgb[i]);
}

// Without wide registers a table is faster.
void ApplyLines(const Lines& lines, std::span<uint8_t> rgb) {
  std::array<ByteTable, kChannels> tables;
  for (size_t channel = 0; channel < kChannels; ++channel) {
    for (size_t value = 0; value < tables[channel].size(); ++value) {
      tables[channel][value] = OnLine(lines.offset[channel], lines.slope[channel], lines.centre, static_cast<uint8_t>(value));
    }
  }
  ApplyTables(tables, {.width = static_cast<int>(rgb.size() / kChannels), .height = 1, .rgb = rgb});
}

void SwapPixels(uint8_t* left, uint8_t* right) {
  for (right -= kChannels; left < right; left += kChannels, right -= kChannels) std::swap_ranges(left, left + kChannels, right);
}

void FlipPixels(std::span<uint8_t> rgb) { SwapPixels(rgb.data(), rgb.data() + rgb.size()); }

void Triple(std::span<const int16_t> levels, int16_t* tripled) {
  for (const int16_t level : levels) tripled = std::fill_n(tripled, kChannels, level);
}

// Two loops that are compiled once for each instruction set.

[[gnu::always_inline]] inline void ScaleNoiseLoop(NoiseScale noise, std::span<const uint16_t> numbers, std::span<int16_t> quantiles) {
  const uint16_t* __restrict number = numbers.data();
  int16_t* __restrict level = quantiles.data();
  for (size_t i = 0; i < quantiles.size(); ++i) {
    const auto sign = static_cast<int16_t>(static_cast<int16_t>(number[i]) >> 15);
    const auto quantile = static_cast<int16_t>((level[i] ^ sign) - sign);
    const auto scaled = static_cast<int16_t>((int32_t{quantile} * noise.scale) >> 16);
    level[i] = static_cast<int16_t>(static_cast<int16_t>(scaled + noise.offset) >> 4);
  }
}

[[gnu::always_inline]] inline void AddLevelsLoop(std::span<const int16_t> levels, uint8_t* __restrict values) {
  const int16_t* __restrict level = levels.data();
  for (size_t i = 0; i < levels.size(); ++i) {
    auto sum = static_cast<int16_t>(values[i] + level[i]);
    sum = sum < 0 ? int16_t{0} : sum;
    values[i] = static_cast<uint8_t>(sum > 255 ? int16_t{255} : sum);
  }
}

void ScaleNoise(NoiseScale noise, std::span<const uint16_t> numbers, std::span<int16_t> quantiles) {
  ScaleNoiseLoop(noise, numbers, quantiles);
}
void AddLevels(std::span<const int16_t> levels, uint8_t* values) { AddLevelsLoop(levels, values); }
constexpr PixelKernels kBaseline = {ApplyLines, ScaleNoise, Triple, AddLevels, FlipPixels};

#if defined(__x86_64__)
// The compiler's own vectors spend most of their time on widening and narrowing.
[[gnu::target("avx2")]] void ApplyLinesAvx2(const Lines& lines, std::span<uint8_t> rgb) {
  constexpr size_t kRegister = 8, kBlock = kRegister * kChannels;  // after which the channels fall on the same elements again
  alignas(32) std::array<float, kBlock> offsets, slopes;
  for (size_t i = 0; i < kBlock; ++i) {
    offsets[i] = lines.offset[i % kChannels];
    slopes[i] = lines.slope[i % kChannels];
  }
  const __m256 centre = _mm256_set1_ps(lines.centre);
  size_t done = 0;
  for (; done + kBlock <= rgb.size(); done += kBlock) {
    for (size_t i = 0; i < kBlock; i += kRegister) {
      auto* const bytes = reinterpret_cast<__m128i*>(rgb.data() + done + i);
      const __m256 values = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(bytes)));
      const __m256 products = _mm256_mul_ps(_mm256_load_ps(&slopes[i]), _mm256_sub_ps(values, centre));
      const __m256i results = _mm256_cvttps_epi32(_mm256_add_ps(_mm256_load_ps(&offsets[i]), products));
      const __m128i narrow = _mm_packs_epi32(_mm256_castsi256_si128(results), _mm256_extracti128_si256(results, 1));
      _mm_storel_epi64(bytes, _mm_packus_epi16(narrow, narrow));
    }
  }
  ApplyLinesOneByOne(lines, rgb.subspan(done));
}

[[gnu::target("avx2")]] void ScaleNoiseAvx2(NoiseScale noise, std::span<const uint16_t> numbers, std::span<int16_t> quantiles) {
  ScaleNoiseLoop(noise, numbers, quantiles);
}
[[gnu::target("avx2")]] void AddLevelsAvx2(std::span<const int16_t> levels, uint8_t* values) { AddLevelsLoop(levels, values); }

[[gnu::target("avx2")]] void TripleAvx2(std::span<const int16_t> levels, int16_t* tripled) {
  constexpr size_t kRegister = 8;
  const __m128i thirds[] = {_mm_setr_epi8(0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3, 4, 5, 4, 5),
                            _mm_setr_epi8(4, 5, 6, 7, 6, 7, 6, 7, 8, 9, 8, 9, 8, 9, 10, 11),
                            _mm_setr_epi8(10, 11, 10, 11, 12, 13, 12, 13, 12, 13, 14, 15, 14, 15, 14, 15)};
  size_t done = 0;
  for (; done + kRegister <= levels.size(); done += kRegister) {
    const __m128i eight = _mm_loadu_si128(reinterpret_cast<const __m128i*>(&levels[done]));
    for (const __m128i third : thirds) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(tripled), _mm_shuffle_epi8(eight, third));
      tripled += kRegister;
    }
  }
  Triple(levels.subspan(done), tripled);
}

__m128i LoadBytes(const uint8_t* bytes) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes)); }

// Five pixels of each end at a time. Registers hold a byte more, which stays as it is.
[[gnu::target("avx2")]] void FlipPixelsAvx2(std::span<uint8_t> rgb) {
  constexpr char kKept = -1;
  constexpr ptrdiff_t kFive = 5 * kChannels, kRegister = kFive + 1;
  // Of the left end, pixels at bytes 0 to 14, to those at bytes 1 to 15 of the right one, and back.
  const __m128i to_right = _mm_setr_epi8(kKept, 12, 13, 14, 9, 10, 11, 6, 7, 8, 3, 4, 5, 0, 1, 2);
  const __m128i to_left = _mm_setr_epi8(13, 14, 15, 10, 11, 12, 7, 8, 9, 4, 5, 6, 1, 2, 3, kKept);
  const __m128i first = _mm_setr_epi8(-1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), last = _mm_bslli_si128(first, kFive);
  uint8_t* left = rgb.data();
  uint8_t* right = left + rgb.size();
  if (right - left < 2 * kRegister) return SwapPixels(left, right);
  __m128i from_left = LoadBytes(left), from_right = LoadBytes(right - kRegister);
  for (; right - left >= 2 * kRegister; left += kFive, right -= kFive) {
    // The next registers share a byte with these: they are loaded first, since loads wait for stores that they overlap in part.
    const __m128i next_left = LoadBytes(left + kFive), next_right = LoadBytes(right - kFive - kRegister);
    const __m128i new_left = _mm_or_si128(_mm_shuffle_epi8(from_right, to_left), _mm_and_si128(from_left, last));
    const __m128i new_right = _mm_or_si128(_mm_shuffle_epi8(from_left, to_right), _mm_and_si128(from_right, first));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(left), new_left);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(right - kRegister), new_right);
    from_left = next_left;
    from_right = next_right;
  }
  SwapPixels(left, right);
}

constexpr PixelKernels kAvx2 = {ApplyLinesAvx2, ScaleNoiseAvx2, TripleAvx2, AddLevelsAvx2, FlipPixelsAvx2};
#endif

}  // namespace

const PixelKernels& ChoosePixelKernels([[maybe_unused]] bool wide) {
#if defined(__x86_64__)
  if (wide) return kAvx2;
#endif
  return kBaseline;
}

const PixelKernels& WidestPixelKernels() {
  static const PixelKernels& kernels = ChoosePixelKernels(InstructionSet() != "baseline");
  return kernels;
}

}  // namespace seedbed::augment
