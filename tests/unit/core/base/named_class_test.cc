#include "core/base/named_class.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/testing/status_matchers.h"

namespace seedbed {
namespace {

using ::seedbed::testing::IsOkAndHolds;
using ::seedbed::testing::StatusIs;
using ::testing::HasSubstr;

TEST(FindClass, GoesByNameAndElseByIndex) {
  const std::vector<std::string> classes = {"Maize", "2", "Cleavers"};
  EXPECT_THAT(FindClass(classes, "Cleavers"), IsOkAndHolds(2u));
  EXPECT_THAT(FindClass(classes, "2"), IsOkAndHolds(1u));
  EXPECT_THAT(FindClass(classes, "0"), IsOkAndHolds(0u));
}

TEST(FindClass, SaysWhatThereIs) {
  const std::vector<std::string> classes = {"Maize", "Charlock"};
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  EXPECT_THAT(FindClass(classes, "maise").status(), StatusIs(kInvalid, HasSubstr("did you mean 'Maize'?")));
  EXPECT_THAT(FindClass(classes, "2").status(), StatusIs(kInvalid, HasSubstr("classes 0 to 1")));
  EXPECT_THAT(FindClass(classes, "-1").status(), StatusIs(kInvalid, HasSubstr("'-1' among the model's 2")));
  EXPECT_THAT(FindClass({}, "Maize").status(), StatusIs(kInvalid, HasSubstr("makes no classes")));
}

}  // namespace
}  // namespace seedbed
