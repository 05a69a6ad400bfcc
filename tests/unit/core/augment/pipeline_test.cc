#include "core/augment/pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/status_matchers.h"

namespace seedbed::augment {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

std::string Error(const char* list) { return std::string(Pipeline::ParseRandom(json::parse(list), "augment").status().message()); }

TEST(PipelineTest, NamesTheStepAndTheSetting) {
  EXPECT_THAT(Error(R"([{"sometimse": {}}])"), HasSubstr("augment[0]: there is no step 'sometimse'; did you mean 'sometimes'?"));
  EXPECT_THAT(Error(R"([{"sometimes": {"p": 2}}])"), HasSubstr("augment[0].sometimes.p is 2; it must lie between 0 and 1"));
  EXPECT_THAT(Error(R"([{"sometimes": {"than": []}}])"), HasSubstr("augment[0].sometimes.than is not known; did you mean 'then'?"));
  EXPECT_THAT(Error(R"([{"sometimes": {"then": [7]}}])"), HasSubstr("augment[0].sometimes.then[0] is 7; a step is written as"));
  EXPECT_THAT(Error(R"({"sometimes": {}})"), HasSubstr("must be a list of steps"));
}

TEST(PipelineTest, WritesEverySettingOut) {
  const auto pipeline = Pipeline::ParseRandom(json::parse(R"([{"sometimes": {"then": ["sometimes"]}}])"), "augment");
  ASSERT_TRUE(pipeline.ok()) << pipeline.status();
  EXPECT_EQ(pipeline->json(),
            json::parse(R"([{"sometimes": {"p": 0.5, "then": [{"sometimes": {"p": 0.5, "then": [], "else": []}}], "else": []}}])"));
  EXPECT_EQ(Pipeline::ParseRandom(pipeline->json(), "augment")->json(), pipeline->json());
}

TEST(PipelineTest, FixedStepsDrawNothing) {
  EXPECT_TRUE(Pipeline::Parse(json::parse(R"([{"sometimes": {"p": 1}}])"), "pipeline").ok());
  EXPECT_THAT(Pipeline::Parse(json::parse(R"([{"sometimes": {"p": 0.5}}])"), "pipeline").status().message(),
              HasSubstr("'sometimes' with settings that are drawn for each image; such steps belong into augment"));
}

}  // namespace
}  // namespace seedbed::augment
