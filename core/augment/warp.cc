#include "core/augment/warp.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>

#include "core/augment/pixel_kernels.h"
#include "core/augment/warp_kernels.h"

namespace seedbed::augment {
namespace {

// One coordinate of the positions along a row: scipy's order of operations.
struct Line {
  double step;
  double from_row;  // what the row contributes
  double start;

  double At(int x) const { return (from_row + x * step) + start; }
};

Line ColumnsOf(const AffineMap& map, int y) { return {.step = map.xx, .from_row = y * map.xy, .start = map.x0}; }
Line RowsOf(const AffineMap& map, int y) { return {.step = map.yx, .from_row = y * map.yy, .start = map.y0}; }

// Of numbers that are not negative. Unlike std::lround it becomes a vector instruction.
int Rounded(double value) {
  constexpr double kHalf = 0.5;
  return static_cast<int>(value + kHalf);
}

struct Span {
  int begin;
  int end;
};

// The first x of [span.begin, span.end) for which `beyond` holds, which then holds for all that follow.
template <typename Predicate>
int FirstOf(Span span, const Predicate& beyond) {
  while (span.begin < span.end) {
    const int middle = span.begin + (span.end - span.begin) / 2;
    if (beyond(middle)) {
      span.end = middle;
    } else {
      span.begin = middle + 1;
    }
  }
  return span.begin;
}

// The x of the span for which the line lies in [0, last]; the line is monotonous.
Span Inside(const Line& line, double last, Span span) {
  const bool rises = line.step >= 0;
  const int begin = FirstOf(span, [&](int x) { return rises ? line.At(x) >= 0 : line.At(x) <= last; });
  return {begin, FirstOf({begin, span.end}, [&](int x) { return rises ? line.At(x) > last : line.At(x) < 0; })};
}

// A position beyond the pixels 0 to n - 1, n > 1, as the one that has the same value: in (-1, n).
double MapOutside(Border border, double p, int n) {
  const double last = n - 1;
  switch (border) {
    case Border::kNearest:
      return std::clamp(p, 0.0, last);
    case Border::kReflect:
      if (p < 0) p = -1 - p;
      p -= 2.0 * n * std::trunc(p / (2.0 * n));
      return p >= n ? 2.0 * n - 1 - p : p;
    case Border::kReflect101:
      p = std::abs(p);
      p -= 2 * last * std::trunc(p / (2 * last));
      return p > last ? 2 * last - p : p;
    case Border::kWrap:
      if (p < 0) return p + last * (std::trunc(-p / last) + 1);
      return p > last ? p - last * std::trunc(p / last) : p;
    case Border::kGridWrap:
      p -= n * std::floor(p / n);
      return p < n ? p : 0;
    case Border::kConstant:
    case Border::kBlendedConstant:
      return std::clamp(p, -1.0, static_cast<double>(n));
  }
  std::abort();  // not reached: all borders are above
}

// The pixel at an index in [-1, n + 1]; -1 for the fill.
int ResolveIndex(Border border, int index, int n) {
  if (index >= 0 && index < n) return index;
  if (border == Border::kBlendedConstant || border == Border::kConstant) return -1;
  if (border == Border::kGridWrap) return index < 0 ? index + n : index - n;
  return std::clamp(index, 0, n - 1);
}

struct Taps {
  std::array<int, 2> index;
  int32_t weight;  // of the second
};

class Warper {
 public:
  Warper(const Warping& warping, Picture target, Scratch* scratch)
      : warping_(warping),
        target_(target),
        source_(scratch->Bytes(0, target.rgb.size() + kSampleOverread)),
        taps_(scratch->Integers(0, size_t{3} * static_cast<size_t>(target.width))),
        bias_(static_cast<int32_t>(std::lround(warping.bias * (1 << kValueBits)))) {
    std::copy(target.rgb.begin(), target.rgb.end(), source_.begin());
    std::fill(source_.begin() + static_cast<std::ptrdiff_t>(target.rgb.size()), source_.end(), uint8_t{0});
  }

  void Run() {
    for (int y = 0; y < target_.height; ++y) {
      const Line columns = ColumnsOf(warping_.map, y), rows = RowsOf(warping_.map, y);
      Span span{0, target_.width};
      // Clamped positions need no distinction.
      if (warping_.border != Border::kNearest) span = Inside(rows, target_.height - 1, Inside(columns, target_.width - 1, span));
      uint8_t* const row = target_.row(y);
      for (int x = 0; x < span.begin; ++x) Outside(columns.At(x), rows.At(x), row + 3 * x);
      if (warping_.interpolation == Interpolation::kBilinear) {
        SampleClamped(columns, rows, span, row);
      } else {
        CopyClamped(columns, rows, span, row);
      }
      for (int x = span.end; x < target_.width; ++x) Outside(columns.At(x), rows.At(x), row + 3 * x);
    }
  }

 private:
  const uint8_t* Pixel(int x, int y) const { return source_.data() + static_cast<size_t>(y) * target_.row_bytes() + 3 * x; }

  // The pixels of the span, whose positions are inside, or taken for the nearest that are. The last pixel is the second of two, with all
  // of the weight, so that the pixel beyond it is never read; where there is but one, what lies beyond gets no weight.
  void SampleClamped(const Line& columns, const Line& rows, Span span, uint8_t* row) {
    const auto width = static_cast<size_t>(target_.width), count = static_cast<size_t>(span.end - span.begin);
    int32_t* const offset = taps_.data();
    int32_t* const x_weights = offset + width;
    int32_t* const y_weights = x_weights + width;
    const double last_x = target_.width - 1, last_y = target_.height - 1;
    const int before_x = std::max(target_.width - 2, 0), before_y = std::max(target_.height - 2, 0);
    const auto stride = static_cast<int32_t>(target_.row_bytes());
    for (int x = span.begin; x < span.end; ++x) {
      const double column = columns.At(x), line = rows.At(x);
      const double bound_x = column > 0 ? column : 0, bound_y = line > 0 ? line : 0;
      const double clamped_x = bound_x < last_x ? bound_x : last_x, clamped_y = bound_y < last_y ? bound_y : last_y;
      const int whole_x = static_cast<int>(clamped_x), whole_y = static_cast<int>(clamped_y);
      const int index_x = whole_x < before_x ? whole_x : before_x, index_y = whole_y < before_y ? whole_y : before_y;
      const int i = x - span.begin;
      offset[i] = index_y * stride + 3 * index_x;
      x_weights[i] = PackWeights(Rounded((clamped_x - index_x) * kWeightOne));
      y_weights[i] = PackWeights(Rounded((clamped_y - index_y) * kWeightOne));
    }
    const RowTaps taps{{offset, count}, {x_weights, count}, {y_weights, count}};
    SampleRow(source_.data(), target_.height > 1 ? target_.row_bytes() : 0, taps, bias_, row + 3 * span.begin);
  }

  void CopyClamped(const Line& columns, const Line& rows, Span span, uint8_t* row) {
    const double last_x = target_.width - 1, last_y = target_.height - 1;
    for (int x = span.begin; x < span.end; ++x) {
      const int column = Rounded(std::clamp(columns.At(x), 0.0, last_x));
      const int line = Rounded(std::clamp(rows.At(x), 0.0, last_y));
      std::memcpy(row + 3 * x, Pixel(column, line), 3);
    }
  }

  Taps TapsOf(double position, int n) const {
    const double mapped = n > 1 || Constant() ? MapOutside(warping_.border, position, n) : 0;
    if (warping_.interpolation == Interpolation::kNearest) {
      const int index = ResolveIndex(warping_.border, static_cast<int>(std::floor(mapped + 0.5)), n);
      return {.index = {index, index}, .weight = 0};
    }
    const double floor = std::floor(mapped);
    const int first = static_cast<int>(floor);
    return {.index = {ResolveIndex(warping_.border, first, n), ResolveIndex(warping_.border, first + 1, n)},
            .weight = Rounded((mapped - floor) * kWeightOne)};
  }

  bool Constant() const { return warping_.border == Border::kConstant || warping_.border == Border::kBlendedConstant; }

  // A pixel whose position is outside of the picture.
  void Outside(double x, double y, uint8_t* target) const {
    if (warping_.border == Border::kConstant) {
      std::copy(warping_.fill.begin(), warping_.fill.end(), target);
      return;
    }
    const Taps columns = TapsOf(x, target_.width), rows = TapsOf(y, target_.height);
    std::array<const uint8_t*, 4> pixels;
    for (size_t i = 0; i < pixels.size(); ++i) {
      const int column = columns.index[i % 2], row = rows.index[i / 2];
      pixels[i] = column < 0 || row < 0 ? warping_.fill.data() : Pixel(column, row);
    }
    Blend(pixels, columns.weight, rows.weight, bias_, target);
  }

  const Warping& warping_;
  const Picture target_;
  const std::span<uint8_t> source_;
  const std::span<int32_t> taps_;
  const int32_t bias_;
};

}  // namespace

AffineMap Compose(const AffineMap& outer, const AffineMap& inner) {
  return {.xx = outer.xx * inner.xx + outer.xy * inner.yx,
          .xy = outer.xx * inner.xy + outer.xy * inner.yy,
          .x0 = outer.xx * inner.x0 + outer.xy * inner.y0 + outer.x0,
          .yx = outer.yx * inner.xx + outer.yy * inner.yx,
          .yy = outer.yx * inner.xy + outer.yy * inner.yy,
          .y0 = outer.yx * inner.x0 + outer.yy * inner.y0 + outer.y0};
}

AffineMap AboutPoint(const AffineMap& map, double x, double y) { return Compose(Compose({.x0 = x, .y0 = y}, map), {.x0 = -x, .y0 = -y}); }

AffineMap Inverse(const AffineMap& map) {
  const double determinant = map.xx * map.yy - map.xy * map.yx;
  const AffineMap linear{.xx = map.yy / determinant, .xy = -map.xy / determinant, .yx = -map.yx / determinant, .yy = map.xx / determinant};
  return Compose(linear, {.x0 = -map.x0, .y0 = -map.y0});
}

void Warp(const Warping& warping, Picture picture, Scratch* scratch) { Warper(warping, picture, scratch).Run(); }

void FlipColumns(Picture picture) {
  const PixelKernels& kernels = WidestPixelKernels();
  for (int y = 0; y < picture.height; ++y) kernels.flip_pixels({picture.row(y), picture.row_bytes()});
}

void FlipRows(Picture picture) {
  for (int top = 0, bottom = picture.height - 1; top < bottom; ++top, --bottom) {
    std::swap_ranges(picture.row(top), picture.row(top) + picture.row_bytes(), picture.row(bottom));
  }
}

}  // namespace seedbed::augment
