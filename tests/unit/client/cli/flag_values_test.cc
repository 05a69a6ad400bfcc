#include "client/cli/flag_values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace seedbed::cli {
namespace {

enum class Colour { kGreen = 3, kBrown = 5 };

class OneOfTest : public ::testing::Test {
 protected:
  OneOfTest() { app_.add_option("--colour", colour_)->transform(OneOf(colours_))->type_name("COLOUR"); }

  const std::map<std::string, Colour> colours_{{"brown", Colour::kBrown}, {"green", Colour::kGreen}};
  Colour colour_ = Colour::kBrown;
  CLI::App app_;
};

TEST_F(OneOfTest, GivesTheValueOfTheName) {
  app_.parse("--colour green");
  EXPECT_EQ(colour_, Colour::kGreen);
}

TEST_F(OneOfTest, NamesAllNamesAndTheNearest) {
  try {
    app_.parse("--colour gren");
    FAIL();
  } catch (const CLI::ValidationError& error) {
    EXPECT_STREQ(error.what(), "--colour: 'gren' is none of brown, green; did you mean 'green'?");
  }
  EXPECT_THROW(app_.parse("--colour 3"), CLI::ValidationError) << "values are nobody's business";
}

TEST_F(OneOfTest, LeavesTheHelpReadable) { EXPECT_THAT(app_.help(), ::testing::HasSubstr("--colour COLOUR  ")); }

TEST(NotZero, RefusesWhatWouldBeTheDefault) {
  CLI::App app;
  double number = 1;
  app.add_option("--steps", number)->check(NotZero());
  app.parse("--steps 20");
  EXPECT_EQ(number, 20);
  for (const char* zero : {"0", "0.0", "-0"}) {
    try {
      app.parse(std::string("--steps=") + zero);
      FAIL() << zero;
    } catch (const CLI::ValidationError& error) {
      EXPECT_STREQ(error.what(), "--steps: it must not be 0; leave it out for the default");
    }
  }
}

}  // namespace
}  // namespace seedbed::cli
