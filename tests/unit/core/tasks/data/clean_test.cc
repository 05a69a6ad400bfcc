#include "core/tasks/data/clean.h"

#include <algorithm>
#include <fstream>
#include <vector>

#include "core/base/file.h"
#include "core/dataset/manifest.h"
#include "core/image/codec.h"
#include "core/tasks/data/index.h"
#include "gmock/gmock.h"
#include "tests/testing/fake_task_context.h"
#include "tests/testing/image_folder.h"

namespace seedbed::tasks {
namespace {

using ::seedbed::testing::FakeTaskContext;
using ::seedbed::testing::ImageFolder;
using ::seedbed::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kMask[] = R"([{"remove_background": {"method": "excess_green", "threshold": 0, "median": 0, "mask": true}}])";

class RunCleanTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_.AddImages("Maize", 3, 0);
    folder_.AddImages("Charlock", 2, 10);
    std::filesystem::create_directory(folder_.root() / "Nothing");
    Index();
  }

  void Index() {
    SB_ASSERT_OK(
        RunIndex({.dataset = "plants", .version = 1, .root = folder_.root(), .listing_sha256 = {}, .follow_links = false}, index_context_));
    spec_ = {.dataset = "plants", .dataset_version = 1, .dataset_dir = index_context_.paths().output_dir, .pipeline = kMask};
  }

  static std::vector<std::string> Paths(const dataset::Manifest& manifest) {
    std::vector<std::string> paths;
    for (const dataset::ManifestRow& row : manifest.rows) paths.push_back(row.path);
    return paths;
  }

  ImageFolder folder_;
  FakeTaskContext index_context_;
  FakeTaskContext context_;
  CleanSpec spec_;
};

TEST_F(RunCleanTest, MakesADatasetOfPngFiles) {
  SB_ASSERT_OK_AND_ASSIGN(const CleanResult result, RunClean(spec_, context_));
  EXPECT_EQ(result.dataset.images, 5);
  EXPECT_EQ(result.dataset.rejected, 0);
  EXPECT_EQ(result.kept, 0);
  SB_ASSERT_OK_AND_ASSIGN(const dataset::Manifest source, dataset::ReadManifest(spec_.dataset_dir));
  SB_ASSERT_OK_AND_ASSIGN(const dataset::Manifest cleaned, dataset::ReadManifest(context_.paths().output_dir));
  EXPECT_EQ(cleaned.root, "");
  EXPECT_EQ(cleaned.classes, source.classes) << "a class without images stays one";
  EXPECT_EQ(Paths(cleaned), Paths(source));
  EXPECT_EQ(dataset::ManifestDigest(cleaned), result.dataset.manifest_sha256);
  for (size_t i = 0; i < cleaned.rows.size(); ++i) {
    EXPECT_EQ(cleaned.rows[i].width, source.rows[i].width);
    EXPECT_EQ(cleaned.rows[i].height, source.rows[i].height);
    SB_ASSERT_OK_AND_ASSIGN(const std::string file, dataset::ReadImageFile(cleaned, cleaned.rows[i], context_.paths().objects_dir));
    image::Image picture;
    SB_ASSERT_OK(image::DecodeImage(std::as_bytes(std::span(file)), &picture));
    EXPECT_TRUE(std::all_of(picture.rgb.begin(), picture.rgb.end(), [](uint8_t value) { return value == 0 || value == 255; }));
  }
}

TEST_F(RunCleanTest, KeepsPathsApart) {
  SB_ASSERT_OK_AND_ASSIGN(const std::string png, ReadFile(folder_.root() / "Maize" / "000.png"));
  folder_.AddFile("Maize/x.png", png);
  folder_.AddFile("Maize/x.jpg", png);  // the content decides, not the name
  folder_.AddFile("Maize/x.jpeg", png);
  folder_.AddFile("Maize/y.PNG", png);
  FakeTaskContext again;
  SB_ASSERT_OK(RunIndex({.dataset = "plants", .version = 1, .root = folder_.root(), .listing_sha256 = {}, .follow_links = false}, again));
  spec_.dataset_dir = again.paths().output_dir;
  SB_ASSERT_OK(RunClean(spec_, context_).status());
  SB_ASSERT_OK_AND_ASSIGN(const dataset::Manifest cleaned, dataset::ReadManifest(context_.paths().output_dir));
  std::vector<std::string> added;
  for (const std::string& path : Paths(cleaned)) {
    if (path.starts_with("Maize/x") || path.starts_with("Maize/y")) added.push_back(path);
  }
  EXPECT_THAT(added, ElementsAre("Maize/x-2.png", "Maize/x-3.png", "Maize/x.png", "Maize/y.PNG"));
}

TEST_F(RunCleanTest, GoesOnWhereItEnded) {
  context_.mutable_profile()->threads = 1;
  context_.set_on_checkpoint([this](int64_t mark) {
    if (mark == 3) context_.Cancel();
  });
  ASSERT_THAT(RunClean(spec_, context_), StatusIs(absl::StatusCode::kCancelled));
  {
    // As when the process died in the middle of a line.
    std::ofstream journal(context_.paths().checkpoint_dir / "cleaned.tsv", std::ios::app);
    journal << "0123";
  }
  FakeTaskContext later(context_, 2);
  SB_ASSERT_OK_AND_ASSIGN(const CleanResult resumed, RunClean(spec_, later));
  EXPECT_EQ(resumed.kept, 3);
  FakeTaskContext fresh;
  SB_ASSERT_OK_AND_ASSIGN(const CleanResult whole, RunClean(spec_, fresh));
  EXPECT_EQ(resumed.dataset.manifest_sha256, whole.dataset.manifest_sha256);
}

TEST_F(RunCleanTest, ThreadsDoNotMatter) {
  SB_ASSERT_OK_AND_ASSIGN(const CleanResult one, RunClean(spec_, context_));
  FakeTaskContext other;
  other.mutable_profile()->threads = 4;
  SB_ASSERT_OK_AND_ASSIGN(const CleanResult four, RunClean(spec_, other));
  EXPECT_EQ(one.dataset.manifest_sha256, four.dataset.manifest_sha256);
}

TEST_F(RunCleanTest, LeavesNothingUnfinished) {
  SB_ASSERT_OK(RunClean(spec_, context_).status());
  std::vector<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator(context_.paths().checkpoint_dir)) left.push_back(entry.path().filename());
  EXPECT_THAT(left, ElementsAre("cleaned.tsv"));
}

TEST_F(RunCleanTest, RefusesWhatIsNoPipeline) {
  spec_.pipeline = "[]";
  EXPECT_THAT(RunClean(spec_, context_), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("pipeline has no step")));
  spec_.pipeline = R"(["remove_backgroud"])";
  EXPECT_THAT(RunClean(spec_, context_), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("did you mean 'remove_background'?")));
  spec_.pipeline = "{";
  EXPECT_THAT(RunClean(spec_, context_), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("must be a list")));
}

TEST_F(RunCleanTest, SaysWhichImageChanged) {
  folder_.AddFile("Maize/000.png", "something else");
  EXPECT_THAT(RunClean(spec_, context_), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("Maize/000.png")));
}

}  // namespace
}  // namespace seedbed::tasks
