#include "core/augment/pixel_kernels.h"

#include <algorithm>
#include <cstddef>

#include "core/base/cpu.h"

namespace seedbed::augment {
namespace {

// The loops, compiled once for each instruction set below.

constexpr size_t kChannels = 3, kBlock = 48;  // whole pixels and whole registers

[[gnu::always_inline]] inline uint8_t OnLine(float offset, float slope, float centre, uint8_t value) {
  float result = offset + slope * (static_cast<float>(value) - centre);
  result = result > 0 ? result : 0;
  result = result < 255 ? result : 255;
  return static_cast<uint8_t>(static_cast<int>(result));
}

[[gnu::always_inline]] inline void ApplyLinesLoop(const Lines& lines, std::span<uint8_t> rgb) {
  std::array<float, kBlock> offset, slope;
  for (size_t i = 0; i < kBlock; ++i) {
    offset[i] = lines.offset[i % kChannels];
    slope[i] = lines.slope[i % kChannels];
  }
  const float centre = lines.centre;
  uint8_t* __restrict values = rgb.data();
  size_t done = 0;
  for (; done + kBlock <= rgb.size(); done += kBlock, values += kBlock) {
    for (size_t i = 0; i < kBlock; ++i) values[i] = OnLine(offset[i], slope[i], centre, values[i]);
  }
  for (size_t i = 0; done < rgb.size(); ++done, ++i) values[i] = OnLine(offset[i], slope[i], centre, values[i]);
}

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

void ApplyLines(const Lines& lines, std::span<uint8_t> rgb) { ApplyLinesLoop(lines, rgb); }
void ScaleNoise(NoiseScale noise, std::span<const uint16_t> numbers, std::span<int16_t> quantiles) {
  ScaleNoiseLoop(noise, numbers, quantiles);
}
void AddLevels(std::span<const int16_t> levels, uint8_t* values) { AddLevelsLoop(levels, values); }
constexpr PixelKernels kBaseline = {ApplyLines, ScaleNoise, AddLevels};

#if defined(__x86_64__)
[[gnu::target("avx2")]] void ApplyLinesAvx2(const Lines& lines, std::span<uint8_t> rgb) { ApplyLinesLoop(lines, rgb); }
[[gnu::target("avx2")]] void ScaleNoiseAvx2(NoiseScale noise, std::span<const uint16_t> numbers, std::span<int16_t> quantiles) {
  ScaleNoiseLoop(noise, numbers, quantiles);
}
[[gnu::target("avx2")]] void AddLevelsAvx2(std::span<const int16_t> levels, uint8_t* values) { AddLevelsLoop(levels, values); }
constexpr PixelKernels kAvx2 = {ApplyLinesAvx2, ScaleNoiseAvx2, AddLevelsAvx2};
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
