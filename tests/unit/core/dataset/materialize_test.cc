#include "core/dataset/materialize.h"

#include <sys/stat.h>

#include <algorithm>

#include "core/base/file.h"
#include "core/dataset/folder_scan.h"
#include "core/dataset/inspect.h"
#include "gmock/gmock.h"
#include "tests/testing/image_folder.h"

namespace seedbed::dataset {
namespace {

namespace fs = std::filesystem;
using ::seedbed::testing::ImageFolder;
using ::seedbed::testing::StatusIs;
using ::seedbed::testing::TemporaryDirectory;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A dataset on disk with its manifest, and a target to lay it out in.
class MaterializeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    images_.AddImage("a/1.png", 1);
    images_.AddImage("a/sub/1.png", 2);
    images_.AddImage("b/1.png", 3);
    images_.AddImage("b/2.png", 4);
    Index();
    table_ = {{"train", "validation"}, {0, 1, 0, -1}};
    options_.folder = work_.path() / "out";
    options_.dataset_dir = work_.path() / "dataset";
  }

  void Index() {
    SB_ASSERT_OK_AND_ASSIGN(const Candidates candidates, ScanFolder(images_.root(), {}));
    SB_ASSERT_OK_AND_ASSIGN(Inspection inspection, InspectFiles(candidates, {.root = images_.root(), .objects = {}}));
    manifest_ = {images_.root().string(), candidates.classes, inspection.rows};
    fs::create_directories(work_.path() / "dataset");
    SB_ASSERT_OK(WriteManifest(work_.path() / "dataset", manifest_, {}));
  }

  absl::StatusOr<Materialized> Run(Placement placement) {
    options_.placement = placement;
    absl::StatusOr<Manifest> manifest = ReadManifest(options_.dataset_dir);
    EXPECT_TRUE(manifest.ok()) << manifest.status();
    return Materialize(*manifest, table_, options_);
  }

  std::vector<std::string> LaidOut() const {
    std::vector<std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(options_.folder)) {
      const std::string path = entry.path().lexically_relative(options_.folder).string();
      if (entry.is_regular_file() && path[0] != '.') files.push_back(path);
    }
    std::sort(files.begin(), files.end());
    return files;
  }

  // Every row of the manifest can be read, wherever its file is.
  void ExpectDatasetWorks() {
    SB_ASSERT_OK_AND_ASSIGN(const Manifest manifest, ReadManifest(options_.dataset_dir));
    for (const ManifestRow& row : manifest.rows) SB_EXPECT_OK(ReadImageFile(manifest, row, ""));
  }

  const ImageFolder images_;
  const TemporaryDirectory work_;
  Manifest manifest_;
  SplitTable table_;
  MaterializeOptions options_;
};

TEST_F(MaterializeTest, CopiesFilesWithTheirTimes) {
  SB_ASSERT_OK_AND_ASSIGN(const Materialized result, Run(Placement::kCopy));
  EXPECT_EQ(result.files, 3);
  EXPECT_THAT(LaidOut(), ElementsAre("train/a/1.png", "train/b/1.png", "validation/a/sub/1.png"));
  EXPECT_EQ(fs::last_write_time(options_.folder / "train/a/1.png"), fs::last_write_time(images_.at("a/1.png")));
  EXPECT_EQ(ReadFile(options_.folder / "train/b/1.png").value(), ReadFile(images_.at("b/1.png")).value());
}

TEST_F(MaterializeTest, LinksShareTheFileAlsoThroughALink) {
  fs::rename(images_.at("a/1.png"), work_.path() / "real.png");
  fs::create_symlink(work_.path() / "real.png", images_.at("a/1.png"));
  Index();
  SB_ASSERT_OK_AND_ASSIGN(const Materialized result, Run(Placement::kLink));
  EXPECT_EQ(result.copied_instead, 0);
  EXPECT_TRUE(fs::equivalent(options_.folder / "train/b/1.png", images_.at("b/1.png")));
  EXPECT_FALSE(fs::is_symlink(options_.folder / "train/a/1.png"));
  EXPECT_TRUE(fs::equivalent(options_.folder / "train/a/1.png", work_.path() / "real.png"));
}

TEST_F(MaterializeTest, MovedDatasetGoesOnWorking) {
  SB_ASSERT_OK(Run(Placement::kMove));
  EXPECT_THAT(LaidOut(), ElementsAre("train/a/1.png", "train/b/1.png", "validation/a/sub/1.png"));
  EXPECT_FALSE(fs::exists(images_.at("a/1.png")));
  EXPECT_TRUE(fs::exists(images_.at("b/2.png")));
  ExpectDatasetWorks();
  // And may be moved once more.
  options_.folder = work_.path() / "further";
  SB_ASSERT_OK(Run(Placement::kMove));
  EXPECT_THAT(LaidOut(), ElementsAre("train/a/1.png", "train/b/1.png", "validation/a/sub/1.png"));
  ExpectDatasetWorks();
}

TEST_F(MaterializeTest, InterruptedAnywhereItIsFinishedByTheNextRun) {
  for (const Placement placement : {Placement::kCopy, Placement::kLink, Placement::kMove}) {
    for (size_t stop_after = 1; stop_after <= 3; ++stop_after) {
      options_.folder = work_.path() / (std::to_string(static_cast<int>(placement)) + std::to_string(stop_after));
      options_.on_progress = [&](size_t done, size_t) { return done < stop_after; };
      EXPECT_THAT(Run(placement), StatusIs(absl::StatusCode::kCancelled));
      ExpectDatasetWorks();
      options_.on_progress = [](size_t, size_t) { return true; };
      SB_ASSERT_OK_AND_ASSIGN(const Materialized result, Run(placement));
      EXPECT_EQ(result.files, 3);
      EXPECT_THAT(LaidOut(), ElementsAre("train/a/1.png", "train/b/1.png", "validation/a/sub/1.png"));
      ExpectDatasetWorks();
    }
  }
}

TEST_F(MaterializeTest, MoveThatDiedBetweenCopyAndRemovalRemovesTheOriginal) {
  options_.on_progress = [](size_t, size_t) { return false; };
  EXPECT_THAT(Run(Placement::kMove), StatusIs(absl::StatusCode::kCancelled));
  fs::copy_file(options_.folder / "train/a/1.png", images_.at("a/1.png"));
  options_.on_progress = [](size_t, size_t) { return true; };
  SB_ASSERT_OK(Run(Placement::kMove));
  EXPECT_FALSE(fs::exists(images_.at("a/1.png")));
  ExpectDatasetWorks();
}

TEST_F(MaterializeTest, FileCutShortByAPowerLossIsLaidOutAgain) {
  SB_ASSERT_OK(Run(Placement::kCopy));
  fs::resize_file(options_.folder / "train/a/1.png", 10);
  SB_ASSERT_OK(Run(Placement::kCopy));
  EXPECT_EQ(ReadFile(options_.folder / "train/a/1.png").value(), ReadFile(images_.at("a/1.png")).value());
}

TEST_F(MaterializeTest, RefusesFoldersWithOtherContent) {
  fs::create_directories(options_.folder);
  images_.AddFile("../x", "");
  std::ofstream(options_.folder / "thesis.tex") << "years of work";
  EXPECT_THAT(Run(Placement::kMove), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("not empty")));
  EXPECT_TRUE(fs::exists(images_.at("a/1.png")));
  fs::remove(options_.folder / "thesis.tex");
  SB_ASSERT_OK(Run(Placement::kCopy));
  table_.subset_of_row[3] = 0;  // another split may not be mixed in
  EXPECT_THAT(Run(Placement::kCopy), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("not empty")));
}

TEST_F(MaterializeTest, RefusesUnfitFolders) {
  const auto refused = [&](const fs::path& folder, const char* why) {
    options_.folder = folder;
    EXPECT_THAT(Run(Placement::kCopy), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(why))) << folder;
  };
  refused("out", "absolute");
  refused(work_.path() / ".." / "out", "'..'");
  refused(images_.at("out"), "the dataset's own folder");
  refused(images_.root(), "the dataset's own folder");
  refused(images_.root().parent_path(), "holds the dataset's");
}

TEST_F(MaterializeTest, RefusesToMoveWhatIsReachedThroughLinks) {
  const ImageFolder elsewhere;
  elsewhere.AddImage("1.png", 9);
  fs::create_directory_symlink(elsewhere.root(), images_.at("c"));
  Index();
  table_.subset_of_row.push_back(0);
  EXPECT_THAT(Run(Placement::kMove), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("'c' is reached through a link")));
  SB_EXPECT_OK(Run(Placement::kCopy));
}

TEST_F(MaterializeTest, ChangedFileStopsItBeforeAnythingIsMade) {
  images_.AddImage("a/1.png", 77);
  images_.AddFile("a/1.png", "shorter");
  EXPECT_THAT(Run(Placement::kCopy), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("'a/1.png'")));
  EXPECT_FALSE(fs::exists(options_.folder));
}

TEST_F(MaterializeTest, UploadsAreCopiedAndNeverMoved) {
  const ImageFolder objects;
  for (const ManifestRow& row : manifest_.rows) {
    fs::create_directories(objects.at(row.sha256.substr(0, 2)));
    fs::copy_file(images_.at(row.path), objects.at(row.sha256.substr(0, 2)) / row.sha256.substr(2));
  }
  manifest_.root.clear();
  SB_ASSERT_OK(WriteManifest(options_.dataset_dir, manifest_, {}));
  options_.objects = objects.root();
  EXPECT_THAT(Run(Placement::kMove), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("use copy")));
  SB_ASSERT_OK_AND_ASSIGN(const Materialized result, Run(Placement::kLink));
  EXPECT_EQ(result.copied_instead, 3);
  EXPECT_THAT(LaidOut(), ElementsAre("train/a/1.png", "train/b/1.png", "validation/a/sub/1.png"));
}

TEST(MaterializeNames, SubsetFoldersAreReplacedAndCollisionsNumbered) {
  const ImageFolder images;
  const TemporaryDirectory work;
  images.AddImage("train/a/1.png", 1);
  images.AddImage("val/a/1.png", 2);
  images.AddImage("test/a/1.png", 3);
  SB_ASSERT_OK_AND_ASSIGN(const Candidates candidates, ScanFolder(images.root(), {}));
  SB_ASSERT_OK_AND_ASSIGN(const Inspection inspection, InspectFiles(candidates, {.root = images.root(), .objects = {}}));
  const Manifest manifest{images.root().string(), candidates.classes, inspection.rows};
  const SplitTable table{{"train", "validation"}, {0, 0, 1}};
  SB_ASSERT_OK(Materialize(manifest, table, {.folder = work.path() / "out", .dataset_dir = {}, .objects = {}}));
  for (const char* path : {"train/a/1.png", "train/a/1-2.png", "validation/a/1.png"}) {
    EXPECT_TRUE(fs::exists(work.path() / "out" / path)) << path;
  }
}

}  // namespace
}  // namespace seedbed::dataset
