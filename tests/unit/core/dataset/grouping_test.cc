#include "core/dataset/grouping.h"

#include "gmock/gmock.h"
#include "tests/testing/status_matchers.h"
#include "tests/unit/core/dataset/dataset_testing.h"

namespace seedbed::dataset {
namespace {

using ::seedbed::testing::MakeManifest;
using ::seedbed::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Grouping, EveryImageAloneByDefault) {
  SB_ASSERT_OK_AND_ASSIGN(const Units units, GroupRows(MakeManifest({{"a", 2}, {"b", 1}}), {}));
  EXPECT_THAT(units.unit_of_row, ElementsAre(0, 1, 2));
  EXPECT_EQ(units.count, 3u);
}

TEST(Grouping, EqualContentStaysTogetherAcrossClasses) {
  Manifest manifest = MakeManifest({{"a", 2}, {"b", 2}});
  manifest.rows[3].sha256 = manifest.rows[0].sha256;
  SB_ASSERT_OK_AND_ASSIGN(const Units units, GroupRows(manifest, {}));
  EXPECT_THAT(units.unit_of_row, ElementsAre(0, 1, 2, 0));
}

TEST(Grouping, FirstCaptureNamesTheGroup) {
  Manifest manifest = MakeManifest({{"a", 4}, {"b", 2}});
  const char* paths[] = {"a/p1_x.png", "a/p2_x.png", "a/p1_y.png", "a/other.png", "b/p2_z.png", "b/another.png"};
  for (size_t i = 0; i < manifest.rows.size(); ++i) manifest.rows[i].path = paths[i];
  SB_ASSERT_OK_AND_ASSIGN(const Units units, GroupRows(manifest, {.group_by = "/(p\\d)_"}));
  EXPECT_THAT(units.unit_of_row, ElementsAre(0, 1, 0, 2, 1, 3));
}

TEST(Grouping, ManifestGroupsCountToo) {
  Manifest manifest = MakeManifest({{"a", 3}});
  manifest.rows[0].group = manifest.rows[2].group = "plot 7";
  SB_ASSERT_OK_AND_ASSIGN(const Units units, GroupRows(manifest, {}));
  EXPECT_THAT(units.unit_of_row, ElementsAre(0, 1, 0));
}

TEST(Grouping, LookAlikesChain) {
  Manifest manifest = MakeManifest({{"a", 4}});
  manifest.rows[2].perceptual_hash = manifest.rows[0].perceptual_hash ^ 0b1111;
  manifest.rows[3].perceptual_hash = manifest.rows[0].perceptual_hash ^ 0b11111111;
  SB_ASSERT_OK_AND_ASSIGN(Units units, GroupRows(manifest, {.group_by = "", .near_duplicates = true}));
  EXPECT_THAT(units.unit_of_row, ElementsAre(0, 1, 0, 0));
  SB_ASSERT_OK_AND_ASSIGN(units, GroupRows(manifest, {}));
  EXPECT_EQ(units.count, 4u);
}

TEST(Grouping, BadPatternsSayWhatIsWrong) {
  const Manifest manifest = MakeManifest({{"a", 1}});
  EXPECT_THAT(GroupRows(manifest, {.group_by = "(p"}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("'(p'")));
  EXPECT_THAT(GroupRows(manifest, {.group_by = "p\\d+"}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("parentheses")));
}

}  // namespace
}  // namespace seedbed::dataset
