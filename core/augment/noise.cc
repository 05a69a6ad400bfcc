#include "core/augment/noise.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numbers>
#include <utility>

#include "core/augment/pixel_kernels.h"
#include "core/base/philox_bulk.h"

namespace seedbed::augment {
namespace {

constexpr size_t kChannels = 3;
constexpr double kNumbers = 65'536;        // that 16 bits have
constexpr size_t kHalf = size_t{1} << 13;  // quantiles of numbers above the mean: of 16 bits one is the sign's, and the last two unused
constexpr int kQuantileBits = 12;
using Quantiles = std::array<int16_t, kHalf>;

// exp(x) for x <= 0 by additions and multiplications alone: mathematical libraries round differently from processor to processor.
double ExpOfNegative(double x) {
  constexpr int kSquarings = 10, kTerms = 8;
  const double small = x / (1 << kSquarings);
  double sum = 1;
  for (int i = kTerms; i > 0; --i) sum = 1 + sum * small / i;
  for (int i = 0; i < kSquarings; ++i) sum *= sum;
  return sum;
}

double NormalDensity(double z) { return ExpOfNegative(-z * z / 2) / std::sqrt(2 * std::numbers::pi); }

// The chance to lie in [0, z]: density(z) (z + z^3/3 + z^5/(3 5) + ...) (Abramowitz and Stegun, 26.2.11).
double NormalChance(double z, double density) {
  double term = z, sum = z;
  for (int odd = 3; term > sum * 1e-17; odd += 2) {
    term *= z * z / odd;
    sum += term;
  }
  return density * sum;
}

// Entry i: the number below which (i + 1/2) / kHalf of all normal numbers above 0 lie, in steps of 2^-12.
Quantiles MakeQuantiles() {
  Quantiles quantiles;
  double z = 0;
  for (size_t i = 0; i < kHalf; ++i) {
    const double chance = (static_cast<double>(i) + 0.5) / (2.0 * kHalf);
    // Newton's method from the entry before, which lies below: the density falls, so that no step leads beyond.
    for (double step = 1; step > 1e-10;) {
      const double density = NormalDensity(z);
      step = (chance - NormalChance(z, density)) / density;
      z += step;
    }
    quantiles[i] = static_cast<int16_t>(std::floor(z * (1 << kQuantileBits) + 0.5));
  }
  return quantiles;
}

const Quantiles& NormalQuantiles() {
  static const Quantiles quantiles = MakeQuantiles();
  return quantiles;
}

// So many 16-bit numbers at a time stay in the first cache; whole pixels and whole blocks.
constexpr size_t kChunk = 3072;
using Chunk = std::array<uint16_t, kChunk>;

// Calls use(numbers, offset) for chunks of `count` numbers.
template <typename Use>
void ForEachChunk(const NoiseSource& source, size_t count, Use use) {
  constexpr size_t kPerBlock = 8;
  std::array<uint32_t, kChunk / 2> words;
  Chunk numbers;
  for (size_t offset = 0; offset < count; offset += kChunk) {
    const size_t size = std::min(kChunk, count - offset), word_count = (size + 1) / 2;
    FillRandom(source.seed, RandomPurpose::kAugment, source.image, static_cast<uint32_t>(offset / kPerBlock),
               std::span(words).first(word_count));
    std::memcpy(numbers.data(), words.data(), word_count * sizeof(uint32_t));
    use(std::span<const uint16_t>(numbers).first(size), offset);
  }
}

// Of a standard deviation and a mean, with the half that rounds.
NoiseScale ScaleOf(double loc, double deviation) {
  constexpr int kScaleBits = 8, kLevelBits = kQuantileBits + kScaleBits - 16;
  return {.scale = static_cast<int16_t>(std::lround(deviation * (1 << kScaleBits))),
          .offset = static_cast<int16_t>(std::lround(loc * (1 << kLevelBits)) + (1 << (kLevelBits - 1)))};
}

void LookUp(const Quantiles& quantiles, std::span<const uint16_t> numbers, std::span<int16_t> levels) {
  constexpr size_t kFour = 4;
  const auto quantile = [&quantiles](uint64_t number) { return quantiles[(number >> 2) & (kHalf - 1)]; };
  size_t i = 0;
  // Four in a word: compilers would rather assemble vectors value by value.
  for (; i + kFour <= levels.size(); i += kFour) {
    uint64_t four, result = 0;
    std::memcpy(&four, &numbers[i], sizeof(four));
    for (size_t k = 0; k < kFour; ++k) result |= uint64_t{static_cast<uint16_t>(quantile(four >> (16 * k)))} << (16 * k);
    std::memcpy(&levels[i], &result, sizeof(result));
  }
  for (; i < levels.size(); ++i) levels[i] = quantile(numbers[i]);
}

// The chance among the values of 16 bits: numbers below it count.
uint32_t Threshold(double p) { return static_cast<uint32_t>(std::lround(p * kNumbers)); }

}  // namespace

void AddGaussianNoise(const NoiseSource& source, double loc, double scale, bool per_channel, Picture picture) {
  const NoiseScale noise = ScaleOf(loc, scale);
  const Quantiles& quantiles = NormalQuantiles();
  const PixelKernels& kernels = WidestPixelKernels();
  std::array<int16_t, kChunk> buffer;
  std::array<int16_t, kChannels * kChunk> tripled;
  const size_t per_number = per_channel ? 1 : kChannels;
  ForEachChunk(source, picture.rgb.size() / per_number, [&](std::span<const uint16_t> numbers, size_t offset) {
    std::span<int16_t> levels = std::span(buffer).first(numbers.size());
    LookUp(quantiles, numbers, levels);
    kernels.scale_noise(noise, numbers, levels);
    if (!per_channel) {
      kernels.triple(levels, tripled.data());
      levels = std::span(tripled).first(kChannels * numbers.size());
    }
    kernels.add_levels(levels, picture.rgb.data() + offset * per_number);
  });
}

void DropPixels(const NoiseSource& source, double p, bool per_channel, Picture picture) {
  const uint32_t threshold = Threshold(p);
  if (per_channel) {
    ForEachChunk(source, picture.rgb.size(), [&](std::span<const uint16_t> numbers, size_t offset) {
      uint8_t* const values = picture.rgb.data() + offset;
      for (size_t i = 0; i < numbers.size(); ++i) values[i] = numbers[i] < threshold ? 0 : values[i];
    });
    return;
  }
  ForEachChunk(source, picture.rgb.size() / kChannels, [&](std::span<const uint16_t> numbers, size_t offset) {
    uint8_t* const values = picture.rgb.data() + kChannels * offset;
    for (size_t i = 0; i < numbers.size(); ++i) {
      const auto kept = static_cast<uint8_t>(numbers[i] < threshold ? 0 : 0xFF);
      for (size_t channel = 0; channel < kChannels; ++channel) values[kChannels * i + channel] &= kept;
    }
  });
}

void DropCells(const NoiseSource& source, double p, bool per_channel, int rows, int columns, Picture picture, Scratch* scratch) {
  const uint32_t threshold = Threshold(p);
  const auto row_cells = static_cast<size_t>(columns);
  const size_t cells = static_cast<size_t>(rows) * row_cells, values_of_cell = per_channel ? kChannels : 1;
  const std::span<uint8_t> kept = scratch->Bytes(0, cells * values_of_cell);
  ForEachChunk(source, kept.size(), [&](std::span<const uint16_t> numbers, size_t offset) {
    for (size_t i = 0; i < numbers.size(); ++i) kept[offset + i] = numbers[i] < threshold ? 0 : 0xFF;
  });
  const double row_step = static_cast<double>(rows) / picture.height, column_step = static_cast<double>(columns) / picture.width;
  for (int y = 0; y < picture.height; ++y) {
    const auto cell_row = static_cast<size_t>(std::min(static_cast<int>(y * row_step), rows - 1));
    uint8_t* value = picture.row(y);
    for (int x = 0; x < picture.width; ++x, value += kChannels) {
      const auto cell_column = static_cast<size_t>(std::min(static_cast<int>(x * column_step), columns - 1));
      const uint8_t* const cell = &kept[(cell_row * row_cells + cell_column) * values_of_cell];
      for (size_t channel = 0; channel < kChannels; ++channel) value[channel] &= cell[per_channel ? channel : 0];
    }
  }
}

}  // namespace seedbed::augment
