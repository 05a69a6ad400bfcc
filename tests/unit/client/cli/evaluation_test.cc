#include "client/cli/evaluation.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace seedbed::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

v1::EvaluateResult ThreeClasses() {
  v1::EvaluateResult result;
  for (const char* name : {"Black-grass", "Loose Silky-bent", "Maize"}) {
    v1::ClassScore* score = result.add_per_class();
    score->set_name(name);
    score->set_images(12);
  }
  for (const int64_t count : {4, 7, 1, 3, 9, 0, 0, 1, 11}) result.add_confusion(count);
  result.set_images(36);
  result.set_accuracy(24.0 / 36);
  result.set_top5(1);
  return result;
}

TEST(WorstPairs, AreThoseWithTheMostImages) {
  const auto pairs = WorstPairs(ThreeClasses(), 2);
  ASSERT_THAT(pairs, SizeIs(2));
  EXPECT_EQ(pairs[0].actual, "Black-grass");
  EXPECT_EQ(pairs[0].predicted, "Loose Silky-bent");
  EXPECT_EQ(pairs[0].images, 7);
  EXPECT_DOUBLE_EQ(pairs[0].share, 7.0 / 12);
  EXPECT_EQ(pairs[1].actual, "Loose Silky-bent");
}

TEST(WorstPairs, IsEmptyWhenNothingIsConfused) { EXPECT_THAT(WorstPairs(v1::EvaluateResult(), 5), IsEmpty()); }

TEST(RenderEvaluation, ShowsAccuracyClassesAndPairs) {
  const std::string text = RenderEvaluation(ThreeClasses());
  EXPECT_THAT(text, HasSubstr("accuracy 0.6667 (24 of 36 images), top-5 1.0000"));
  v1::EvaluateResult of_three = ThreeClasses();
  of_three.set_top_k(3);
  of_three.set_top_k_accuracy(0.9);
  EXPECT_THAT(RenderEvaluation(of_three), HasSubstr("(24 of 36 images), top-3 0.9000, loss"));
  EXPECT_THAT(text, HasSubstr("CLASS             PRECISION  RECALL      F1  IMAGES\n"));
  EXPECT_THAT(text, HasSubstr("Black-grass       Loose Silky-bent       7    58%\n"));
}

}  // namespace
}  // namespace seedbed::cli
