#include "core/image/resize.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numbers>
#include <numeric>
#include <utility>

#include "core/image/resize_kernels.h"

namespace seedbed::image {
namespace {

constexpr int kChannels = 3;

size_t Stride(size_t pixels) { return kChannels * pixels; }
size_t Stride(int pixels) { return Stride(static_cast<size_t>(pixels)); }

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

// Rounds as Pillow's precompute_coeffs does, which for negative numbers and some fractions just below a half is not std::lround.
int Round(double value) {
  return static_cast<int>(value + 0.5);  // NOLINT(bugprone-incorrect-roundings)
}

// Rounds as Pillow's normalize_coeffs_8bpc.
int32_t ToFixedPoint(double weight) {
  const double scaled = weight * (1 << kPrecisionBits);
  return static_cast<int32_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
}

// The source position of each target position. As in Pillow's ImagingScaleAffine, positions are summed up step by step; those that rounding
// pushes out of the source are left out, and their pixels stay black.
std::vector<int> NearestPositions(int source_size, int target_size) {
  std::vector<int> positions;
  const double step = static_cast<double>(source_size) / target_size;
  double position = step * 0.5;
  for (int i = 0; i < target_size && position < source_size; ++i, position += step) positions.push_back(static_cast<int>(position));
  return positions;
}

void ResizeNearest(const Image& source, int width, int height, std::span<uint8_t> target) {
  const std::vector<int> columns = NearestPositions(source.width, width);
  const std::vector<int> rows = NearestPositions(source.height, height);
  if (columns.size() < static_cast<size_t>(width) || rows.size() < static_cast<size_t>(height)) std::fill(target.begin(), target.end(), 0);
  for (size_t y = 0; y < rows.size(); ++y) {
    const uint8_t* const from = source.rgb.data() + static_cast<size_t>(rows[y]) * Stride(source.width);
    uint8_t* to = target.data() + y * Stride(width);
    for (const int column : columns) {
      std::memcpy(to, from + kChannels * column, kChannels);
      to += kChannels;
    }
  }
}

int RoundUpToGroup(int taps) {
  return (taps + static_cast<int>(kTapGroup) - 1) / static_cast<int>(kTapGroup) * static_cast<int>(kTapGroup);
}

void SplitWeights(ResizeAxis* axis) {
  axis->split_weights.resize(2 * axis->weights.size());
  int16_t* parts = axis->split_weights.data();
  for (size_t i = 0; i < axis->weights.size(); i += kTapGroup, parts += 2 * kTapGroup) {
    for (size_t tap = 0; tap < kTapGroup; ++tap) {
      const int32_t weight = axis->weights[i + tap];
      parts[tap] = static_cast<int16_t>(weight & ((1 << kSplitBits) - 1));
      parts[kTapGroup + tap] = static_cast<int16_t>(weight >> kSplitBits);
    }
  }
}

// Pillow's precompute_coeffs and normalize_coeffs_8bpc.
void PlanAxis(int source_size, int target_size, Filter filter, std::vector<double>* exact, ResizeAxis* axis) {
  const double scale = static_cast<double>(source_size) / target_size;
  const double filter_scale = std::max(scale, 1.0);
  const double inverse_scale = 1.0 / filter_scale;
  const double support = Support(filter) * filter_scale;
  axis->taps = RoundUpToGroup(static_cast<int>(std::ceil(support)) * 2 + 1);
  axis->first.clear();
  axis->count.clear();
  axis->weights.assign(static_cast<size_t>(target_size) * static_cast<size_t>(axis->taps), 0);
  int32_t* weights = axis->weights.data();
  for (int i = 0; i < target_size; ++i, weights += axis->taps) {
    const double center = (i + 0.5) * scale;
    const int first = std::max(0, Round(center - support));
    const int count = std::min(source_size, Round(center + support)) - first;
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
  axis->taps = RoundUpToGroup(1);
  axis->first.resize(static_cast<size_t>(size));
  std::iota(axis->first.begin(), axis->first.end(), 0);
  axis->count.assign(static_cast<size_t>(size), 1);
  axis->weights.assign(static_cast<size_t>(size) * static_cast<size_t>(axis->taps), 0);
  for (size_t i = 0; i < axis->weights.size(); i += static_cast<size_t>(axis->taps)) axis->weights[i] = 1 << kPrecisionBits;
}

std::span<const int32_t> WeightsOf(const ResizeAxis& axis, size_t i) {
  return std::span(axis.weights).subspan(i * static_cast<size_t>(axis.taps), static_cast<size_t>(axis.count[i]));
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
    ResizeNearest(source, width, height, target);
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
  SplitWeights(&columns_);
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
  const ResizeKernels kernels = ChooseResizeKernels(wide_);
  const size_t target_stride = Stride(columns_.first.size());
  const size_t ring_stride = target_stride + kLineOverwrite;
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
      kernels.resize_line(ReadableLine(source, line), columns_, resized);
      next_line = line + 1;
    }
    kernels.sum_lines(window_, WeightsOf(rows_, y), {target, target_stride});
  }
}

void Resizer::ResampleRowsFirst(const Image& source, uint8_t* target) {
  const ResizeKernels kernels = ChooseResizeKernels(wide_);
  const size_t source_stride = Stride(source.width);
  const size_t target_stride = Stride(columns_.first.size());
  lines_.resize(source_stride + kLineOverread + target_stride + kLineOverwrite);
  const std::span<uint8_t> summed = std::span(lines_).first(source_stride);
  uint8_t* const resized = lines_.data() + source_stride + kLineOverread;
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

const uint8_t* Resizer::ReadableLine(const Image& source, size_t line) {
  const size_t stride = Stride(source.width);
  const std::span<const uint8_t> rest = std::span(source.rgb).subspan(line * stride);
  if (rest.size() >= stride + kLineOverread) return rest.data();
  padded_line_.assign(rest.begin(), rest.begin() + static_cast<ptrdiff_t>(stride));
  padded_line_.resize(stride + kLineOverread);
  return padded_line_.data();
}

}  // namespace seedbed::image
