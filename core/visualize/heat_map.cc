#include "core/visualize/heat_map.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <opencv2/imgproc.hpp>

namespace seedbed::visualize {
namespace {

using Rgb = std::array<uint8_t, 3>;

constexpr int kLevels = 256;
constexpr float kMostCover = 0.8f;   // of the picture's colour, where the map is at its limit
constexpr float kGreyShare = 0.5f;   // of the picture beneath
constexpr float kCoverPower = 0.8f;  // below 1: what is faint on the map is seen too

// A published map of colours, dark to bright, with equal steps to the eye.
std::vector<Rgb> ColoursOf(int opencv_map) {
  cv::Mat levels(1, kLevels, CV_8UC1), colours;
  for (int i = 0; i < kLevels; ++i) levels.at<uint8_t>(i) = static_cast<uint8_t>(i);
  cv::applyColorMap(levels, colours, opencv_map);
  std::vector<Rgb> table;
  for (int i = 0; i < kLevels; ++i) {
    const auto bgr = colours.at<cv::Vec3b>(i);
    table.push_back({bgr[2], bgr[1], bgr[0]});
  }
  return table;
}

uint8_t Mixed(float from, float to, float share) { return static_cast<uint8_t>(std::lround(std::lerp(from, to, share))); }

Rgb Positive(float level) {
  static const std::vector<Rgb> table = ColoursOf(cv::COLORMAP_INFERNO);
  return table[static_cast<size_t>(std::lround(level * (kLevels - 1)))];
}

// The ends of ColorBrewer's RdBu.
Rgb EndOf(float level) { return level < 0 ? Rgb{33, 102, 172} : Rgb{178, 24, 43}; }

// White in the middle.
Rgb Signed(float level) {
  constexpr float kWhite = 247;
  const Rgb end = EndOf(level);
  Rgb colour;
  for (size_t c = 0; c < 3; ++c) colour[c] = Mixed(kWhite, end[c], std::abs(level));
  return colour;
}

// -1 to 1; 0 for what is no number.
float LevelOf(const HeatMap& map, float value) {
  if (!(map.limit > 0) || std::isnan(value)) return 0;
  const float level = !std::isinf(map.limit) ? value / map.limit : std::isinf(value) ? std::copysign(1.0f, value) : 0.0f;
  return std::clamp(level, map.scale == HeatScale::kSigned ? -1.0f : 0.0f, 1.0f);
}

Rgb ColourOf(const HeatMap& map, float level) { return map.scale == HeatScale::kSigned ? Signed(level) : Positive(level); }

}  // namespace

float LimitOf(std::span<const float> values, double share) {
  if (values.empty()) return 0;
  std::vector<float> magnitudes(values.size());
  std::ranges::transform(values, magnitudes.begin(), [](float value) { return std::isnan(value) ? 0 : std::abs(value); });
  const auto at = magnitudes.begin() + static_cast<ptrdiff_t>(share * static_cast<double>(magnitudes.size() - 1));
  std::ranges::nth_element(magnitudes, at);
  // A map that is 0 but for a few pixels shows those.
  return *at > 0 ? *at : *std::ranges::max_element(magnitudes);
}

image::Image DrawHeatMap(const HeatMap& map) {
  image::Image drawn{map.width, map.height, {}};
  drawn.rgb.reserve(3 * map.values.size());
  for (const float value : map.values) {
    const Rgb colour = ColourOf(map, LevelOf(map, value));
    drawn.rgb.insert(drawn.rgb.end(), colour.begin(), colour.end());
  }
  return drawn;
}

image::Image DrawOver(const image::Image& picture, const HeatMap& map) {
  image::Image drawn = picture;
  for (size_t pixel = 0; pixel < map.values.size(); ++pixel) {
    uint8_t* const rgb = &drawn.rgb[3 * pixel];
    const float level = LevelOf(map, map.values[pixel]);
    // Over a picture the white of a signed map would only be a veil.
    const Rgb colour = map.scale == HeatScale::kSigned ? EndOf(level) : Positive(level);
    const float cover = kMostCover * std::pow(std::abs(level), kCoverPower);
    const float grey = 0.299f * rgb[0] + 0.587f * rgb[1] + 0.114f * rgb[2];
    for (size_t c = 0; c < 3; ++c) rgb[c] = Mixed(std::lerp(static_cast<float>(rgb[c]), grey, kGreyShare), colour[c], cover);
  }
  return drawn;
}

}  // namespace seedbed::visualize
