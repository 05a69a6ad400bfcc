#include "core/dataset/split_table.h"

#include <fstream>

#include "gmock/gmock.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temporary_directory.h"

namespace seedbed::dataset {
namespace {

using ::seedbed::testing::StatusIs;
using ::seedbed::testing::TemporaryDirectory;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kDigest(64, 'd');

class SplitTableFile : public ::testing::Test {
 protected:
  absl::StatusOr<SplitTable> Read(const std::string& text, const std::string& digest = kDigest, size_t rows = 4) {
    std::ofstream(folder_.path() / "s.tsv", std::ios::binary) << text;
    return ReadSplitTable(folder_.path() / "s.tsv", digest, rows);
  }

  const TemporaryDirectory folder_;
  const std::vector<std::string> paths_ = {"a/1.png", "a/tab\t.png", "b/1.png", "b/2.png"};
  const std::string text_ = FormatSplitTable({{"train", "validation"}, {1, 0, 0, -1}}, "plants", 3, kDigest, paths_);
};

TEST_F(SplitTableFile, IsReadBack) {
  EXPECT_EQ(text_, "# seedbed-split 1\n# dataset plants 3 " + kDigest +
                       "\nrow\tsubset\tpath\n0\tvalidation\ta/1.png\n1\ttrain\ta/tab\\t.png\n2\ttrain\tb/1.png\n");
  SB_ASSERT_OK_AND_ASSIGN(const SplitTable table, Read(text_));
  EXPECT_THAT(table.subsets, ElementsAre("train", "validation"));
  EXPECT_THAT(table.subset_of_row, ElementsAre(1, 0, 0, -1));
  EXPECT_THAT(table.RowsOf("train"), ElementsAre(1, 2));
  EXPECT_THAT(table.RowsOf("validation"), ElementsAre(0));
  EXPECT_THAT(table.RowsOf("test"), IsEmpty());
}

TEST_F(SplitTableFile, OfAnotherManifestIsRefused) {
  EXPECT_THAT(Read(text_, std::string(64, 'e')), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("another version")));
}

TEST_F(SplitTableFile, DamageIsNoticed) {
  const std::string head = text_.substr(0, text_.find("0\tvalidation"));
  for (const std::string& bad :
       {std::string(), text_.substr(0, text_.size() - 3), head + "4\ttrain\tx\n", head + "1\ttrain\tx\n0\ttrain\ty\n", head + "0\t\tx\n",
        head + "x\ttrain\tx\n", head + "0\ttrain\n", head + "-1\ttrain\tx\n"}) {
    EXPECT_THAT(Read(bad), StatusIs(absl::StatusCode::kDataLoss)) << bad;
  }
}

}  // namespace
}  // namespace seedbed::dataset
