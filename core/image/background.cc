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

void Split(const uint8_t* rgb, size_t pixels, Channels* channels) {
  for (size_t i = 0; i < pixels; ++i) {
    channels->red[i] = rgb[kChannels * i];
    channels->green[i] = rgb[kChannels * i + 1];
    channels->blue[i] = rgb[kChannels * i + 2];
  }
}

// mask |= what is near.
void AddNear(const Channels& channels, size_t pixels, const ColourBall& ball, uint8_t* mask) {
  const ColourBall local = ball;
  for (size_t i = 0; i < pixels; ++i) {
    mask[i] |= Distance(channels.red[i], channels.green[i], channels.blue[i], local.rgb) <= local.threshold ? kForeground : 0;
  }
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

void MaskByColour(std::span<const uint8_t> rgb, std::span<const ColourBall> colours, std::span<uint8_t> mask) {
  Channels channels;
  for (size_t begin = 0; begin < mask.size(); begin += kBlock) {
    const size_t pixels = std::min(kBlock, mask.size() - begin);
    Split(rgb.data() + kChannels * begin, pixels, &channels);
    std::fill_n(mask.data() + begin, pixels, uint8_t{0});
    for (const ColourBall& ball : colours) AddNear(channels, pixels, ball, mask.data() + begin);
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
