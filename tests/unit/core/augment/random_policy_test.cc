#include "core/augment/random_policy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace seedbed::augment {
namespace {

constexpr int kBins = 31, kWidth = 331, kHeight = 662;

double Of(MagnitudeTable table, Operation operation, int bin) { return MagnitudeOf(table, operation, bin, kBins, kWidth, kHeight); }

// Magnitudes of the first, the tenth and the last bin, as torchvision documents them.
struct Row {
  Operation operation;
  double first, tenth, last;
};

void ExpectRows(MagnitudeTable table, const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    EXPECT_NEAR(Of(table, row.operation, 0), row.first, 1e-5) << static_cast<int>(row.operation);
    EXPECT_NEAR(Of(table, row.operation, 9), row.tenth, 1e-5) << static_cast<int>(row.operation);
    EXPECT_NEAR(Of(table, row.operation, kBins - 1), row.last, 1e-5) << static_cast<int>(row.operation);
  }
}

TEST(RandomPolicyTest, MagnitudesOfRandAugment) {
  ExpectRows(MagnitudeTable::kRandAugment, {{Operation::kIdentity, 0, 0, 0},
                                            {Operation::kShearX, 0, 0.09, 0.3},
                                            {Operation::kShearY, 0, 0.09, 0.3},
                                            {Operation::kTranslateX, 0, 45, 150},
                                            {Operation::kTranslateY, 0, 90, 300},
                                            {Operation::kRotate, 0, 9, 30},
                                            {Operation::kBrightness, 0, 0.27, 0.9},
                                            {Operation::kColor, 0, 0.27, 0.9},
                                            {Operation::kContrast, 0, 0.27, 0.9},
                                            {Operation::kSharpness, 0, 0.27, 0.9},
                                            {Operation::kPosterize, 8, 7, 4},
                                            {Operation::kSolarize, 255, 178.5, 0},
                                            {Operation::kAutoContrast, 0, 0, 0},
                                            {Operation::kEqualize, 0, 0, 0}});
}

TEST(RandomPolicyTest, MagnitudesOfTrivialAugmentWide) {
  ExpectRows(MagnitudeTable::kTrivialAugmentWide, {{Operation::kShearX, 0, 0.297, 0.99},
                                                   {Operation::kTranslateX, 0, 9.6, 32},
                                                   {Operation::kTranslateY, 0, 9.6, 32},
                                                   {Operation::kRotate, 0, 40.5, 135},
                                                   {Operation::kBrightness, 0, 0.297, 0.99},
                                                   {Operation::kPosterize, 8, 6, 2},
                                                   {Operation::kSolarize, 255, 178.5, 0}});
}

TEST(RandomPolicyTest, DrawsOperationsBinsAndSignsEquallyOften) {
  constexpr int kDraws = 28'000;
  RandomStream random(3, RandomPurpose::kAugment);
  std::array<int, kOperations> counts{};
  std::array<int, kBins> rotations{};
  int negative = 0, positive = 0;
  for (int i = 0; i < kDraws; ++i) {
    const DrawnOperation drawn = DrawOperation(MagnitudeTable::kTrivialAugmentWide, -1, kBins, kWidth, kHeight, &random);
    ++counts[static_cast<size_t>(drawn.operation)];
    EXPECT_TRUE(IsSigned(drawn.operation) || drawn.magnitude >= 0);
    if (drawn.operation == Operation::kRotate) ++rotations[static_cast<size_t>(std::lround(std::abs(drawn.magnitude) / 4.5))];
    negative += drawn.magnitude < 0;
    positive += IsSigned(drawn.operation) && drawn.magnitude > 0;
  }
  // Five standard deviations each.
  for (const int count : counts) EXPECT_NEAR(count, 1.0 * kDraws / kOperations, 5 * std::sqrt(2'000));
  for (const int count : rotations) EXPECT_NEAR(count, 2'000.0 / kBins, 5 * std::sqrt(65));
  EXPECT_NEAR(negative, positive, 5 * std::sqrt(negative + positive));
}

TEST(RandomPolicyTest, AGivenMagnitudeIsTheSameForAll) {
  RandomStream random(3, RandomPurpose::kAugment);
  for (int i = 0; i < 500; ++i) {
    const DrawnOperation drawn = DrawOperation(MagnitudeTable::kRandAugment, 9, kBins, kWidth, kHeight, &random);
    EXPECT_EQ(std::abs(drawn.magnitude), Of(MagnitudeTable::kRandAugment, drawn.operation, 9));
  }
}

}  // namespace
}  // namespace seedbed::augment
