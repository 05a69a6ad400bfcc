#include "core/dataset/inspect.h"

#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/image/perceptual_hash.h"
#include "gmock/gmock.h"
#include "tests/testing/image_folder.h"

namespace seedbed::dataset {
namespace {

using ::seedbed::testing::ImageFolder;
using ::seedbed::testing::NoiseImage;
using ::seedbed::testing::StatusIs;
using ::testing::HasSubstr;

InspectOptions InPlace(const ImageFolder& folder, size_t threads = 2) { return {.root = folder.root(), .objects = {}, .threads = threads}; }

TEST(Inspect, RowsSayWhatTheFilesAre) {
  const ImageFolder folder;
  folder.AddImage("a/1.png", NoiseImage(5, 20));
  SB_ASSERT_OK_AND_ASSIGN(const Candidates candidates, ScanFolder(folder.root(), {}));
  SB_ASSERT_OK_AND_ASSIGN(const Inspection found, InspectFiles(candidates, InPlace(folder)));
  ASSERT_EQ(found.rows.size(), 1u);
  const ManifestRow& row = found.rows[0];
  SB_ASSERT_OK_AND_ASSIGN(const std::string content, ReadFile(folder.at("a/1.png")));
  EXPECT_EQ(row.path, "a/1.png");
  EXPECT_EQ(row.sha256, Sha256Hex(content));
  EXPECT_EQ(row.bytes, content.size());
  EXPECT_EQ(row.width, 20);
  EXPECT_EQ(row.height, 20);
  EXPECT_EQ(row.perceptual_hash, image::PerceptualHash(NoiseImage(5, 20)));
  EXPECT_GT(row.mtime_ns, 0);
}

TEST(Inspect, OrderDoesNotDependOnThreads) {
  const ImageFolder folder;
  folder.AddImages("a", 60, 0);
  folder.AddImages("b", 40, 100);
  for (const char* path : {"a/005x.png", "b/zz.png"}) folder.AddFile(path, "no image");
  SB_ASSERT_OK_AND_ASSIGN(const Candidates candidates, ScanFolder(folder.root(), {}));
  SB_ASSERT_OK_AND_ASSIGN(const Inspection one, InspectFiles(candidates, InPlace(folder, 1)));
  SB_ASSERT_OK_AND_ASSIGN(const Inspection four, InspectFiles(candidates, InPlace(folder, 4)));
  ASSERT_EQ(one.rows.size(), 100u);
  ASSERT_EQ(four.rows.size(), 100u);
  for (size_t i = 0; i < 100; ++i) {
    EXPECT_EQ(one.rows[i].path, four.rows[i].path);
    EXPECT_EQ(one.rows[i].sha256, four.rows[i].sha256);
  }
  ASSERT_EQ(four.rejected.size(), 2u);
  EXPECT_EQ(four.rejected[0].path, "a/005x.png");
  EXPECT_EQ(four.rejected[1].path, "b/zz.png");
}

TEST(Inspect, BadFilesAreRejectedWithAReason) {
  const ImageFolder folder;
  folder.AddImage("a/good.png", 1);
  SB_ASSERT_OK_AND_ASSIGN(const std::string good, ReadFile(folder.at("a/good.png")));
  folder.AddFile("a/empty.png", "");
  folder.AddFile("a/text.png", "hello");
  folder.AddFile("a/truncated.png", good.substr(0, good.size() / 2));
  std::filesystem::create_symlink("nowhere", folder.at("a/broken.png"));
  SB_ASSERT_OK_AND_ASSIGN(const Candidates candidates, ScanFolder(folder.root(), {}));
  std::filesystem::remove(folder.at("a/text.png"));  // gone since it was listed
  SB_ASSERT_OK_AND_ASSIGN(const Inspection found, InspectFiles(candidates, InPlace(folder)));
  ASSERT_EQ(found.rows.size(), 1u);
  ASSERT_EQ(found.rejected.size(), 4u);
  for (const RejectedFile& file : found.rejected) EXPECT_NE(file.reason, "") << file.path;
}

TEST(Inspect, StopsWhenCancelled) {
  const ImageFolder folder;
  folder.AddImages("a", 50, 0);
  SB_ASSERT_OK_AND_ASSIGN(const Candidates candidates, ScanFolder(folder.root(), {}));
  size_t reports = 0;
  InspectOptions options = InPlace(folder, 2);
  options.on_progress = [&](size_t done, size_t total) {
    EXPECT_EQ(total, 50u);
    EXPECT_EQ(done, ++reports);
    return done < 5;
  };
  EXPECT_THAT(InspectFiles(candidates, options), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_LE(reports, 6u);  // the other thread finishes the image at hand
}

// An object store with one content, and a listing's candidate for it.
class InspectUpload : public ::testing::Test {
 protected:
  void SetUp() override {
    images_.AddImage("1.png", 1);
    content_ = ReadFile(images_.at("1.png")).value();
    digest_ = Sha256Hex(content_);
    candidates_ = {{"a"}, {{"a/1.png", 0, digest_, ""}}};
  }
  std::string ObjectName() const { return digest_.substr(0, 2) + "/" + digest_.substr(2); }
  absl::StatusOr<Inspection> Run() { return InspectFiles(candidates_, {.root = {}, .objects = objects_.root()}); }

  const ImageFolder images_;
  const ImageFolder objects_;
  std::string content_;
  std::string digest_;
  Candidates candidates_;
};

TEST_F(InspectUpload, ReadsFromTheObjectStore) {
  objects_.AddFile(ObjectName(), content_);
  SB_ASSERT_OK_AND_ASSIGN(const Inspection found, Run());
  ASSERT_EQ(found.rows.size(), 1u);
  EXPECT_EQ(found.rows[0].mtime_ns, 0);
}

TEST_F(InspectUpload, NamesWhatIsMissing) {
  EXPECT_THAT(Run(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("'a/1.png' (" + digest_)));
}

TEST_F(InspectUpload, NoticesADamagedObject) {
  objects_.AddFile(ObjectName(), content_ + "x");
  EXPECT_THAT(Run(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr(digest_)));
}

}  // namespace
}  // namespace seedbed::dataset
