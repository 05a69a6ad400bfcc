#include "core/image/median.h"

#include <algorithm>
#include <cstring>

#include "core/image/median_kernels.h"

namespace seedbed::image {
namespace {

constexpr size_t kChannels = 3;
// Pixels that are skipped or blurred together.
constexpr size_t kBlock = 16;

const MedianLines* LinesFor([[maybe_unused]] std::string_view instruction_set) {
#if defined(__x86_64__)
  if (instruction_set == "avx512") return kAvx512MedianLines;
  if (instruction_set == "avx2") return kAvx2MedianLines;
#endif
  return kBaselineMedianLines;
}

// How a picture's workspace is laid out: its copy with the edge pixels repeated, then what a pair of lines needs.
struct Frame {
  Frame(int picture_width, int picture_height, int window, uint8_t* workspace)
      : width(static_cast<size_t>(picture_width)),
        height(static_cast<size_t>(picture_height)),
        size(static_cast<size_t>(window)),
        radius(size / 2),
        padded_width(width + 2 * radius),
        // Lines go in pairs: the last one may be beyond the picture.
        padded_height(height + height % 2 + 2 * radius),
        padded(workspace),
        planes(padded + padded_width * padded_height * kChannels + 2 * kMedianOverrun),
        upper(planes + MedianPlanes(size) * kMedianPlane),
        lower(upper + kMedianSpan + kMedianOverrun),
        columns(lower + kMedianSpan + kMedianOverrun),
        counts(columns + padded_width),
        blurred(counts + width) {}

  uint8_t* padded_line(size_t line) const { return padded + line * padded_width * kChannels; }
  size_t bytes() const { return static_cast<size_t>(blurred - padded) + width; }

  size_t width, height, size, radius, padded_width, padded_height;
  uint8_t* padded;
  uint8_t* planes;
  uint8_t* upper;
  uint8_t* lower;
  uint8_t* columns;  // by column: how many pixels of a window's lines are not filled
  uint8_t* counts;   // by pixel: the same for the window
  uint8_t* blurred;  // by pixel: what is not filled is the majority of its window or of the one below
};

void Pad(const uint8_t* line, const Frame& frame, uint8_t* padded) {
  const size_t edge = frame.radius * kChannels, bytes = frame.width * kChannels;
  std::memcpy(padded + edge, line, bytes);
  for (size_t i = edge; i-- > 0;) padded[i] = padded[i + kChannels];
  for (size_t i = edge + bytes; i < bytes + 2 * edge; ++i) padded[i] = padded[i - kChannels];
}

void PadAll(const uint8_t* rgb, const Frame& frame) {
  for (size_t line = 0; line < frame.padded_height; ++line) {
    const size_t source = std::clamp(line, frame.radius, frame.radius + frame.height - 1) - frame.radius;
    Pad(rgb + source * frame.width * kChannels, frame, frame.padded_line(line));
  }
}

// Pixels from `begin` to `end` of line `y` and the one below.
void BlurPixels(const Frame& frame, MedianLines lines, size_t y, size_t begin, size_t end, uint8_t* rgb) {
  const size_t stride = frame.padded_width * kChannels;
  uint8_t* const target = rgb + y * frame.width * kChannels;
  for (size_t at = begin * kChannels; at < end * kChannels; at += kMedianSpan) {
    const size_t bytes = std::min(kMedianSpan, end * kChannels - at);
    lines(frame.padded_line(y) + at, stride, bytes, frame.planes, frame.upper, frame.lower);
    std::memcpy(target + at, frame.upper, bytes);
    if (y + 1 < frame.height) std::memcpy(target + frame.width * kChannels + at, frame.lower, bytes);
  }
}

// The loops below copy what they need of the frame: bytes that are written might be its own, and would keep them from becoming vectors.

// Moves the columns down by one line, so that windows around line `y` are counted.
void SlideColumns(const Frame& frame, const uint8_t* mask, ptrdiff_t y) {
  const auto last = static_cast<ptrdiff_t>(frame.height) - 1, radius = static_cast<ptrdiff_t>(frame.radius);
  const size_t width = frame.width;
  const uint8_t* const enters = mask + static_cast<size_t>(std::clamp<ptrdiff_t>(y + radius, 0, last)) * width;
  const uint8_t* const leaves = mask + static_cast<size_t>(std::clamp<ptrdiff_t>(y - radius - 1, 0, last)) * width;
  uint8_t* const columns = frame.columns + frame.radius;
  for (size_t x = 0; x < width; ++x) {
    columns[x] = static_cast<uint8_t>(columns[x] + (enters[x] != 0 ? 1 : 0) - (leaves[x] != 0 ? 1 : 0));
  }
}

// Of the windows around line -1, which lie as far as they can outside the picture.
void CountFirstColumns(const Frame& frame, const uint8_t* mask) {
  const size_t width = frame.width;
  uint8_t* const columns = frame.columns + frame.radius;
  std::fill_n(frame.columns, frame.padded_width, uint8_t{0});
  for (ptrdiff_t line = -1 - static_cast<ptrdiff_t>(frame.radius); line < static_cast<ptrdiff_t>(frame.radius); ++line) {
    const auto source = static_cast<size_t>(std::clamp<ptrdiff_t>(line, 0, static_cast<ptrdiff_t>(frame.height) - 1));
    for (size_t x = 0; x < width; ++x) columns[x] += mask[source * width + x] != 0 ? 1 : 0;
  }
}

// Marks the pixels of line y, besides those that are, whose windows are not mostly filled.
void MarkBlurred(const Frame& frame, const uint8_t* mask, size_t y) {
  SlideColumns(frame, mask, static_cast<ptrdiff_t>(y));
  const size_t width = frame.width, size = frame.size;
  uint8_t* const columns = frame.columns;
  std::fill_n(columns, frame.radius, columns[frame.radius]);
  std::fill_n(columns + frame.radius + width, frame.radius, columns[frame.radius + width - 1]);
  uint8_t* const counts = frame.counts;
  std::copy_n(columns, width, counts);
  for (size_t i = 1; i < size; ++i) {
    for (size_t x = 0; x < width; ++x) counts[x] = static_cast<uint8_t>(counts[x] + columns[x + i]);
  }
  const auto half = static_cast<uint8_t>(size * size / 2);
  uint8_t* const blurred = frame.blurred;
  for (size_t x = 0; x < width; ++x) blurred[x] |= counts[x] > half ? 1 : 0;
}

void FillPixels(const std::array<uint8_t, kChannels>& fill, size_t count, uint8_t* rgb) {
  for (size_t i = 0; i < count; ++i, rgb += kChannels) std::copy(fill.begin(), fill.end(), rgb);
}

// A pair of lines, in blocks that are blurred or filled.
void BlurMarked(const Frame& frame, MedianLines lines, size_t y, const std::array<uint8_t, kChannels>& fill, uint8_t* rgb) {
  const auto is_blurred = [&](size_t begin) {
    const uint8_t* const block = frame.blurred + begin;
    return std::any_of(block, block + std::min(kBlock, frame.width - begin), [](uint8_t blurred) { return blurred != 0; });
  };
  for (size_t begin = 0, end = 0; begin < frame.width; begin = end) {
    const bool blurred = is_blurred(begin);
    do {
      end = std::min(end + kBlock, frame.width);
    } while (end < frame.width && is_blurred(end) == blurred);
    if (blurred) {
      BlurPixels(frame, lines, y, begin, end, rgb);
      continue;
    }
    for (size_t line = y; line < std::min(y + 2, frame.height); ++line) {
      FillPixels(fill, end - begin, rgb + (line * frame.width + begin) * kChannels);
    }
  }
}

}  // namespace

bool IsMedianSize(int size) { return size >= 3 && size <= kMaxMedianSize && size % 2 == 1; }

size_t MedianWorkspaceBytes(int width, int height, int size) { return Frame(width, height, size, nullptr).bytes(); }

void MedianBlur(int width, int height, int size, std::span<uint8_t> rgb, std::span<uint8_t> workspace, std::string_view instruction_set) {
  const Frame frame(width, height, size, workspace.data());
  const MedianLines lines = LinesFor(instruction_set)[(size - 3) / 2];
  PadAll(rgb.data(), frame);
  for (size_t y = 0; y < frame.height; y += 2) BlurPixels(frame, lines, y, 0, frame.width, rgb.data());
}

void MedianBlurFilled(int width, int height, int size, std::span<const uint8_t> mask, std::array<uint8_t, 3> fill, std::span<uint8_t> rgb,
                      std::span<uint8_t> workspace, std::string_view instruction_set) {
  const Frame frame(width, height, size, workspace.data());
  const MedianLines lines = LinesFor(instruction_set)[(size - 3) / 2];
  PadAll(rgb.data(), frame);
  CountFirstColumns(frame, mask.data());
  for (size_t y = 0; y < frame.height; y += 2) {
    std::fill_n(frame.blurred, frame.width, uint8_t{0});
    MarkBlurred(frame, mask.data(), y);
    if (y + 1 < frame.height) MarkBlurred(frame, mask.data(), y + 1);
    BlurMarked(frame, lines, y, fill, rgb.data());
  }
}

}  // namespace seedbed::image
