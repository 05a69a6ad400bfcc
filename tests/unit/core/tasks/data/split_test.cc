#include "core/tasks/data/split.h"

#include <cmath>
#include <optional>

#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/dataset/manifest.h"
#include "core/dataset/split_table.h"
#include "core/tasks/data/index.h"
#include "gmock/gmock.h"
#include "tests/testing/fake_task_context.h"
#include "tests/testing/image_folder.h"

namespace seedbed::tasks {
namespace {

namespace fs = std::filesystem;
using ::seedbed::testing::FakeTaskContext;
using ::seedbed::testing::ImageFolder;
using ::seedbed::testing::NoiseImage;
using ::seedbed::testing::StatusIs;
using ::seedbed::testing::TemporaryDirectory;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RunSplitTest : public ::testing::Test {
 protected:
  // Indexes the folder as it is and gives a specification for it.
  SplitSpec Indexed() {
    IndexSpec index;
    index.dataset = "plants";
    index.root = images_.root();
    EXPECT_THAT(RunIndex(index, indexing_), ::seedbed::testing::IsOk());
    SplitSpec spec;
    spec.dataset = "plants";
    spec.dataset_dir = indexing_.paths().output_dir;
    spec.name = "default";
    return spec;
  }

  absl::StatusOr<SplitResult> Run(const SplitSpec& spec) {
    context_.emplace();
    return RunSplit(spec, *context_);
  }

  const ImageFolder images_;
  FakeTaskContext indexing_;
  std::optional<FakeTaskContext> context_;
};

TEST_F(RunSplitTest, PerClassCountsAreExactAndThePublishedFileSaysSo) {
  images_.AddImages("a", 20, 0);
  images_.AddImages("b", 15, 100);
  SplitSpec spec = Indexed();
  spec.rule = PerClass{12, 2};
  SB_ASSERT_OK_AND_ASSIGN(const SplitResult result, Run(spec));
  EXPECT_EQ(result.rule, "12 per class, 2 for test, seed 0");
  ASSERT_EQ(result.subsets.size(), 3u);
  EXPECT_EQ(result.subsets[0].name, "train");
  EXPECT_EQ(result.subsets[0].images, 7);
  EXPECT_THAT(result.subsets[0].per_class, ElementsAre(6, 1));
  EXPECT_THAT(result.subsets[1].per_class, ElementsAre(12, 12));
  EXPECT_THAT(result.subsets[2].per_class, ElementsAre(2, 2));
  EXPECT_THAT(context_->EventsOf<Warning>(), IsEmpty());
  const fs::path file = context_->paths().output_dir / "split.tsv";
  SB_ASSERT_OK_AND_ASSIGN(const std::string text, ReadFile(file));
  EXPECT_EQ(Sha256Hex(text), result.sha256);
  SB_ASSERT_OK_AND_ASSIGN(const dataset::Manifest manifest, dataset::ReadManifest(spec.dataset_dir));
  SB_ASSERT_OK_AND_ASSIGN(const dataset::SplitTable table, dataset::ReadSplitTable(file, dataset::ManifestDigest(manifest), 35));
  EXPECT_EQ(table.RowsOf("validation").size(), 24u);
}

TEST_F(RunSplitTest, FractionsRoundToTheNearestImageAndAtLeastOne) {
  images_.AddImages("a", 26, 0);
  images_.AddImages("b", 3, 100);
  SplitSpec spec = Indexed();
  spec.rule = Fraction{0.1, 0.25};
  spec.seed = 5;
  SB_ASSERT_OK_AND_ASSIGN(const SplitResult result, Run(spec));
  EXPECT_EQ(result.rule, "10% per class, 25% for test, seed 5");
  EXPECT_THAT(result.subsets[1].per_class, ElementsAre(3, 1));
  EXPECT_THAT(result.subsets[2].per_class, ElementsAre(7, 1));
}

TEST_F(RunSplitTest, InOrderTakesTheFirstOfEachClassRoundedDown) {
  images_.AddImages("a", 9, 0);
  images_.AddImages("b", 4, 100);
  SplitSpec spec = Indexed();
  spec.rule = Fraction{0.3, 0};
  spec.in_order = true;
  SB_ASSERT_OK_AND_ASSIGN(const SplitResult result, Run(spec));
  EXPECT_EQ(result.rule, "30% per class, the first by path");
  SB_ASSERT_OK_AND_ASSIGN(const dataset::Manifest manifest, dataset::ReadManifest(spec.dataset_dir));
  SB_ASSERT_OK_AND_ASSIGN(
      const dataset::SplitTable table,
      dataset::ReadSplitTable(context_->paths().output_dir / "split.tsv", dataset::ManifestDigest(manifest), manifest.rows.size()));
  EXPECT_THAT(table.RowsOf("validation"), ElementsAre(0, 1, 9));
  spec.rule = Fraction{0.1, 0};
  EXPECT_THAT(Run(spec), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("leave no image")));
}

TEST_F(RunSplitTest, BadNumbersAreRefused) {
  images_.AddImages("a", 5, 0);
  SplitSpec spec = Indexed();
  for (const auto& rule :
       std::vector<std::variant<PerClass, Fraction, FromFolders>>{PerClass{0, 0}, PerClass{-1, 3}, Fraction{0, 0}, Fraction{1, 0},
                                                                  Fraction{0.6, 0.5}, Fraction{-0.1, 0.5}, Fraction{std::nan(""), 0.1}}) {
    spec.rule = rule;
    EXPECT_THAT(Run(spec), StatusIs(absl::StatusCode::kInvalidArgument));
  }
  spec.rule = PerClass{12, 0};
  EXPECT_THAT(Run(spec), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("class 'a' has 5 images, 12 for validation are wanted")));
  spec.rule = PerClass{2, 0};
  spec.group_by = "(";
  EXPECT_THAT(Run(spec), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("group pattern '('")));
}

TEST_F(RunSplitTest, GroupsThatDoNotAddUpAreReported) {
  for (int plot = 0; plot < 6; ++plot) images_.AddImages("a/plot" + std::to_string(plot), 5, static_cast<uint64_t>(100 * plot));
  SplitSpec spec = Indexed();
  spec.rule = PerClass{12, 0};
  spec.group_by = "/(plot\\d)/";
  SB_ASSERT_OK_AND_ASSIGN(const SplitResult result, Run(spec));
  EXPECT_THAT(result.subsets[1].per_class, ElementsAre(10));
  EXPECT_THAT(context_->WarningsOf("split_not_exact"), ElementsAre(HasSubstr("validation has 10 of class 'a' instead of 12")));
  EXPECT_EQ(result.rule, "12 per class, seed 0, grouped by '/(plot\\d)/'");
}

// Pairs of look-alikes: 20 pictures, each with a slightly changed copy.
TEST_F(RunSplitTest, LookAlikesAreReportedOrKeptTogether) {
  for (uint64_t i = 0; i < 20; ++i) {
    images_.AddImage("a/" + std::to_string(i) + ".png", NoiseImage(i));
    image::Image changed = NoiseImage(i);
    changed.rgb[7] = static_cast<uint8_t>(changed.rgb[7] ^ 1);
    images_.AddImage("a/" + std::to_string(i) + "b.png", changed);
  }
  SplitSpec spec = Indexed();
  spec.rule = PerClass{11, 0};
  SB_ASSERT_OK(Run(spec));
  EXPECT_THAT(context_->WarningsOf("near_duplicates_across_subsets"), ElementsAre(HasSubstr("group_near")));
  spec.group_near = true;
  SB_ASSERT_OK_AND_ASSIGN(const SplitResult result, Run(spec));
  EXPECT_THAT(context_->WarningsOf("near_duplicates_across_subsets"), IsEmpty());
  EXPECT_THAT(context_->WarningsOf("split_not_exact"), ElementsAre(HasSubstr("validation has 10 of class 'a' instead of 11")));
}

TEST_F(RunSplitTest, FoldersAreTakenAsTheyAreAndLeaksNamed) {
  images_.AddImages("train/a", 4, 0);
  images_.AddImages("train/b", 3, 10);
  images_.AddImages("val/a", 2, 20);
  images_.AddImages("val/b", 2, 30);
  images_.AddImage("val/b/leak.png", 11);
  SplitSpec spec = Indexed();
  spec.rule = FromFolders{};
  SB_ASSERT_OK_AND_ASSIGN(const SplitResult result, Run(spec));
  EXPECT_EQ(result.rule, "from folders");
  ASSERT_EQ(result.subsets.size(), 2u);
  EXPECT_THAT(result.subsets[0].per_class, ElementsAre(4, 3));
  EXPECT_THAT(result.subsets[1].per_class, ElementsAre(2, 3));
  EXPECT_THAT(context_->WarningsOf("duplicates_across_subsets"),
              ElementsAre(AllOf(HasSubstr("1 image"), HasSubstr("'train/b/001.png' and 'val/b/leak.png'"))));
}

TEST_F(RunSplitTest, FromFoldersNeedsADividedDataset) {
  images_.AddImages("a", 4, 0);
  SplitSpec spec = Indexed();
  spec.rule = FromFolders{};
  EXPECT_THAT(Run(spec), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("<subset>/<class>/<file>")));
  spec.group_near = true;
  EXPECT_THAT(Run(spec), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("leave group_by and group_near out")));
}

TEST_F(RunSplitTest, LaysTheImagesOut) {
  images_.AddImages("a", 5, 0);
  const TemporaryDirectory work;
  SplitSpec spec = Indexed();
  spec.rule = PerClass{2, 0};
  spec.materialize_dir = work.path() / "out";
  spec.materialize_mode = MaterializeMode::kMove;
  SB_ASSERT_OK(Run(spec));
  EXPECT_EQ(context_->EventsOf<LogLine>().back().message, "Laid out 5 images in " + spec.materialize_dir.string() + ".");
  EXPECT_TRUE(fs::is_empty(images_.at("a")));
  // The job may run again, and so may other splits of the dataset.
  SB_EXPECT_OK(Run(spec));
  spec.materialize_dir.clear();
  SB_EXPECT_OK(Run(spec));
}

TEST_F(RunSplitTest, EmptyClassesAreNoObstacle) {
  images_.AddImages("a", 5, 0);
  images_.MakeFolder("none");
  SplitSpec spec = Indexed();
  spec.rule = PerClass{2, 0};
  SB_ASSERT_OK_AND_ASSIGN(const SplitResult result, Run(spec));
  EXPECT_THAT(result.subsets[1].per_class, ElementsAre(2, 0));
}

TEST_F(RunSplitTest, CancelsWhileLayingOut) {
  images_.AddImages("a", 10, 0);
  const TemporaryDirectory work;
  SplitSpec spec = Indexed();
  spec.rule = PerClass{2, 0};
  spec.materialize_dir = work.path() / "out";
  context_.emplace();
  context_->set_on_progress([&](const Progress& progress) {
    if (progress.done == 3) context_->Cancel();
  });
  EXPECT_THAT(RunSplit(spec, *context_), StatusIs(absl::StatusCode::kCancelled));
}

}  // namespace
}  // namespace seedbed::tasks
