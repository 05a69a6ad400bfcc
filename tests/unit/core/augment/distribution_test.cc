#include "core/augment/distribution.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nlohmann/json.hpp"
#include "tests/testing/status_matchers.h"

namespace seedbed::augment {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

absl::StatusOr<Distribution> Parse(const char* text, Range allowed = {0, 10}) {
  return Distribution::Parse(json::parse(text), allowed, "augment[0].blur.sigma");
}

TEST(DistributionTest, ReadsAllForms) {
  for (const char* text : {"2.5", "[1.0,2.0]", R"({"normal":[1.0,0.5]})", R"({"choice":[1.0,2.0,7.0]})"}) {
    const auto parsed = Parse(text);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(parsed->ToJson(), json::parse(text));
  }
  EXPECT_EQ(Parse(R"({"uniform": [1, 2]})")->ToJson(), json::parse("[1.0, 2.0]"));
}

TEST(DistributionTest, SaysWhatIsWrongAndWhere) {
  EXPECT_THAT(Parse("[3, 1]").status().message(), HasSubstr("augment[0].blur.sigma runs from 3 to 1"));
  EXPECT_THAT(Parse("11").status().message(), HasSubstr("is 11; it must lie between 0 and 10"));
  EXPECT_THAT(Parse("\"much\"").status().message(), HasSubstr("must be a number, [low, high]"));
  EXPECT_THAT(Parse(R"({"normal": [1, -1]})").status().message(), HasSubstr("must not be negative"));
  EXPECT_THAT(Parse("[1, 2, 3]").status().message(), HasSubstr("must be a number"));
  EXPECT_THAT(Parse(R"({"gauss": [1, 2]})").status().message(), HasSubstr("must be a number"));
}

TEST(DistributionTest, DrawsWithinItsEnds) {
  RandomStream random(1, RandomPurpose::kAugment);
  const Distribution uniform = *Parse("[2, 4]"), normal = *Parse(R"({"normal": [9, 5]})"), choice = *Parse(R"({"choice": [1, 7]})");
  std::array<int, 11> counts{};
  for (int i = 0; i < 3000; ++i) {
    EXPECT_GE(uniform.Draw(random), 2);
    EXPECT_LT(uniform.Draw(random), 4);
    EXPECT_LE(normal.Draw(random), 10);
    EXPECT_GE(normal.Draw(random), 0);
    const double chosen = choice.Draw(random);
    EXPECT_TRUE(chosen == 1 || chosen == 7);
    ++counts[static_cast<size_t>(uniform.DrawInteger(random))];
  }
  // 3,000 draws of three numbers: a thousand of each, standard deviation 26.
  for (const size_t value : {2, 3, 4}) EXPECT_NEAR(counts[value], 1000, 130);
}

TEST(DistributionTest, AConstantDrawsNothing) {
  RandomStream drawn(1, RandomPurpose::kAugment), fresh(1, RandomPurpose::kAugment);
  EXPECT_EQ(Distribution::Constant(3).Draw(drawn), 3);
  EXPECT_EQ(drawn.NextUint32(), fresh.NextUint32());
}

}  // namespace
}  // namespace seedbed::augment
