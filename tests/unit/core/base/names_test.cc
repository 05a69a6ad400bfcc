#include "core/base/names.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status_matchers.h"

namespace seedbed {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::HasSubstr;

TEST(CheckResourceName, TakesWhatTheDocumentationSays) {
  for (const std::string& good : {std::string("a"), std::string("0"), std::string("seedlings-v2.1_final"), std::string(64, 'x')}) {
    SB_EXPECT_OK(CheckResourceName("dataset", good));
  }
  for (const std::string& bad :
       {std::string(), std::string("A"), std::string("-a"), std::string(".a"), std::string("_a"), std::string("a b"), std::string("a/b"),
        std::string(".."), std::string("ä"), std::string(65, 'x'), std::string("a\0", 2)}) {
    EXPECT_THAT(CheckResourceName("dataset", bad), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("dataset name"))) << bad;
  }
}

TEST(CheckResourceName, DoesNotRepeatAWholePayload) {
  EXPECT_LT(CheckResourceName("model", std::string(1'000'000, 'x')).message().size(), 400u);
}

TEST(ToResourceName, AlwaysGivesAValidName) {
  EXPECT_EQ(ToResourceName("Black-grass"), "black-grass");
  EXPECT_EQ(ToResourceName("My Photos 2026"), "my-photos-2026");
  EXPECT_EQ(ToResourceName("..hidden"), "hidden");
  EXPECT_EQ(ToResourceName(""), "unnamed");
  EXPECT_EQ(ToResourceName("///"), "unnamed");
  for (const std::string& text : {std::string("Shepherd’s Purse"), std::string(300, 'Q'), std::string("\xff\xfe"), std::string("-")}) {
    SB_EXPECT_OK(CheckResourceName("dataset", ToResourceName(text)));
  }
}

}  // namespace
}  // namespace seedbed
