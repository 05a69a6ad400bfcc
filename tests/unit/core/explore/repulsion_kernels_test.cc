#include "core/explore/repulsion_kernels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/base/cpu.h"

namespace seedbed::explore {
namespace {

using ::testing::ElementsAreArray;

struct Points {
  Points() {
    for (int i = 0; i < 48; ++i) {
      xs.push_back(static_cast<float>(std::sin(i * 78.233) * 20));
      ys.push_back(static_cast<float>(std::cos(i * 12.9898) * 20));
    }
  }
  std::vector<float> xs, ys;
};

TEST(RepulsionKernels, SumOverAllPoints) {
  const Points points;
  Repulsion sums;
  RepelFor("baseline")(points.xs.data(), points.ys.data(), 48, points.xs[5], points.ys[5], &sums);
  double weight = 0, x = 0, y = 0, found_weight = 0, found_x = 0, found_y = 0;
  for (size_t i = 0; i < 48; ++i) {
    const double dx = points.xs[5] - points.xs[i], dy = points.ys[5] - points.ys[i], q = 1 / (1 + dx * dx + dy * dy);
    weight += q;
    x += q * q * dx;
    y += q * q * dy;
  }
  for (size_t lane = 0; lane < kRepulsionLanes; ++lane) {
    found_weight += sums.weights[lane];
    found_x += sums.x[lane];
    found_y += sums.y[lane];
  }
  EXPECT_NEAR(found_weight, weight, 1e-5);
  EXPECT_NEAR(found_x, x, 1e-5);
  EXPECT_NEAR(found_y, y, 1e-5);
}

TEST(RepulsionKernels, AllInstructionsGiveTheSameBits) {
  const Points points;
  Repulsion baseline;
  RepelFor("baseline")(points.xs.data(), points.ys.data(), 48, 0.25f, -3, &baseline);
  for (const char* set : {"avx2", "avx512"}) {
    if (std::string_view(set) == "avx512" ? InstructionSet() != "avx512" : InstructionSet() == "baseline") continue;
    Repulsion sums;
    RepelFor(set)(points.xs.data(), points.ys.data(), 48, 0.25f, -3, &sums);
    EXPECT_THAT(sums.weights, ElementsAreArray(baseline.weights)) << set;
    EXPECT_THAT(sums.x, ElementsAreArray(baseline.x)) << set;
    EXPECT_THAT(sums.y, ElementsAreArray(baseline.y)) << set;
  }
}

}  // namespace
}  // namespace seedbed::explore
