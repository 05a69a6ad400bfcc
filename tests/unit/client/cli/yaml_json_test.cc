#include "client/cli/yaml_json.h"

#include "gtest/gtest.h"
#include "tests/testing/status_matchers.h"

namespace seedbed::cli {
namespace {

using seedbed::testing::StatusIs;

std::string JsonOf(const std::string& yaml) {
  const absl::StatusOr<Json> json = ParseYaml(yaml);
  return json.ok() ? json->dump() : json.status().ToString();
}

TEST(ParseYaml, ReadsListsAsPeopleWriteThem) {
  EXPECT_EQ(JsonOf("[flatten, dense: 256, relu, dropout: 0.5, dense: classes]"),
            R"(["flatten",{"dense":256},"relu",{"dropout":0.5},{"dense":"classes"}])");
  EXPECT_EQ(JsonOf("[conv2d: {filters: 16, kernel: [3, 3], bias: false}]"), R"([{"conv2d":{"filters":16,"kernel":[3,3],"bias":false}}])");
  EXPECT_EQ(JsonOf(R"(["flatten", {"dense": "classes"}])"), R"(["flatten",{"dense":"classes"}])");
  EXPECT_EQ(JsonOf("- flatten\n- dense: 2"), R"(["flatten",{"dense":2}])");
  EXPECT_EQ(JsonOf("[]"), "[]");
}

TEST(ParseYaml, TellsNumbersFromTexts) { EXPECT_EQ(JsonOf("[1, -2.5, 1e-3, '1', nan, true, ~]"), R"([1,-2.5,0.001,"1","nan",true,null])"); }

TEST(ParseYaml, SaysWhatIsWrong) {
  EXPECT_THAT(ParseYaml("[flatten, dense: 2"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ParseYaml("[{[a]: 2}]"), StatusIs(absl::StatusCode::kInvalidArgument, ::testing::HasSubstr("a key must be a word")));
  EXPECT_THAT(ParseYaml(std::string(5000, '[')), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(ToFlowYaml, IsReadBackAsTheSame) {
  for (const char* text : {"[flatten, dense: 256, dropout: 0.5, conv2d: {filters: 8, kernel: [3, 3]}, dense: classes]",
                           R"(["1", "a b", "true", "null", "", "x-y", {a: "b: c", d: "*"}])", "[[1, [2, true]], null, {}]", "7", "word"}) {
    const absl::StatusOr<Json> json = ParseYaml(text);
    SB_ASSERT_OK(json);
    EXPECT_EQ(ToFlowYaml(*json), text);
    EXPECT_EQ(JsonOf(ToFlowYaml(*json)), json->dump());
  }
}

}  // namespace
}  // namespace seedbed::cli
