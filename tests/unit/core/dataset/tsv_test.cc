#include "core/dataset/tsv.h"

#include "gmock/gmock.h"

namespace seedbed::dataset {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;

TEST(Tsv, FieldsSurviveEscaping) {
  for (const char* text : {"", "plain", "a\tb\nc\\d", "\\t", "Shepherd’s Purse/1.png"}) {
    const std::string field = EscapeField(text);
    EXPECT_EQ(field.find('\t'), std::string::npos);
    EXPECT_EQ(field.find('\n'), std::string::npos);
    EXPECT_THAT(UnescapeField(field), Optional(std::string(text)));
  }
}

TEST(Tsv, RefusesUnknownEscapes) {
  EXPECT_EQ(UnescapeField("a\\x"), std::nullopt);
  EXPECT_EQ(UnescapeField("a\\"), std::nullopt);
}

TEST(Tsv, SplitsAtEverySeparator) {
  EXPECT_THAT(SplitAt("a\t\tb\t", '\t'), ElementsAre("a", "", "b", ""));
  EXPECT_THAT(SplitAt("", '\t'), ElementsAre(""));
}

TEST(Tsv, LinesEndAtNewlines) {
  EXPECT_THAT(SplitLines(""), IsEmpty());
  EXPECT_THAT(SplitLines("a\nb\n"), ElementsAre("a", "b"));
  EXPECT_THAT(SplitLines("a\n\nb"), ElementsAre("a", "", "b"));
}

}  // namespace
}  // namespace seedbed::dataset
