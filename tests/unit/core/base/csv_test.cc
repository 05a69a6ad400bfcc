#include "core/base/csv.h"

#include <gtest/gtest.h>

namespace seedbed {
namespace {

TEST(CsvField, QuotesWhatNeedsIt) {
  EXPECT_EQ(CsvField("Fat Hen"), "Fat Hen");
  EXPECT_EQ(CsvField("a,b"), "\"a,b\"");
  EXPECT_EQ(CsvField("say \"hi\""), "\"say \"\"hi\"\"\"");
  EXPECT_EQ(CsvField("two\nlines"), "\"two\nlines\"");
}

}  // namespace
}  // namespace seedbed
