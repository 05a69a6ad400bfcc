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

using Lines = std::span<const uint8_t* const>;
using Weights = std::span<const int32_t>;

// Vertical pass for one target line, 8 bytes at a time; the last block overlaps the one before. Uses as many lines as there are weights.
[[gnu::always_inline]] inline void SumLinesBody(Lines lines, Weights weights, std::span<uint8_t> target) {
  constexpr size_t kBlock = sizeof(Byte8);
  size_t i = 0;
  while (i < target.size()) {
    Sum8 sums = Sum8{} + kHalf;
    for (size_t tap = 0; tap < weights.size(); ++tap) AddWeighted<Byte8>(lines[tap] + i, weights[tap], &sums);
    StoreClipped<Byte8>(&sums, target.data() + i);
    i = i + kBlock == target.size() ? target.size() : std::min(i + kBlock, target.size() - kBlock);
  }
}

// A line too short for a block.
void SumShortLines(Lines lines, Weights weights, std::span<uint8_t> target) {
  for (size_t i = 0; i < target.size(); ++i) {
    int32_t sum = kHalf;
    for (size_t tap = 0; tap < weights.size(); ++tap) sum += lines[tap][i] * weights[tap];
    target[i] = static_cast<uint8_t>(std::clamp(sum >> kPrecisionBits, 0, 255));
  }
}

void ResizeLine(const uint8_t* source, const ResizeAxis& axis, uint8_t* target) { ResizeLineBody(source, axis, target); }
void SumLines(Lines lines, Weights weights, std::span<uint8_t> target) {
  if (target.size() < sizeof(Byte8)) return SumShortLines(lines, weights, target);
  SumLinesBody(lines, weights, target);
}
#if defined(__x86_64__)
[[gnu::target("avx2")]] void ResizeLineAvx2(const uint8_t* source, const ResizeAxis& axis, uint8_t* target) {
  ResizeLineBody(source, axis, target);
}
[[gnu::target("avx2")]] void SumLinesAvx2(Lines lines, Weights weights, std::span<uint8_t> target) {
  if (target.size() < sizeof(Byte8)) return SumShortLines(lines, weights, target);
  SumLinesBody(lines, weights, target);
}
#endif

struct Kernels {
  void (*resize_line)(const uint8_t* source, const ResizeAxis& axis, uint8_t* target);
  void (*sum_lines)(Lines lines, Weights weights, std::span<uint8_t> target);
};

// The same integers on every machine, by wider instructions where there are any.
Kernels ChooseKernels([[maybe_unused]] bool wide) {
#if defined(__x86_64__)
  if (wide) return {&ResizeLineAvx2, &SumLinesAvx2};
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

Weights WeightsOf(const ResizeAxis& axis, size_t i) {
  return Weights(axis.weights).subspan(i * static_cast<size_t>(axis.taps), static_cast<size_t>(axis.count[i]));
}

size_t Stride(size_t pixels) { return kChannels * pixels; }
size_t Stride(int pixels) { return Stride(static_cast<size_t>(pixels)); }

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

void Resizer::Resample(const Image& source, int width, int height, Filter filter, uint8_t* target) {
  const auto plan = [&](int from, int to, ResizeAxis* axis) {
    if (from == to) {
      PlanCopy(to, axis);
    } else {
      PlanAxis(from, to, filter, &exact_weights_, axis);
    }
  };
  plan(source.width, width, &columns_);
  plan(source.height, height, &rows_);
  // Which pass goes first decides how the bytes in between are rounded. This is Pillow's choice since version 13; before, columns were
  // always first.
  const int rows_lost = source.height - height;
  if (rows_lost > 0 && rows_lost > 2 * (source.width - width)) {
    ResampleRowsFirst(source, target);
  } else {
    ResampleColumnsFirst(source, target);
  }
}

// A source line is resized just before the first target line that needs it, into a ring of as many lines as the vertical filter has taps,
// so the lines in between stay in the processor's nearest cache.
void Resizer::ResampleColumnsFirst(const Image& source, uint8_t* target) {
  const Kernels kernels = ChooseKernels(wide_);
  const size_t source_stride = Stride(source.width);
  const size_t target_stride = Stride(columns_.first.size());
  const size_t ring_stride = target_stride + 1;
  const auto ring = static_cast<size_t>(rows_.taps);
  lines_.resize(ring * ring_stride);
  window_.resize(ring);
  size_t next_line = static_cast<size_t>(rows_.first.front());
  for (size_t y = 0; y < rows_.first.size(); ++y, target += target_stride) {
    const auto first = static_cast<size_t>(rows_.first[y]);
    const auto count = static_cast<size_t>(rows_.count[y]);
    for (size_t tap = 0; tap < count; ++tap) {
      const size_t line = first + tap;
      uint8_t* const resized = lines_.data() + line % ring * ring_stride;
      window_[tap] = resized;
      if (line < next_line) continue;
      const bool last = line + 1 == static_cast<size_t>(source.height);
      kernels.resize_line(last ? PadLastLine(source) : source.rgb.data() + line * source_stride, columns_, resized);
      next_line = line + 1;
    }
    kernels.sum_lines(window_, WeightsOf(rows_, y), {target, target_stride});
  }
}

void Resizer::ResampleRowsFirst(const Image& source, uint8_t* target) {
  const Kernels kernels = ChooseKernels(wide_);
  const size_t source_stride = Stride(source.width);
  const size_t target_stride = Stride(columns_.first.size());
  lines_.resize(source_stride + 1 + target_stride + 1);
  const std::span<uint8_t> summed = std::span(lines_).first(source_stride);
  uint8_t* const resized = lines_.data() + source_stride + 1;
  window_.resize(static_cast<size_t>(rows_.taps));
  for (size_t y = 0; y < rows_.first.size(); ++y, target += target_stride) {
    for (size_t tap = 0; tap < static_cast<size_t>(rows_.count[y]); ++tap) {
      window_[tap] = source.rgb.data() + (static_cast<size_t>(rows_.first[y]) + tap) * source_stride;
    }
    kernels.sum_lines(window_, WeightsOf(rows_, y), summed);
    kernels.resize_line(summed.data(), columns_, resized);
    std::memcpy(target, resized, target_stride);
  }
}

const uint8_t* Resizer::PadLastLine(const Image& source) {
  padded_line_.assign(source.rgb.end() - static_cast<ptrdiff_t>(Stride(source.width)), source.rgb.end());
  padded_line_.push_back(0);
  return padded_line_.data();
}

}  // namespace seedbed::image
