#include "core/base/philox.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace seedbed {
namespace {

// The known answers that come with Random123, the authors' own implementation (tests/kat_vectors, philox 4x32 10).
TEST(Philox, GivesTheAuthorsKnownAnswers) {
  EXPECT_EQ(Philox4x32({0, 0, 0, 0}, {0, 0}), (PhiloxBlock{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(Philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (PhiloxBlock{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(Philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (PhiloxBlock{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(RandomStream, IsTheBlocksOfItsCounter) {
  RandomStream stream(0x1111111122222222, RandomPurpose::kSplit, 0x3333333344444444);
  for (uint32_t block = 0; block < 3; ++block) {
    const PhiloxBlock expected = Philox4x32({block, 0x44444444, 0x33333333, 3}, {0x22222222, 0x11111111});
    for (const uint32_t number : expected) EXPECT_EQ(stream.NextUint32(), number);
  }
}

TEST(RandomStream, DiffersBySeedPurposeAndSubject) {
  const std::set<uint32_t> firsts = {RandomStream(1, RandomPurpose::kShuffle, 1).NextUint32(),
                                     RandomStream(2, RandomPurpose::kShuffle, 1).NextUint32(),
                                     RandomStream(1, RandomPurpose::kSplit, 1).NextUint32(),
                                     RandomStream(1, RandomPurpose::kShuffle, 2).NextUint32(),
                                     RandomStream(uint64_t{1} << 32, RandomPurpose::kShuffle, 1).NextUint32(),
                                     RandomStream(1, RandomPurpose::kShuffle, uint64_t{1} << 32).NextUint32()};
  EXPECT_EQ(firsts.size(), 6u);
}

TEST(RandomStream, DrawsBelowItsBoundEvenly) {
  RandomStream stream(7, RandomPurpose::kShuffle);
  constexpr uint32_t kBound = 7;
  constexpr int kMean = 10'000;
  constexpr int kDraws = kBound * kMean;
  std::array<int, kBound> counts{};
  for (int i = 0; i < kDraws; ++i) {
    const uint32_t draw = stream.NextBelow(kBound);
    ASSERT_LT(draw, kBound);
    ++counts[draw];
  }
  // Six standard deviations of a binomial count around its mean of 10,000.
  for (const int count : counts) EXPECT_NEAR(count, kMean, 6 * std::sqrt(kMean));
  EXPECT_EQ(stream.NextBelow(1), 0u);
}

TEST(RandomStream, DrawsUniformAndNormalNumbers) {
  RandomStream stream(3, RandomPurpose::kInitialize);
  constexpr int kDraws = 100'000;
  double sum = 0, sum_of_squares = 0, normal_sum = 0, normal_squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const float uniform = stream.NextUniform();
    ASSERT_GE(uniform, 0.0f);
    ASSERT_LT(uniform, 1.0f);
    const double scaled = stream.NextUniformDouble(-2, 6);
    ASSERT_GE(scaled, -2);
    ASSERT_LT(scaled, 6);
    const double normal = stream.NextNormal();
    ASSERT_TRUE(std::isfinite(normal));
    sum += uniform;
    sum_of_squares += scaled;
    normal_sum += normal;
    normal_squares += normal * normal;
  }
  EXPECT_NEAR(sum / kDraws, 0.5, 0.005);
  EXPECT_NEAR(sum_of_squares / kDraws, 2, 0.05);
  EXPECT_NEAR(normal_sum / kDraws, 0, 0.02);
  EXPECT_NEAR(normal_squares / kDraws, 1, 0.03);
}

TEST(RandomPermutation, ContainsEachIndexOnceAndDependsOnTheStreamOnly) {
  const std::vector<uint32_t> order = RandomPermutation(1000, RandomStream(5, RandomPurpose::kShuffle, 2));
  std::vector<uint32_t> sorted = order;
  std::sort(sorted.begin(), sorted.end());
  for (uint32_t i = 0; i < sorted.size(); ++i) ASSERT_EQ(sorted[i], i);
  EXPECT_NE(order, sorted);
  EXPECT_EQ(order, RandomPermutation(1000, RandomStream(5, RandomPurpose::kShuffle, 2)));
  EXPECT_NE(order, RandomPermutation(1000, RandomStream(5, RandomPurpose::kShuffle, 3)));
}

TEST(RandomPermutation, OfNothingOrOneIsTrivial) {
  EXPECT_THAT(RandomPermutation(0, RandomStream(5, RandomPurpose::kShuffle)), testing::IsEmpty());
  EXPECT_THAT(RandomPermutation(1, RandomStream(5, RandomPurpose::kShuffle)), testing::ElementsAre(0u));
}

// Stored splits and checkpoints rely on these numbers: they must never change.
TEST(RandomPermutation, KeepsItsOrderAcrossVersions) {
  EXPECT_THAT(RandomPermutation(8, RandomStream(0, RandomPurpose::kSplit)), testing::ElementsAre(4, 1, 6, 7, 3, 0, 5, 2));
}

}  // namespace
}  // namespace seedbed
