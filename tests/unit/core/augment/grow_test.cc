#include "core/augment/grow.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace seedbed::augment {
namespace {

std::vector<uint8_t> Ramp(int width, int height) {
  std::vector<uint8_t> pixels(size_t{3} * static_cast<size_t>(width) * static_cast<size_t>(height));
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<uint8_t>(i * 37 % 251);
  return pixels;
}

constexpr uint8_t kUntouched = 77;

// With bytes behind the picture that must stay as they are.
std::vector<uint8_t> Grown(const PixelArea& area, int width, int height) {
  const size_t bytes = size_t{3} * static_cast<size_t>(width) * static_cast<size_t>(height);
  std::vector<uint8_t> target(bytes + 8, kUntouched);
  Scratch scratch;
  Grow(area, {.width = width, .height = height, .rgb = std::span(target).first(bytes)}, &scratch);
  EXPECT_EQ(std::count(target.end() - 8, target.end(), kUntouched), 8);
  target.resize(bytes);
  return target;
}

PixelArea Whole(const std::vector<uint8_t>& pixels, int width, int height) {
  return {.first = pixels.data(), .stride = size_t{3} * static_cast<size_t>(width), .width = width, .height = height};
}

TEST(GrowTest, TheSameSizeIsACopy) {
  for (const int width : {1, 2, 3, 17, 150}) {
    const std::vector<uint8_t> pixels = Ramp(width, 5);
    EXPECT_EQ(Grown(Whole(pixels, width, 5), width, 5), pixels) << width;
  }
}

TEST(GrowTest, AFlatAreaStaysFlat) {
  for (const int value : {0, 1, 128, 254, 255}) {
    const std::vector<uint8_t> pixels(size_t{3} * 13 * 11, static_cast<uint8_t>(value)), grown = Grown(Whole(pixels, 13, 11), 20, 19);
    EXPECT_EQ(std::count(grown.begin(), grown.end(), value), 3 * 20 * 19) << value;
  }
}

// Two pixels made five: OpenCV's INTER_AREA keeps to the first one until its part of the line, 2.5 pixels, is used up.
TEST(GrowTest, PositionsAreThoseOfAreas) {
  const std::vector<uint8_t> pixels = {0, 0, 0, 100, 100, 100}, grown = Grown(Whole(pixels, 2, 1), 5, 1);
  std::vector<int> reds;
  for (size_t i = 0; i < grown.size(); i += 3) reds.push_back(grown[i]);
  EXPECT_EQ(reds, (std::vector<int>{0, 0, 50, 100, 100}));
}

TEST(GrowTest, ReadsTheAreaAlone) {
  const std::vector<uint8_t> pixels = Ramp(9, 8);
  std::vector<uint8_t> other(pixels.size(), 255);
  constexpr size_t kStride = 27, kFirst = 2 * kStride + 3;
  for (size_t y = 2; y < 7; ++y) std::copy_n(&pixels[y * kStride + 3], 18, &other[y * kStride + 3]);
  EXPECT_EQ(Grown({.first = &pixels[kFirst], .stride = kStride, .width = 6, .height = 5}, 9, 8),
            Grown({.first = &other[kFirst], .stride = kStride, .width = 6, .height = 5}, 9, 8));
}

}  // namespace
}  // namespace seedbed::augment
