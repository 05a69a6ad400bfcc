// Removes the background of a picture: what is not leaf-coloured becomes one colour.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/cpu.h"

namespace seedbed::image {

using Rgb = std::array<uint8_t, 3>;

// Colours near one: RedmeanDistance(rgb, pixel) <= threshold.
struct ColourBall {
  Rgb rgb = {};
  int threshold = 0;

  bool operator==(const ColourBall&) const = default;
};

// The largest distance there is, between black and white.
inline constexpr int kMaxRedmeanDistance = 584'970;

// The squared "redmean" distance of compuphase.com's colour metric, in whole numbers: with m = (a.r + b.r) / 2,
// ((512 + m) dr^2) / 256 + 4 dg^2 + ((767 - m) db^2) / 256, each division rounded down.
int RedmeanDistance(const Rgb& a, const Rgb& b);

struct BackgroundRemoval {
  enum class Method { kColour, kExcessGreen };
  Method method = Method::kColour;

  // kColour: what is near one of these stays.
  std::vector<ColourBall> colours;

  // kExcessGreen: pixels stay whose excess green (2 G - R - B) / (R + G + B), from -1 to 2 and 0 for black, is above the threshold; it
  // lies at kGreenSteps to 1. With `otsu` each picture has its own, which divides its pixels best.
  int green_threshold = 0;
  bool otsu = false;

  int open = 0;   // radius, pixels: 0 does nothing; see mask.h
  int close = 0;  // the same, afterwards
  bool keep_largest = false;
  Rgb fill = {0, 0, 0};
  int median = 9;     // size of the median blur over the picture with its background filled; 0: none
  bool mask = false;  // the result is the foreground in white on black
};

inline constexpr int kGreenSteps = 10'000;

// The four leaf colours with which the seedlings were separated from soil and gravel.
std::span<const ColourBall> SeedlingColours();

// mask[i] = 255 where pixel i is foreground by colour alone, else 0 (mask.h), whatever the instruction set.
void MaskByColour(std::span<const uint8_t> rgb, std::span<const ColourBall> colours, std::span<uint8_t> mask,
                  std::string_view instruction_set = InstructionSet());
void MaskByExcessGreen(std::span<const uint8_t> rgb, int green_threshold, std::span<uint8_t> mask);
// Otsu's method on the share of green in each pixel, in 256 steps.
void MaskByOtsu(std::span<const uint8_t> rgb, std::span<uint8_t> mask);

// What RemoveBackground needs besides the picture.
size_t BackgroundBytes(const BackgroundRemoval& removal, int width, int height);
size_t BackgroundIntegers(const BackgroundRemoval& removal, int width, int height);

// In place, on 8-bit RGB (HWC): the mask, its clean-up, the fill, the blur.
void RemoveBackground(const BackgroundRemoval& removal, int width, int height, std::span<uint8_t> rgb, std::span<uint8_t> bytes,
                      std::span<int32_t> integers);

}  // namespace seedbed::image
