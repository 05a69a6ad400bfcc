#include "core/nn/half.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

namespace seedbed::nn {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(Half, EveryValueSurvives) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = FloatFromHalf(static_cast<uint16_t>(bits));
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(FloatFromHalf(HalfFromFloat(value)))) << bits;
    } else {
      ASSERT_EQ(HalfFromFloat(value), bits) << value;
    }
  }
}

// Between two neighbours, what is nearer wins, and in the middle the even one.
TEST(Half, RoundsToNearestEven) {
  for (uint16_t bits = 0; bits < 0x7BFF; ++bits) {
    const float low = FloatFromHalf(bits), high = FloatFromHalf(static_cast<uint16_t>(bits + 1)), middle = (low + high) / 2;
    const uint16_t even = bits % 2 == 0 ? bits : static_cast<uint16_t>(bits + 1);
    ASSERT_EQ(HalfFromFloat(middle), even) << middle;
    ASSERT_EQ(HalfFromFloat(std::nextafter(middle, 0.0f)), bits) << middle;
    ASSERT_EQ(HalfFromFloat(std::nextafter(middle, kInfinity)), bits + 1) << middle;
    ASSERT_EQ(HalfFromFloat(-middle), even | 0x8000) << middle;
  }
}

TEST(Half, Limits) {
  EXPECT_EQ(FloatFromHalf(0x7BFF), 65'504.0f);
  EXPECT_EQ(FloatFromHalf(1), 0x1p-24f);
  EXPECT_EQ(HalfFromFloat(65'519.99f), 0x7BFF);
  EXPECT_EQ(HalfFromFloat(65'520.0f), 0x7C00);
  EXPECT_EQ(HalfFromFloat(1e30f), 0x7C00);
  EXPECT_EQ(HalfFromFloat(-kInfinity), 0xFC00);
  EXPECT_EQ(HalfFromFloat(0x1p-25f), 0) << "half of the smallest number";
  EXPECT_EQ(HalfFromFloat(0x1.8p-25f), 1);
  EXPECT_EQ(HalfFromFloat(-0.0f), 0x8000);
}

TEST(Bfloat, EveryValueSurvives) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = FloatFromBfloat(static_cast<uint16_t>(bits));
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(FloatFromBfloat(BfloatFromFloat(value)))) << bits;
    } else {
      ASSERT_EQ(BfloatFromFloat(value), bits) << value;
    }
  }
}

TEST(Bfloat, RoundsToNearestEven) {
  const auto from_bits = [](uint32_t bits) { return BfloatFromFloat(std::bit_cast<float>(bits)); };
  EXPECT_EQ(from_bits(0x3F80'7FFF), 0x3F80);
  EXPECT_EQ(from_bits(0x3F80'8000), 0x3F80);
  EXPECT_EQ(from_bits(0x3F80'8001), 0x3F81);
  EXPECT_EQ(from_bits(0x3F81'8000), 0x3F82);
  EXPECT_EQ(from_bits(0x7F7F'FFFF), 0x7F80) << "the largest float";
  EXPECT_TRUE(std::isnan(FloatFromBfloat(from_bits(0x7F80'0001)))) << "a NaN whose upper half is infinity";
}

}  // namespace
}  // namespace seedbed::nn
