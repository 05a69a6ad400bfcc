#include "core/tasks/look/image_choice.h"

#include <numeric>
#include <set>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status_matchers.h"

namespace seedbed::tasks {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// `counts[k]` images of class k.
dataset::Manifest ManifestOf(const std::vector<int>& counts) {
  dataset::Manifest manifest;
  for (size_t k = 0; k < counts.size(); ++k) {
    manifest.classes.push_back(absl::StrCat("class_", k));
    for (int i = 0; i < counts[k]; ++i) {
      dataset::ManifestRow row;
      row.path = absl::StrCat("class_", k, "/", i, ".png");
      row.label = static_cast<int32_t>(k);
      manifest.rows.push_back(row);
    }
  }
  return manifest;
}

std::vector<uint32_t> AllRows(const dataset::Manifest& manifest) {
  std::vector<uint32_t> rows(manifest.rows.size());
  std::iota(rows.begin(), rows.end(), 0u);
  return rows;
}

std::vector<int> PerClass(const dataset::Manifest& manifest, const std::vector<uint32_t>& rows) {
  std::vector<int> counts(manifest.classes.size());
  for (const uint32_t row : rows) ++counts[static_cast<size_t>(manifest.rows[row].label)];
  return counts;
}

TEST(RowsNamed, AreInTheOrderOfTheNames) {
  const dataset::Manifest manifest = ManifestOf({3, 3});
  SB_ASSERT_OK_AND_ASSIGN(const auto rows, RowsNamed(manifest, std::vector<std::string>{"class_1/0.png", "class_0/2.png"}));
  EXPECT_THAT(rows, ElementsAre(3, 2));
}

TEST(RowsNamed, SaysWhichImageIsNotThere) {
  const dataset::Manifest manifest = ManifestOf({3, 3});
  const auto refused = [&](const std::string& path) {
    return RowsNamed(manifest, std::vector<std::string>{"class_0/0.png", path}).status();
  };
  EXPECT_THAT(refused("class_0/2.jpg"), StatusIs(absl::StatusCode::kInvalidArgument,
                                                 AllOf(HasSubstr("no image 'class_0/2.jpg'"), HasSubstr("did you mean 'class_0/2.png'?"))));
  EXPECT_THAT(refused("/home/me/9.png"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("CLASS/FILE")));
  EXPECT_THAT(refused(""), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no image ''")));
}

TEST(ChooseOfEachClass, TakesWhatThereIs) {
  const dataset::Manifest manifest = ManifestOf({10, 2, 0, 30});
  const std::vector<uint32_t> chosen = ChooseOfEachClass(manifest, AllRows(manifest), 4, 1);
  EXPECT_THAT(PerClass(manifest, chosen), ElementsAre(4, 2, 0, 4));
  EXPECT_TRUE(std::is_sorted(chosen.begin(), chosen.end()));
  EXPECT_EQ(chosen, ChooseOfEachClass(manifest, AllRows(manifest), 4, 1));
  EXPECT_NE(chosen, ChooseOfEachClass(manifest, AllRows(manifest), 4, 2));
  EXPECT_THAT(ChooseOfEachClass(manifest, {}, 4, 1), IsEmpty());
}

TEST(ChooseAcrossClasses, TakesAsManyClassesAsCanBe) {
  const dataset::Manifest manifest = ManifestOf({10, 1, 0, 30, 5});
  EXPECT_THAT(PerClass(manifest, ChooseAcrossClasses(manifest, AllRows(manifest), 4, 1)),
              ElementsAre(::testing::Ge(1), 1, 0, ::testing::Ge(1), ::testing::Ge(1)));
  EXPECT_THAT(PerClass(manifest, ChooseAcrossClasses(manifest, AllRows(manifest), 10, 1)), ElementsAre(3, 1, 0, 3, 3));
  EXPECT_THAT(ChooseAcrossClasses(manifest, AllRows(manifest), 1000, 1), SizeIs(46));
  std::set<std::vector<uint32_t>> different;
  for (uint64_t seed = 0; seed < 20; ++seed) different.insert(ChooseAcrossClasses(manifest, AllRows(manifest), 2, seed));
  EXPECT_THAT(different, SizeIs(::testing::Gt(10)));
}

TEST(ChooseAcrossClasses, LooksAtTheseRowsOnly) {
  const dataset::Manifest manifest = ManifestOf({10, 10});
  const std::vector<uint32_t> rows = {1, 5, 17};
  EXPECT_EQ(ChooseAcrossClasses(manifest, rows, 9, 0), rows);
}

}  // namespace
}  // namespace seedbed::tasks
