#include "core/image/resize.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numbers>
#include <numeric>
#include <utility>

namespace seedbed::image {
namespace {

constexpr int kPrecisionBits = 32 - 8 - 2;  // Pillow's: 8 bits of result, 2 for overshoot of filters with negative lobes
constexpr int32_t kHalf = 1 << (kPrecisionBits - 1);
constexpr int kChannels = 3;

constexpr std::array<std::pair<Filter, std::string_view>, 6> kNames{{{Filter::kNearest, "nearest"},
                                                                     {Filter::kBilinear, "bilinear"},
                                                                     {Filter::kBicubic, "bicubic"},
                                                                     {Filter::kLanczos, "lanczos"},
                                                                     {Filter::kBox, "box"},
                                                                     {Filter::kHamming, "hamming"}}};

double Support(Filter filter) {
  switch (filter) {
    case Filter::kNearest:
      return 0;
    case Filter::kBox:
      return 0.5;
    case Filter::kBilinear:
    case Filter::kHamming:
      return 1;
    case Filter::kBicubic:
      return 2;
    case Filter::kLanczos:
      return 3;
  }
  return 0;
}

double Sinc(double x) { return x == 0 ? 1 : std::sin(x * std::numbers::pi) / (x * std::numbers::pi); }

double Bicubic(double x) {
  constexpr double kA = -0.5;
  x = std::abs(x);
  if (x < 1) return ((kA + 2) * x - (kA + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * kA;
  return 0;
}

double Hamming(double x) {
  x = std::abs(x);
  if (x == 0) return 1;
  if (x >= 1) return 0;
  x *= std::numbers::pi;
  return std::sin(x) / x * (0.54f + 0.46f * std::cos(x));  // single precision constants, as in Pillow
}

double Weight(Filter filter, double x) {
  switch (filter) {
    case Filter::kNearest:
      return 0;
    case Filter::kBox:
      return x > -0.5 && x <= 0.5 ? 1 : 0;
    case Filter::kBilinear:
      return std::max(0.0, 1 - std::abs(x));
    case Filter::kHamming:
      return Hamming(x);
    case Filter::kBicubic:
      return Bicubic(x);
    case Filter::kLanczos:
      return -3 <= x && x < 3 ? Sinc(x) * Sinc(x / 3) : 0;
  }
  return 0;
}

// Rounds as Pillow's normalize_coeffs_8bpc.
int32_t ToFixedPoint(double weight) {
  const double scaled = weight * (1 << kPrecisionBits);
  return static_cast<int32_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
}

uint8_t ClippedByte(int32_t sum) { return static_cast<uint8_t>(std::clamp(sum >> kPrecisionBits, 0, 255)); }

// Vectors of 32-bit sums; the compiler lowers them to what the target has.
using Sum4 = int32_t __attribute__((vector_size(16)));
using Sum8 = int32_t __attribute__((vector_size(32)));
using Byte4 = uint8_t __attribute__((vector_size(4)));
using Byte8 = uint8_t __attribute__((vector_size(8)));

template <typename Bytes, typename Sums>
[[gnu::always_inline]] inline void AddWeighted(const uint8_t* from, int32_t weight, Sums* sums) {
  Bytes bytes;
  std::memcpy(&bytes, from, sizeof(bytes));
  *sums += __builtin_convertvector(bytes, Sums) * weight;
}

template <typename Bytes, typename Sums>
[[gnu::always_inline]] inline void StoreClipped(Sums* sums, uint8_t* to) {
  *sums >>= kPrecisionBits;
  *sums = *sums < 0 ? Sums{} : *sums;
  *sums = *sums > 255 ? Sums{} + 255 : *sums;
  const Bytes bytes = __builtin_convertvector(*sums, Bytes);
  std::memcpy(to, &bytes, sizeof(bytes));
}

// Horizontal pass over one line. A pixel is handled as four bytes: one byte past the last source pixel is read, and one past the last
// target pixel is written.
[[gnu::always_inline]] inline void ResizeLineBody(const uint8_t* source, const ResizeAxis& axis, uint8_t* target) {
  const int32_t* weights = axis.weights.data();
  for (size_t x = 0; x < axis.first.size(); ++x, weights += axis.taps, target += kChannels) {
    const uint8_t* pixel = source + kChannels * axis.first[x];
    const int count = axis.count[x];
    Sum4 sums = Sum4{} + kHalf;
    for (int tap = 0; tap < count; ++tap, pixel += kChannels) AddWeighted<Byte4>(pixel, weights[tap], &sums);
    StoreClipped<Byte4>(&sums, target);
  }
}

// Vertical pass for one target line of `bytes` bytes, 8 at a time; the last block overlaps the one before.
[[gnu::always_inline]] inline void SumLinesBody(const uint8_t* const* lines, const int32_t* weights, int count, size_t bytes,
                                                uint8_t* target) {
  constexpr size_t kBlock = sizeof(Byte8);
  for (size_t i = 0; i < bytes; i = i + kBlock < bytes && i + 2 * kBlock > bytes ? bytes - kBlock : i + kBlock) {
    Sum8 sums = Sum8{} + kHalf;
    for (int tap = 0; tap < count; ++tap) AddWeighted<Byte8>(lines[tap] + i, weights[tap], &sums);
    StoreClipped<Byte8>(&sums, target + i);
  }
}

// Lines too short for a block.
void SumShortLines(const uint8_t* const* lines, const int32_t* weights, int count, size_t bytes, uint8_t* target) {
  for (size_t i = 0; i < bytes; ++i) {
    int32_t sum = kHalf;
    for (int tap = 0; tap < count; ++tap) sum += lines[tap][i] * weights[tap];
    target[i] = ClippedByte(sum);
  }
}

struct Kernels {
  void (*resize_line)(const uint8_t* source, const ResizeAxis& axis, uint8_t* target);
  void (*sum_lines)(const uint8_t* const* lines, const int32_t* weights, int count, size_t bytes, uint8_t* target);
};

void ResizeLine(const uint8_t* source, const ResizeAxis& axis, uint8_t* target) { ResizeLineBody(source, axis, target); }
void SumLines(const uint8_t* const* lines, const int32_t* weights, int count, size_t bytes, uint8_t* target) {
  SumLinesBody(lines, weights, count, bytes, target);
}
#if defined(__x86_64__)
[[gnu::target("avx2")]] void ResizeLineAvx2(const uint8_t* source, const ResizeAxis& axis, uint8_t* target) {
  ResizeLineBody(source, axis, target);
}
[[gnu::target("avx2")]] void SumLinesAvx2(const uint8_t* const* lines, const int32_t* weights, int count, size_t bytes, uint8_t* target) {
  SumLinesBody(lines, weights, count, bytes, target);
}
#endif

// The same integers on every machine, by wider instructions where there are any.
Kernels BestKernels() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) return {&ResizeLineAvx2, &SumLinesAvx2};
#endif
  return {&ResizeLine, &SumLines};
}

// Pillow's ImagingScaleAffine: positions are summed up step by step, and a position that rounding pushes out of the source stays black.
void ResizeNearest(const Image& source, int width, int height, uint8_t* target) {
  const auto positions = [](int from, int to) {
    std::vector<int> result(static_cast<size_t>(to));
    const double step = static_cast<double>(from) / to;
    double position = step * 0.5;
    for (int& at : result) {
      at = position < from ? static_cast<int>(position) : -1;
      position += step;
    }
    return result;
  };
  const std::vector<int> columns = positions(source.width, width);
  const std::vector<int> rows = positions(source.height, height);
  for (const int row : rows) {
    const uint8_t* line = row < 0 ? nullptr : source.rgb.data() + static_cast<size_t>(row) * kChannels * static_cast<size_t>(source.width);
    for (const int column : columns) {
      for (int c = 0; c < kChannels; ++c) *target++ = line == nullptr || column < 0 ? 0 : line[kChannels * column + c];
    }
  }
}

// Pillow's precompute_coeffs and normalize_coeffs_8bpc.
void PlanAxis(int source_size, int target_size, Filter filter, std::vector<double>* exact, ResizeAxis* axis) {
  const double scale = static_cast<double>(source_size) / target_size;
  const double filter_scale = std::max(scale, 1.0);
  const double inverse_scale = 1.0 / filter_scale;
  const double support = Support(filter) * filter_scale;
  axis->taps = static_cast<int>(std::ceil(support)) * 2 + 1;
  axis->first.clear();
  axis->count.clear();
  axis->weights.assign(static_cast<size_t>(target_size) * static_cast<size_t>(axis->taps), 0);
  int32_t* weights = axis->weights.data();
  for (int i = 0; i < target_size; ++i, weights += axis->taps) {
    const double center = (i + 0.5) * scale;
    const int first = std::max(0, static_cast<int>(center - support + 0.5));
    const int count = std::min(source_size, static_cast<int>(center + support + 0.5)) - first;
    exact->clear();
    double total = 0;
    for (int tap = 0; tap < count; ++tap) {
      exact->push_back(Weight(filter, (tap + first - center + 0.5) * inverse_scale));
      total += exact->back();
    }
    for (int tap = 0; tap < count; ++tap) {
      const double weight = (*exact)[static_cast<size_t>(tap)];
      weights[tap] = ToFixedPoint(total != 0 ? weight / total : weight);
    }
    axis->first.push_back(first);
    axis->count.push_back(count);
  }
}

// An axis that keeps its size is copied.
void PlanCopy(int size, ResizeAxis* axis) {
  axis->taps = 1;
  axis->first.resize(static_cast<size_t>(size));
  std::iota(axis->first.begin(), axis->first.end(), 0);
  axis->count.assign(static_cast<size_t>(size), 1);
  axis->weights.assign(static_cast<size_t>(size), 1 << kPrecisionBits);
}

}  // namespace

std::string_view FilterName(Filter filter) {
  for (const auto& [value, name] : kNames) {
    if (value == filter) return name;
  }
  return "unknown";
}

std::optional<Filter> FilterFromName(std::string_view name) {
  for (const auto& [value, known] : kNames) {
    if (known == name) return value;
  }
  return std::nullopt;
}

void ResizeInto(const Image& source, int width, int height, Filter filter, std::span<uint8_t> target) {
  Resizer().ResizeInto(source, width, height, filter, target);
}

void Resizer::ResizeInto(const Image& source, int width, int height, Filter filter, std::span<uint8_t> target) {
  if (width == source.width && height == source.height) {
    std::copy(source.rgb.begin(), source.rgb.end(), target.begin());
  } else if (filter == Filter::kNearest) {
    ResizeNearest(source, width, height, target.data());
  } else {
    Resample(source, width, height, filter, target.data());
  }
}

// Both passes go over the picture together: a source line is resized horizontally just before the first target line that needs it, into a
// ring of as many lines as the vertical filter has taps, so the lines in between stay in the processor's nearest cache.
void Resizer::Resample(const Image& source, int width, int height, Filter filter, uint8_t* target) {
  const Kernels kernels = BestKernels();
  const size_t source_stride = kChannels * static_cast<size_t>(source.width);
  const size_t target_stride = kChannels * static_cast<size_t>(width);
  const bool resize_columns = width != source.width;
  if (height == source.height) {
    PlanCopy(height, &rows_);
  } else {
    PlanAxis(source.height, height, filter, &exact_weights_, &rows_);
  }
  if (resize_columns) PlanAxis(source.width, width, filter, &exact_weights_, &columns_);
  const int ring = rows_.taps;
  lines_.resize(resize_columns ? static_cast<size_t>(ring) * (target_stride + 1) : 0);
  window_.resize(static_cast<size_t>(ring));

  int next_line = rows_.first.front();
  const int32_t* weights = rows_.weights.data();
  for (int y = 0; y < height; ++y, target += target_stride, weights += rows_.taps) {
    const int first = rows_.first[static_cast<size_t>(y)];
    const int count = rows_.count[static_cast<size_t>(y)];
    for (int tap = 0; tap < count; ++tap) {
      const int line = first + tap;
      const uint8_t* from = source.rgb.data() + static_cast<size_t>(line) * source_stride;
      if (!resize_columns) {
        window_[static_cast<size_t>(tap)] = from;
        continue;
      }
      uint8_t* const to = lines_.data() + static_cast<size_t>(line % ring) * (target_stride + 1);
      window_[static_cast<size_t>(tap)] = to;
      if (line < next_line) continue;
      if (line + 1 == source.height) from = PadLastLine(source);
      kernels.resize_line(from, columns_, to);
      next_line = line + 1;
    }
    if (height == source.height) {
      std::memcpy(target, window_[0], target_stride);
    } else if (target_stride >= sizeof(Byte8)) {
      kernels.sum_lines(window_.data(), weights, count, target_stride, target);
    } else {
      SumShortLines(window_.data(), weights, count, target_stride, target);
    }
  }
}

const uint8_t* Resizer::PadLastLine(const Image& source) {
  const size_t stride = kChannels * static_cast<size_t>(source.width);
  padded_line_.assign(source.rgb.end() - static_cast<ptrdiff_t>(stride), source.rgb.end());
  padded_line_.push_back(0);
  return padded_line_.data();
}

}  // namespace seedbed::image
