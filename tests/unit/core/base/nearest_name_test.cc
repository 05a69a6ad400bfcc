#include "core/base/nearest_name.h"

#include <gtest/gtest.h>

#include <vector>

namespace seedbed {
namespace {

const std::vector<std::string> kNames = {"vgg16", "resnet18", "resnet50", "logistic"};

TEST(NearestName, TakesTheFewestChanges) {
  EXPECT_EQ(NearestName("vgg61", kNames), "vgg16");       // neighbours swapped
  EXPECT_EQ(NearestName("resnt50", kNames), "resnet50");  // one left out
  EXPECT_EQ(NearestName("loggistik", kNames), "logistic");
  EXPECT_EQ(NearestName("vgg16", kNames), "vgg16");
}

TEST(NearestName, TakesTheFirstOfEquallyNearOnes) { EXPECT_EQ(NearestName("resnet10", kNames), "resnet18"); }

TEST(NearestName, FindsNothingFarAway) {
  EXPECT_EQ(NearestName("inception", kNames), std::nullopt);
  EXPECT_EQ(NearestName("", kNames), std::nullopt);
  EXPECT_EQ(NearestName("vgg16", {}), std::nullopt);
}

TEST(DidYouMean, EndsAMessage) {
  EXPECT_EQ(DidYouMean("vgg61", kNames, "."), "; did you mean 'vgg16'?");
  EXPECT_EQ(DidYouMean("inception", kNames, "."), ".");
  EXPECT_EQ(DidYouMean("inception", kNames), "");
}

}  // namespace
}  // namespace seedbed
