#include "core/dataset/split_rules.h"

#include <set>

#include "gmock/gmock.h"
#include "tests/testing/status_matchers.h"
#include "tests/unit/core/dataset/dataset_testing.h"

namespace seedbed::dataset {
namespace {

using ::seedbed::testing::MakeManifest;
using ::seedbed::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Units Together(const Manifest& manifest, const GroupingOptions& options = {}) {
  absl::StatusOr<Units> units = GroupRows(manifest, options);
  EXPECT_THAT(units, ::seedbed::testing::IsOk());
  return *units;
}

std::set<std::string> DigestsOf(const Manifest& manifest, const SplitTable& table, std::string_view subset) {
  std::set<std::string> digests;
  for (const uint32_t row : table.RowsOf(subset)) digests.insert(manifest.rows[row].sha256);
  return digests;
}

// Gives the first `images` rows groups of `per_group`.
void Group(Manifest* manifest, size_t begin, size_t end, size_t per_group) {
  for (size_t row = begin; row < end; ++row) {
    manifest->rows[row].group = "g" + std::to_string(begin) + "-" + std::to_string((row - begin) / per_group);
  }
}

TEST(SplitByQuota, SingleImagesReachEveryQuotaExactly) {
  const Manifest manifest = MakeManifest({{"a", 40}, {"b", 17}, {"empty", 0}, {"c", 300}});
  const std::vector<Quota> quotas = {{"validation", {12, 12, 0, 12}}, {"test", {5, 4, 0, 6}}};
  SB_ASSERT_OK_AND_ASSIGN(const SplitTable table, SplitByQuota(manifest, Together(manifest), quotas, 0));
  EXPECT_THAT(table.subsets, ElementsAre("train", "validation", "test"));
  EXPECT_THAT(ImagesPerClass(manifest, table, 1), ElementsAre(12, 12, 0, 12));
  EXPECT_THAT(ImagesPerClass(manifest, table, 2), ElementsAre(5, 4, 0, 6));
  EXPECT_THAT(ImagesPerClass(manifest, table, 0), ElementsAre(23, 1, 0, 282));
}

TEST(SplitByQuota, SameSeedSameSplitOtherSeedAnother) {
  const Manifest manifest = MakeManifest({{"a", 100}});
  const std::vector<Quota> quotas = {{"validation", {12}}};
  SB_ASSERT_OK_AND_ASSIGN(const SplitTable first, SplitByQuota(manifest, Together(manifest), quotas, 7));
  SB_ASSERT_OK_AND_ASSIGN(const SplitTable again, SplitByQuota(manifest, Together(manifest), quotas, 7));
  SB_ASSERT_OK_AND_ASSIGN(const SplitTable other, SplitByQuota(manifest, Together(manifest), quotas, 8));
  EXPECT_EQ(first.subset_of_row, again.subset_of_row);
  EXPECT_NE(first.subset_of_row, other.subset_of_row);
}

// Pins the rule itself: a split made by one release is made again by the next. The numbers come from a Philox written in Python.
TEST(SplitByQuota, AssignmentIsFixedForGood) {
  const Manifest manifest = MakeManifest({{"a", 20}});
  const std::vector<Quota> quotas = {{"validation", {5}}};
  SB_ASSERT_OK_AND_ASSIGN(const SplitTable table, SplitByQuota(manifest, Together(manifest), quotas, 0));
  EXPECT_THAT(table.RowsOf("validation"), ElementsAre(2, 9, 10, 13, 17));
}

TEST(SplitByQuota, DoesNotDependOnOrderAndNewImagesMoveFew) {
  const std::vector<Quota> quotas = {{"validation", {20}}};
  const Manifest manifest = MakeManifest({{"a", 200}});
  SB_ASSERT_OK_AND_ASSIGN(const SplitTable table, SplitByQuota(manifest, Together(manifest), quotas, 3));
  const std::set<std::string> before = DigestsOf(manifest, table, "validation");
  Manifest reversed = manifest;
  std::reverse(reversed.rows.begin(), reversed.rows.end());
  SB_ASSERT_OK_AND_ASSIGN(const SplitTable other, SplitByQuota(reversed, Together(reversed), quotas, 3));
  EXPECT_EQ(DigestsOf(reversed, other, "validation"), before);
  const Manifest grown = MakeManifest({{"a", 220}});
  SB_ASSERT_OK_AND_ASSIGN(const SplitTable later, SplitByQuota(grown, Together(grown), quotas, 3));
  size_t kept = 0;
  for (const std::string& digest : DigestsOf(grown, later, "validation")) kept += before.count(digest);
  EXPECT_GE(kept, 15u);
}

TEST(SplitByQuota, WithoutSeedFilesOfAFolderComeBeforeThoseOfFoldersInIt) {
  Manifest manifest = MakeManifest({{"a", 4}});
  const std::vector<std::string> paths = {"a/b/1", "a/b/2", "a/c", "a/d"};
  for (size_t row = 0; row < paths.size(); ++row) manifest.rows[row].path = paths[row];
  const std::vector<Quota> quotas = {{"validation", {3}}};
  SB_ASSERT_OK_AND_ASSIGN(const SplitTable table, SplitByQuota(manifest, Together(manifest), quotas, std::nullopt));
  EXPECT_THAT(table.RowsOf("validation"), ElementsAre(0, 2, 3));
}

TEST(SplitByQuota, UnitsAreNeverDivided) {
  Manifest manifest = MakeManifest({{"a", 60}, {"b", 60}});
  Group(&manifest, 0, 60, 4);
  manifest.rows[70].sha256 = manifest.rows[10].sha256;
  const Units units = Together(manifest);
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const std::vector<Quota> quotas = {{"validation", {12, 12}}, {"test", {8, 7}}};
    SB_ASSERT_OK_AND_ASSIGN(const SplitTable table, SplitByQuota(manifest, units, quotas, seed));
    std::vector<int8_t> subset_of_unit(units.count, -1);
    for (size_t row = 0; row < manifest.rows.size(); ++row) {
      int8_t& subset = subset_of_unit[units.unit_of_row[row]];
      if (subset < 0) subset = table.subset_of_row[row];
      EXPECT_EQ(table.subset_of_row[row], subset);
    }
    EXPECT_THAT(ImagesPerClass(manifest, table, 1), ElementsAre(12, 12));
    EXPECT_THAT(ImagesPerClass(manifest, table, 2), ElementsAre(8, 7));
  }
}

TEST(SplitByQuota, StaysBelowAQuotaThatGroupsCannotReach) {
  Manifest manifest = MakeManifest({{"a", 50}});
  Group(&manifest, 0, 50, 5);
  const std::vector<Quota> quotas = {{"validation", {12}}};
  SB_ASSERT_OK_AND_ASSIGN(const SplitTable table, SplitByQuota(manifest, Together(manifest), quotas, 0));
  EXPECT_THAT(ImagesPerClass(manifest, table, 1), ElementsAre(10));
}

TEST(SplitByQuota, ExceedsOnlyWhereAClassWouldGetNothing) {
  Manifest manifest = MakeManifest({{"a", 45}, {"b", 30}});
  Group(&manifest, 0, 20, 20);
  Group(&manifest, 20, 45, 25);
  const std::vector<Quota> quotas = {{"validation", {12, 12}}};
  for (uint64_t seed = 0; seed < 10; ++seed) {
    SB_ASSERT_OK_AND_ASSIGN(const SplitTable table, SplitByQuota(manifest, Together(manifest), quotas, seed));
    EXPECT_THAT(ImagesPerClass(manifest, table, 1), ElementsAre(20, 12)) << seed;
  }
}

TEST(SplitByQuota, NamesEachClassThatIsTooSmall) {
  const Manifest manifest = MakeManifest({{"Charlock", 13}, {"Fat Hen", 12}, {"Maize", 10}});
  const std::vector<Quota> quotas = {{"validation", {12, 12, 12}}};
  EXPECT_THAT(SplitByQuota(manifest, Together(manifest), quotas, 0),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "class 'Fat Hen' has 12 images, 12 for validation are wanted and at least 1 must stay for training; "
                       "class 'Maize' has 10 images, 12 for validation are wanted and at least 1 must stay for training"));
}

TEST(SplitByQuota, ClassInOnePieceCannotBeDivided) {
  Manifest manifest = MakeManifest({{"a", 30}, {"b", 30}});
  Group(&manifest, 0, 30, 30);
  const std::vector<Quota> quotas = {{"validation", {12, 12}}};
  EXPECT_THAT(SplitByQuota(manifest, Together(manifest), quotas, 0),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("class 'a': its images hang together")));
}

TEST(SplitFromFolders, TakesSubsetsFromPaths) {
  Manifest manifest = MakeManifest({{"a", 3}, {"b", 1}});
  const char* paths[] = {"Train/a/1.png", "test/a/1.png", "valid/a/x/1.png", "Train/b/2.png"};
  for (size_t i = 0; i < manifest.rows.size(); ++i) manifest.rows[i].path = paths[i];
  SB_ASSERT_OK_AND_ASSIGN(const SplitTable table, SplitFromFolders(manifest));
  EXPECT_THAT(table.subsets, ElementsAre("train", "validation", "test"));
  EXPECT_THAT(table.subset_of_row, ElementsAre(0, 2, 1, 0));
}

TEST(SplitFromFolders, RefusesOtherLayouts) {
  Manifest manifest = MakeManifest({{"a", 2}});
  EXPECT_THAT(SplitFromFolders(manifest), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("'a/0.png'")));
  manifest.rows[0].path = "test/a/0.png";
  manifest.rows[1].path = "val/a/0.png";
  EXPECT_THAT(SplitFromFolders(manifest), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("train/<class>/")));
}

}  // namespace
}  // namespace seedbed::dataset
