#include "core/image/background.h"

#include <algorithm>
#include <cstdlib>

#include "core/image/mask.h"
#include "core/image/median.h"

namespace seedbed::image {
namespace {

constexpr size_t kChannels = 3;
constexpr ColourBall kSeedlingColours[] = {
    {{71, 86, 38}, 1600},
    {{65, 79, 19}, 1600},
    {{95, 106, 56}, 1600},
    {{56, 63, 43}, 500},
};

// Inline in loops over whole registers.
inline int Distance(int red, int green, int blue, const Rgb& from) {
  const int mean = (red + from[0]) / 2, dr = red - from[0], dg = green - from[1], db = blue - from[2];
  return (((512 + mean) * dr * dr) >> 8) + 4 * dg * dg + (((767 - mean) * db * db) >> 8);
}

// Pixels that are masked at a time: their channels lie apart, for whole registers.
constexpr size_t kBlock = 512;

struct Channels {
  std::array<uint8_t, kBlock> red, green, blue;
};

[[gnu::always_inline]] inline void Split(const uint8_t* rgb, size_t pixels, Channels* channels) {
  for (size_t i = 0; i < pixels; ++i) {
    channels->red[i] = rgb[kChannels * i];
    channels->green[i] = rgb[kChannels * i + 1];
    channels->blue[i] = rgb[kChannels * i + 2];
  }
}

// mask |= what is near. Inlined into a function for each instruction set, as whose loops it is compiled.
[[gnu::always_inline]] inline void AddNearExactly(const Channels& channels, size_t pixels, const ColourBall& ball, uint8_t* mask) {
  const ColourBall local = ball;
  for (size_t i = 0; i < pixels; ++i) {
    mask[i] |= Distance(channels.red[i], channels.green[i], channels.blue[i], local.rgb) <= local.threshold ? kForeground : 0;
  }
}

// For thresholds up to kMaxNarrow 16 bits are enough: differences beyond kMaxSide (red, blue) and kMaxGreen alone put a pixel farther away,
// so that they may be cut off there, and the three terms' sum stays below 2^16.
constexpr int kMaxSide = 90;
constexpr int kMaxGreen = 63;
constexpr int kMaxNarrow = 4 * kMaxGreen * kMaxGreen - 1;
static_assert(512 * kMaxSide * kMaxSide / 256 > kMaxNarrow);
static_assert(2 * (767 * kMaxSide * kMaxSide / 256) + 4 * kMaxGreen * kMaxGreen < 1 << 16);

// difference^2 * weight / 256, by one multiplication that keeps the upper half of 32 bits.
[[gnu::always_inline]] inline uint16_t NarrowTerm(uint16_t difference, uint16_t weight) {
  const auto square = static_cast<uint16_t>(4 * difference * difference), scaled = static_cast<uint16_t>(weight * 64);
  return static_cast<uint16_t>((uint32_t{square} * scaled) >> 16);
}

[[gnu::always_inline]] inline void AddNearNarrow(const Channels& channels, size_t pixels, const ColourBall& ball, uint8_t* mask) {
  const auto apart = [](uint8_t a, uint8_t b, uint8_t most) { return std::min<uint8_t>(std::max(a, b) - std::min(a, b), most); };
  const Rgb rgb = ball.rgb;
  const auto threshold = static_cast<uint16_t>(ball.threshold);
  for (size_t i = 0; i < pixels; ++i) {
    const auto mean = static_cast<uint16_t>((channels.red[i] + rgb[0]) >> 1);
    const uint16_t green = apart(channels.green[i], rgb[1], kMaxGreen);
    const uint16_t red = NarrowTerm(apart(channels.red[i], rgb[0], kMaxSide), static_cast<uint16_t>(512 + mean));
    const uint16_t blue = NarrowTerm(apart(channels.blue[i], rgb[2], kMaxSide), static_cast<uint16_t>(767 - mean));
    const auto distance = static_cast<uint16_t>(red + blue + 4 * green * green);
    mask[i] |= distance <= threshold ? kForeground : 0;
  }
}

[[gnu::always_inline]] inline void MaskBlock(const uint8_t* rgb, size_t pixels, std::span<const ColourBall> colours, uint8_t* mask) {
  Channels channels;
  Split(rgb, pixels, &channels);
  std::fill_n(mask, pixels, uint8_t{0});
  for (const ColourBall& ball : colours) {
    if (ball.threshold <= kMaxNarrow) {
      AddNearNarrow(channels, pixels, ball, mask);
    } else {
      AddNearExactly(channels, pixels, ball, mask);
    }
  }
}

using MaskFunction = void (*)(const uint8_t* rgb, size_t pixels, std::span<const ColourBall> colours, uint8_t* mask);

void MaskBlockBaseline(const uint8_t* rgb, size_t pixels, std::span<const ColourBall> colours, uint8_t* mask) {
  MaskBlock(rgb, pixels, colours, mask);
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] void MaskBlockAvx2(const uint8_t* rgb, size_t pixels, std::span<const ColourBall> colours, uint8_t* mask) {
  MaskBlock(rgb, pixels, colours, mask);
}
#endif

MaskFunction ChooseMaskFunction([[maybe_unused]] std::string_view instruction_set) {
#if defined(__x86_64__)
  if (instruction_set != "baseline") return &MaskBlockAvx2;
#endif
  return &MaskBlockBaseline;
}

// Level of a pixel from 0 to 255: its green as a share of its sum. Excess green is three times this share, less one.
size_t GreenLevel(const uint8_t* pixel) {
  const int sum = pixel[0] + pixel[1] + pixel[2];
  return sum == 0 ? 255 / 3 : static_cast<size_t>(255 * pixel[1] / sum);
}

// The highest level of the lower class, such that both classes' means lie apart as far as can be, weighted by their sizes (N. Otsu, "A
// threshold selection method from gray-level histograms", 1979). All arithmetic is in whole numbers but the comparison's.
size_t OtsuLevel(std::span<const int64_t, 256> histogram) {
  int64_t count = 0, sum = 0;
  for (size_t level = 0; level < histogram.size(); ++level) {
    count += histogram[level];
    sum += static_cast<int64_t>(level) * histogram[level];
  }
  size_t best = 0;
  double most = -1;
  int64_t below = 0, below_sum = 0;
  for (size_t level = 0; level < histogram.size(); ++level) {
    below += histogram[level];
    below_sum += static_cast<int64_t>(level) * histogram[level];
    if (below == 0 || below == count) continue;
    // (mean difference)^2 * below * above, up to a factor that all levels share.
    const auto difference = static_cast<double>(below_sum * count - sum * below);
    const double between = difference * difference / (static_cast<double>(below) * static_cast<double>(count - below));
    if (between <= most) continue;
    most = between;
    best = level;
  }
  // Pixels of one level only are all background.
  return most < 0 ? 255 : best;
}

void Fill(std::span<const uint8_t> mask, const Rgb& fill, std::span<uint8_t> rgb) {
  for (size_t i = 0; i < mask.size(); ++i) {
    for (size_t c = 0; c < kChannels; ++c) {
      const uint8_t pixel = rgb[kChannels * i + c];
      rgb[kChannels * i + c] = static_cast<uint8_t>((pixel & mask[i]) | (fill[c] & ~mask[i]));
    }
  }
}

size_t Pixels(int width, int height) { return static_cast<size_t>(width) * static_cast<size_t>(height); }

}  // namespace

int RedmeanDistance(const Rgb& a, const Rgb& b) { return Distance(a[0], a[1], a[2], b); }

std::span<const ColourBall> SeedlingColours() { return kSeedlingColours; }

void MaskByColour(std::span<const uint8_t> rgb, std::span<const ColourBall> colours, std::span<uint8_t> mask,
                  std::string_view instruction_set) {
  const MaskFunction mask_block = ChooseMaskFunction(instruction_set);
  for (size_t begin = 0; begin < mask.size(); begin += kBlock) {
    mask_block(rgb.data() + kChannels * begin, std::min(kBlock, mask.size() - begin), colours, mask.data() + begin);
  }
}

void MaskByExcessGreen(std::span<const uint8_t> rgb, int green_threshold, std::span<uint8_t> mask) {
  for (size_t i = 0; i < mask.size(); ++i) {
    const int red = rgb[kChannels * i], green = rgb[kChannels * i + 1], blue = rgb[kChannels * i + 2];
    mask[i] = (2 * green - red - blue) * kGreenSteps > green_threshold * std::max(red + green + blue, 1) ? kForeground : 0;
  }
}

void MaskByOtsu(std::span<const uint8_t> rgb, std::span<uint8_t> mask) {
  std::array<int64_t, 256> histogram = {};
  for (size_t i = 0; i < mask.size(); ++i) ++histogram[GreenLevel(&rgb[kChannels * i])];
  const size_t threshold = OtsuLevel(histogram);
  for (size_t i = 0; i < mask.size(); ++i) mask[i] = GreenLevel(&rgb[kChannels * i]) > threshold ? kForeground : 0;
}

size_t BackgroundBytes(const BackgroundRemoval& removal, int width, int height) {
  const size_t pixels = Pixels(width, height);
  return pixels + std::max(pixels, removal.median > 0 ? MedianWorkspaceBytes(width, height, removal.median) : 0);
}

size_t BackgroundIntegers(const BackgroundRemoval& removal, int width, int height) {
  return removal.keep_largest ? 2 * Pixels(width, height) : 0;
}

void RemoveBackground(const BackgroundRemoval& removal, int width, int height, std::span<uint8_t> rgb, std::span<uint8_t> bytes,
                      std::span<int32_t> integers) {
  const size_t pixels = Pixels(width, height);
  const std::span<uint8_t> mask = bytes.first(pixels), scratch = bytes.subspan(pixels);
  if (removal.method == BackgroundRemoval::Method::kColour) {
    MaskByColour(rgb, removal.colours, mask);
  } else if (removal.otsu) {
    MaskByOtsu(rgb, mask);
  } else {
    MaskByExcessGreen(rgb, removal.green_threshold, mask);
  }
  Open(width, height, removal.open, mask, scratch);
  Close(width, height, removal.close, mask, scratch);
  if (removal.keep_largest) KeepLargestPart(width, height, mask, integers);
  const Rgb fill = removal.mask ? Rgb{} : removal.fill;
  if (removal.mask) std::fill(rgb.begin(), rgb.end(), kForeground);
  Fill(mask, fill, rgb);
  if (removal.median > 0) MedianBlurFilled(width, height, removal.median, mask, fill, rgb, scratch);
}

}  // namespace seedbed::image
