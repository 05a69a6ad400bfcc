#include "core/tasks/data/index.h"

#include <unistd.h>

#include <cstdlib>
#include <set>

#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/dataset/manifest.h"
#include "gmock/gmock.h"
#include "tests/testing/fake_task_context.h"
#include "tests/testing/image_folder.h"

namespace seedbed::tasks {
namespace {

using ::seedbed::testing::FakeTaskContext;
using ::seedbed::testing::ImageFolder;
using ::seedbed::testing::NoiseImage;
using ::seedbed::testing::StatusIs;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> LogLines(const FakeTaskContext& context) {
  std::vector<std::string> lines;
  for (const LogLine& line : context.EventsOf<LogLine>()) lines.push_back(line.message);
  return lines;
}

std::vector<std::string> Artifacts(const FakeTaskContext& context) {
  std::vector<std::string> names;
  for (const Artifact& artifact : context.EventsOf<Artifact>()) {
    names.push_back(artifact.name);
    EXPECT_TRUE(std::filesystem::exists(context.paths().artifacts_dir / artifact.name));
  }
  return names;
}

absl::StatusOr<IndexResult> Index(const std::filesystem::path& root, FakeTaskContext* context) {
  IndexSpec spec;
  spec.dataset = "plants";
  spec.root = root;
  return RunIndex(spec, *context);
}

TEST(RunIndex, GoodFolderBecomesADataset) {
  const ImageFolder folder;
  folder.AddImages("Maize", 3, 0);
  folder.AddImages("Charlock", 2, 10);
  folder.AddFile("Maize/readme.txt", "");
  FakeTaskContext context;
  SB_ASSERT_OK_AND_ASSIGN(const IndexResult result, Index(folder.root(), &context));
  EXPECT_EQ(result.images, 5);
  EXPECT_EQ(result.rejected, 0);
  ASSERT_EQ(result.classes.size(), 2u);
  EXPECT_EQ(result.classes[0].name, "Charlock");
  EXPECT_EQ(result.classes[0].images, 2);
  EXPECT_EQ(result.classes[1].images, 3);
  EXPECT_EQ(result.duplicate_groups, 0);
  EXPECT_EQ(result.near_duplicate_pairs, 0);
  EXPECT_THAT(LogLines(context), ElementsAre("Found 5 images belonging to 2 classes.", "Ignored 1 file without an image's suffix."));
  EXPECT_THAT(context.EventsOf<Warning>(), IsEmpty());
  EXPECT_THAT(Artifacts(context), IsEmpty());
  SB_ASSERT_OK_AND_ASSIGN(const dataset::Manifest manifest, dataset::ReadManifest(context.paths().output_dir));
  EXPECT_EQ(manifest.root, folder.root().string());
  EXPECT_EQ(dataset::ManifestDigest(manifest), result.manifest_sha256);
  int64_t bytes = 0;
  for (const dataset::ManifestRow& row : manifest.rows) {
    SB_EXPECT_OK(dataset::ReadImageFile(manifest, row, ""));
    bytes += static_cast<int64_t>(row.bytes);
  }
  EXPECT_EQ(result.bytes, bytes);
  EXPECT_EQ(context.progress().back().done, 5);
  EXPECT_EQ(context.progress().back().total, 5);
}

TEST(RunIndex, RootMayEndWithASlash) {
  const ImageFolder folder;
  folder.AddImages("Maize", 1, 0);
  FakeTaskContext context;
  SB_ASSERT_OK(Index(folder.root().string() + "/", &context));
  SB_ASSERT_OK_AND_ASSIGN(const dataset::Manifest manifest, dataset::ReadManifest(context.paths().output_dir));
  EXPECT_EQ(manifest.root, folder.root().string());
}

TEST(RunIndex, BadFilesAreLeftOutAndCounted) {
  const ImageFolder folder;
  folder.AddImages("Maize", 3, 0);
  folder.AddImages("Charlock", 2, 10);
  folder.AddFile("Maize/empty.png", "");
  folder.AddFile("Maize/text.png", "hello");
  folder.AddFile("Fat Hen/only.jpg", "hello");
  FakeTaskContext context;
  SB_ASSERT_OK_AND_ASSIGN(const IndexResult result, Index(folder.root(), &context));
  EXPECT_EQ(result.images, 5);
  EXPECT_EQ(result.rejected, 3);
  EXPECT_THAT(LogLines(context), ElementsAre("Found 5 images belonging to 3 classes."));
  EXPECT_THAT(context.WarningsOf("images_rejected"),
              ElementsAre(AllOf(HasSubstr("3 of 8 images"), HasSubstr("(Fat Hen 1, Maize 2)"), HasSubstr("'Fat Hen/only.jpg': "))));
  EXPECT_THAT(context.WarningsOf("empty_class"), ElementsAre(HasSubstr("class 'Fat Hen' has no usable image")));
  EXPECT_THAT(Artifacts(context), ElementsAre("rejected.tsv"));
}

TEST(RunIndex, DuplicatesAndLabelConflictsAreNamed) {
  const ImageFolder folder;
  folder.AddImages("a", 3, 0);
  folder.AddImages("b", 3, 10);
  folder.AddImage("a/copy.png", 1);
  folder.AddImage("b/conflict.png", 2);
  image::Image brighter = NoiseImage(11);
  brighter.rgb[0] = static_cast<uint8_t>(brighter.rgb[0] ^ 1);
  folder.AddImage("b/near.png", brighter);
  FakeTaskContext context;
  SB_ASSERT_OK_AND_ASSIGN(const IndexResult result, Index(folder.root(), &context));
  EXPECT_EQ(result.duplicate_groups, 2);
  EXPECT_EQ(result.near_duplicate_pairs, 1);
  EXPECT_THAT(context.WarningsOf("duplicates"), ElementsAre(HasSubstr("'a/001.png' and 'a/copy.png'")));
  EXPECT_THAT(context.WarningsOf("label_conflict"), ElementsAre(HasSubstr("'a/002.png' and 'b/conflict.png'")));
  EXPECT_THAT(context.WarningsOf("near_duplicates"), ElementsAre(HasSubstr("'b/001.png' and 'b/near.png'")));
  EXPECT_THAT(Artifacts(context), ElementsAre("duplicates.tsv", "near_duplicates.tsv"));
}

TEST(RunIndex, EventKeysAreDistinctAndStable) {
  const ImageFolder folder;
  folder.AddImages("a", 2, 0);
  folder.AddImage("a/copy.png", 1);
  folder.AddFile("a/bad.png", "");
  folder.MakeFolder("empty");
  const auto keys = [&] {
    FakeTaskContext context;
    EXPECT_THAT(Index(folder.root(), &context), ::seedbed::testing::IsOk());
    std::vector<std::string> found;
    for (const TaskEvent& event : context.events()) found.push_back(event.key);
    return found;
  };
  const std::vector<std::string> first = keys();
  EXPECT_EQ(first, keys());
  EXPECT_EQ(std::set<std::string>(first.begin(), first.end()).size(), first.size());
}

TEST(RunIndex, SaysWhatIsWrongWithTheFolder) {
  const ImageFolder folder;
  const auto fails = [](const std::filesystem::path& root, const char* why) {
    FakeTaskContext context;
    EXPECT_THAT(Index(root, &context), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(why)));
    EXPECT_THAT(context.events(), IsEmpty());
  };
  fails(folder.at("none"), "does not exist");
  fails(folder.root(), "has no class folders: images must lie in");
  folder.MakeFolder("Maize");
  fails(folder.root(), "holds no image");
  folder.AddFile("Maize/1.png", "text");
  fails(folder.root(), "none of the 1 image");
}

TEST(RunIndex, UnreadableFilesAreLeftOut) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read every file";
  const ImageFolder folder;
  folder.AddImages("a", 2, 0);
  std::filesystem::permissions(folder.at("a/000.png"), std::filesystem::perms::none);
  FakeTaskContext context;
  SB_ASSERT_OK_AND_ASSIGN(const IndexResult result, Index(folder.root(), &context));
  EXPECT_EQ(result.rejected, 1);
  EXPECT_THAT(context.WarningsOf("images_rejected"), ElementsAre(HasSubstr("Permission denied")));
}

TEST(RunIndex, EndsWithinOneImageWhenCancelled) {
  const ImageFolder folder;
  folder.AddImages("a", 50, 0);
  FakeTaskContext context;
  context.set_on_progress([&](const Progress& progress) {
    if (progress.done == 3) context.Cancel();
  });
  EXPECT_THAT(Index(folder.root(), &context), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_LE(context.progress().size(), 5u);
  EXPECT_FALSE(std::filesystem::exists(context.paths().output_dir / "dataset.json"));
}

// Contents in the object store and the listing that names them.
class RunIndexOnUpload : public ::testing::Test {
 protected:
  std::string Store(const std::string& content) {
    const std::string digest = Sha256Hex(content);
    const std::filesystem::path object = context_.paths().objects_dir / digest.substr(0, 2) / digest.substr(2);
    std::filesystem::create_directories(object.parent_path());
    std::ofstream(object, std::ios::binary) << content;
    return digest;
  }
  std::string StorePicture(uint64_t number) { return Store(testing::EncodePng(NoiseImage(number)).value()); }

  absl::StatusOr<IndexResult> Run(const std::string& listing_sha256) {
    IndexSpec spec;
    spec.dataset = "plants";
    spec.listing_sha256 = listing_sha256;
    return RunIndex(spec, context_);
  }

  FakeTaskContext context_;
};

TEST_F(RunIndexOnUpload, ListedFilesBecomeADataset) {
  const std::string listing = Store(StorePicture(1) + "\tMaize/1.png\n" + StorePicture(2) + "\tCharlock/x/1.png\n");
  SB_ASSERT_OK_AND_ASSIGN(const IndexResult result, Run(listing));
  EXPECT_EQ(result.images, 2);
  EXPECT_THAT(LogLines(context_), ElementsAre("Found 2 images belonging to 2 classes."));
  SB_ASSERT_OK_AND_ASSIGN(const dataset::Manifest manifest, dataset::ReadManifest(context_.paths().output_dir));
  EXPECT_EQ(manifest.root, "");
  EXPECT_EQ(manifest.rows[0].path, "Charlock/x/1.png");
  SB_EXPECT_OK(dataset::ReadImageFile(manifest, manifest.rows[0], context_.paths().objects_dir));
}

TEST_F(RunIndexOnUpload, BadListingsAreRefused) {
  EXPECT_THAT(Run("../../etc/passwd"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Run(std::string(64, 'a')), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("never uploaded")));
  EXPECT_THAT(Run(Store(StorePicture(1) + "\t../1.png\n")), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("'..'")));
  EXPECT_THAT(Run(Store(std::string(64, 'b') + "\tMaize/1.png\n")),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("Maize/1.png")));
  const std::string listing = Store(StorePicture(1) + "\tMaize/1.png\n");
  std::ofstream(context_.paths().objects_dir / listing.substr(0, 2) / listing.substr(2)) << "damaged";
  EXPECT_THAT(Run(listing), StatusIs(absl::StatusCode::kDataLoss));
}

std::filesystem::path SampleFolder() {
  const char* given = std::getenv("SEEDBED_SAMPLE_DIR");
  const std::filesystem::path beside = std::filesystem::path(SB_SOURCE_DIR) / ".." / "shared" / "data" / "seedlings";
  return std::filesystem::weakly_canonical(given != nullptr ? given : beside);
}

TEST(RunIndex, IndexesTheRealSample) {
  const std::filesystem::path sample = SampleFolder();
  if (!std::filesystem::exists(sample)) GTEST_SKIP() << "no sample photos in " << sample << " (SEEDBED_SAMPLE_DIR names another place)";
  FakeTaskContext context;
  SB_ASSERT_OK_AND_ASSIGN(const IndexResult result, Index(sample, &context));
  EXPECT_THAT(LogLines(context), Contains("Found 480 images belonging to 12 classes."));
  EXPECT_EQ(result.rejected, 0);
  for (const ClassCount& count : result.classes) EXPECT_EQ(count.images, 40) << count.name;
}

}  // namespace
}  // namespace seedbed::tasks
