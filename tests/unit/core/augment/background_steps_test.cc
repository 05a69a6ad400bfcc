#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/augment/pipeline.h"
#include "core/image/background.h"
#include "tests/testing/status_matchers.h"

namespace seedbed::augment {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

std::string Error(const std::string& settings) {
  return std::string(Pipeline::Parse(json::parse(R"([{"remove_background": )" + settings + "}]"), "pipeline").status().message());
}

json Resolved(const char* list) {
  const auto pipeline = Pipeline::Parse(json::parse(list), "pipeline");
  EXPECT_TRUE(pipeline.ok()) << pipeline.status();
  return pipeline.ok() ? pipeline->json()[0]["remove_background"] : json();
}

std::vector<uint8_t> Applied(const char* list, int width, int height, std::vector<uint8_t> rgb) {
  const auto pipeline = Pipeline::Parse(json::parse(list), "pipeline");
  EXPECT_TRUE(pipeline.ok()) << pipeline.status();
  Scratch scratch;
  pipeline->Apply({}, {.width = width, .height = height, .rgb = rgb}, &scratch);
  return rgb;
}

TEST(BackgroundStepsTest, ThePresetIsWrittenOut) {
  const json expected = json::parse(R"({"method": "colour", "colours": [[71, 86, 38], [65, 79, 19], [95, 106, 56], [56, 63, 43]],
      "thresholds": [1600, 1600, 1600, 500], "open": 0, "close": 0, "keep_largest": false, "fill": [0, 0, 0], "median": 9, "mask": false})");
  EXPECT_EQ(Resolved(R"([{"remove_background": "seedlings"}])"), expected);
  EXPECT_EQ(Resolved(R"(["remove_background"])"), expected);
  EXPECT_EQ(Resolved(json::array({{{"remove_background", expected}}}).dump().c_str()), expected);
}

TEST(BackgroundStepsTest, ReadsBothMethods) {
  EXPECT_EQ(Resolved(R"([{"remove_background": {"colours": [[1, 2, 3], [4, 5, 6]], "thresholds": 7}}])")["thresholds"], json({7, 7}));
  EXPECT_EQ(Resolved(R"([{"remove_background": {"colours": [[1, 2, 3]]}}])")["thresholds"], json({1600}));
  EXPECT_EQ(Resolved(R"([{"remove_background": {"fill": 255}}])")["fill"], json({255, 255, 255}));
  const json green = Resolved(R"([{"remove_background": {"method": "excess_green", "threshold": "otsu"}}])");
  EXPECT_EQ(green["threshold"], "otsu");
  EXPECT_FALSE(green.contains("colours"));
  EXPECT_EQ(Resolved(R"([{"remove_background": {"method": "excess_green"}}])")["threshold"], 0.1);
}

TEST(BackgroundStepsTest, NamesTheStepAndTheSetting) {
  EXPECT_THAT(Error(R"("seedling")"), HasSubstr("pipeline[0].remove_background.preset is \"seedling\"; known is seedlings"));
  EXPECT_THAT(Error(R"({"colours": [[1, 2]]})"), HasSubstr("remove_background.colours has [1,2]; a colour is [r, g, b]"));
  EXPECT_THAT(Error(R"({"colours": [[1, 2, 256]]})"), HasSubstr("colours has [1,2,256]"));
  EXPECT_THAT(Error(R"({"colours": []})"), HasSubstr("colours is []; it must be a list of [r, g, b]"));
  EXPECT_THAT(Error(R"({"colours": 7})"), HasSubstr("colours is 7; it must be a list of [r, g, b]"));
  EXPECT_THAT(Error(R"({"colours": [[1, 2, 3]], "preset": "seedlings"})"), HasSubstr("preset and colours exclude each other"));
  EXPECT_THAT(Error(R"({"colours": [[1, 2, 3]], "thresholds": [1, 2]})"), HasSubstr("thresholds has 2 numbers for 1 colours"));
  EXPECT_THAT(Error(R"({"colours": [[1, 2, 3]], "thresholds": [-1]})"), HasSubstr("thresholds has -1; it takes squared distances"));
  EXPECT_THAT(Error(R"({"colours": [[1, 2, 3]], "thresholds": "x"})"), HasSubstr("thresholds has \"x\"; it takes squared distances"));
  EXPECT_THAT(Error(R"({"thresholds": [1600]})"), HasSubstr("thresholds belongs to colours, of which there are none"));
  EXPECT_THAT(Error(R"({"threshold": 0.1})"), HasSubstr("threshold belongs to the method excess_green"));
  EXPECT_THAT(Error(R"({"method": "excess_green", "colours": [[1, 2, 3]]})"), HasSubstr("colours belongs to the method colour"));
  EXPECT_THAT(Error(R"({"method": "excess_green", "threshold": 3})"), HasSubstr("threshold is 3; it must lie between -1 and 2"));
  EXPECT_THAT(Error(R"({"method": "exces_green"})"), HasSubstr("method is 'exces_green'; did you mean 'excess_green'?"));
  EXPECT_THAT(Error(R"({"median": 4})"), HasSubstr("median is 4; it takes odd sizes from 3 to 15, or 0 for none"));
  EXPECT_THAT(Error(R"({"open": -1})"), HasSubstr("open is -1; it must lie between 0 and 50"));
  EXPECT_THAT(Error(R"({"fill": [1, 2]})"), HasSubstr("fill is [1,2]; it takes [r, g, b] or one number"));
  EXPECT_THAT(Error(R"({"medain": 9})"), HasSubstr("medain is not known; did you mean 'median'?"));
}

TEST(BackgroundStepsTest, AppliesWhatWasRead) {
  EXPECT_EQ(Applied(R"([{"remove_background": {"median": 0, "fill": [1, 2, 3]}}])", 2, 1, {80, 100, 40, 60, 60, 60}),
            (std::vector<uint8_t>{80, 100, 40, 1, 2, 3}));
  EXPECT_EQ(Applied(R"([{"remove_background": {"mask": true, "median": 0}}])", 2, 1, {80, 100, 40, 60, 60, 60}),
            (std::vector<uint8_t>{255, 255, 255, 0, 0, 0}));
  EXPECT_EQ(Applied(R"([{"remove_background": {"method": "excess_green", "threshold": "otsu", "median": 0, "keep_largest": true}}])", 4, 1,
                    {50, 90, 50, 60, 60, 60, 50, 90, 50, 50, 90, 50}),
            (std::vector<uint8_t>{0, 0, 0, 0, 0, 0, 50, 90, 50, 50, 90, 50}));
}

}  // namespace
}  // namespace seedbed::augment
