#include "core/dataset/manifest.h"

#include <atomic>
#include <fstream>
#include <numeric>

#include "core/base/file.h"
#include "core/dataset/source_file.h"
#include "gmock/gmock.h"
#include "tests/testing/image_folder.h"
#include "tests/unit/core/dataset/dataset_testing.h"

namespace seedbed::dataset {
namespace {

using ::seedbed::testing::ImageFolder;
using ::seedbed::testing::IsOkAndHolds;
using ::seedbed::testing::MakeManifest;
using ::seedbed::testing::StatusIs;
using ::seedbed::testing::TemporaryDirectory;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A manifest of one file of a folder, as indexing it would make it.
Manifest ManifestOf(const ImageFolder& folder, const std::string& path) {
  Manifest manifest{folder.root().string(), {"a"}, {}};
  ManifestRow row;
  row.path = path;
  std::string content;
  const absl::StatusOr<FileStamp> stamp = ReadStampedFile(folder.at(path), 1 << 20, &content);
  EXPECT_TRUE(stamp.ok());
  row.sha256 = Sha256Hex(content);
  row.bytes = stamp->bytes;
  row.mtime_ns = stamp->mtime_ns;
  manifest.rows.push_back(row);
  return manifest;
}

void TouchLater(const std::filesystem::path& file) {
  std::filesystem::last_write_time(file, std::filesystem::last_write_time(file) + std::chrono::hours(1));
}

TEST(Manifest, ReadsBackWhatWasWritten) {
  const TemporaryDirectory folder;
  Manifest manifest = MakeManifest({{"Fat Hen", 2}, {"Maize", 0}, {"Shepherd’s Purse", 1}});
  manifest.rows[1].path = "Fat Hen/tab\tnewline\nback\\slash.png";
  manifest.rows[1].group = "plot\t1";
  SB_ASSERT_OK(WriteManifest(folder.path(), manifest, {{"Maize/x.png", "empty\tfile"}}));
  SB_ASSERT_OK_AND_ASSIGN(const Manifest read, ReadManifest(folder.path()));
  EXPECT_EQ(read.root, manifest.root);
  EXPECT_EQ(read.classes, manifest.classes);
  ASSERT_EQ(read.rows.size(), manifest.rows.size());
  for (size_t i = 0; i < read.rows.size(); ++i) {
    EXPECT_EQ(read.rows[i].path, manifest.rows[i].path);
    EXPECT_EQ(read.rows[i].label, manifest.rows[i].label);
    EXPECT_EQ(read.rows[i].group, manifest.rows[i].group);
    EXPECT_EQ(read.rows[i].sha256, manifest.rows[i].sha256);
    EXPECT_EQ(read.rows[i].bytes, manifest.rows[i].bytes);
    EXPECT_EQ(read.rows[i].mtime_ns, manifest.rows[i].mtime_ns);
    EXPECT_EQ(read.rows[i].width, manifest.rows[i].width);
    EXPECT_EQ(read.rows[i].height, manifest.rows[i].height);
    EXPECT_EQ(read.rows[i].perceptual_hash, manifest.rows[i].perceptual_hash);
  }
  EXPECT_EQ(ManifestDigest(read), ManifestDigest(manifest));
  EXPECT_THAT(ReadFile(folder.path() / "rejected.tsv"), IsOkAndHolds("path\treason\nMaize/x.png\tempty\\tfile\n"));
  SB_ASSERT_OK_AND_ASSIGN(const std::vector<RejectedFile> rejected, ReadRejected(folder.path()));
  ASSERT_EQ(rejected.size(), 1);
  EXPECT_EQ(rejected[0].path, "Maize/x.png");
  EXPECT_EQ(rejected[0].reason, "empty\tfile");
}

TEST(Manifest, DigestTellsContentsAndNothingElse) {
  const Manifest manifest = MakeManifest({{"a", 2}, {"b", 1}});
  const std::string digest = ManifestDigest(manifest);
  Manifest moved = manifest;
  moved.root = "/elsewhere";
  moved.rows[0].mtime_ns += 1;
  moved.rows[0].moved_to = {"/new"};
  EXPECT_EQ(ManifestDigest(moved), digest);
  Manifest renamed = manifest;
  renamed.classes[1] = "c";
  EXPECT_NE(ManifestDigest(renamed), digest);
  Manifest changed = manifest;
  changed.rows[0].sha256 = changed.rows[1].sha256;
  EXPECT_NE(ManifestDigest(changed), digest);
}

TEST(Manifest, AnyDamageIsNoticed) {
  const TemporaryDirectory folder;
  SB_ASSERT_OK(WriteManifest(folder.path(), MakeManifest({{"a", 3}}), {}));
  SB_ASSERT_OK_AND_ASSIGN(const std::string table, ReadFile(folder.path() / "manifest.tsv"));
  SB_ASSERT_OK(ReadFile(folder.path() / "dataset.json"));
  for (size_t cut : {size_t{0}, table.size() / 2, table.size() - 1}) {
    std::ofstream(folder.path() / "manifest.tsv") << table.substr(0, cut);
    EXPECT_THAT(ReadManifest(folder.path()), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("manifest.tsv"))) << cut;
  }
  std::ofstream(folder.path() / "manifest.tsv") << table;
  SB_EXPECT_OK(ReadManifest(folder.path()));
  for (const char* bad : {"", "{", "{}", R"({"format": "1"})", R"({"format": 1, "root": 3, "classes": [], "manifest_tsv_sha256": ""})"}) {
    std::ofstream(folder.path() / "dataset.json") << bad;
    EXPECT_THAT(ReadManifest(folder.path()), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("dataset.json"))) << bad;
  }
  EXPECT_THAT(ReadManifest(folder.path() / "none"), StatusIs(absl::StatusCode::kNotFound));
}

TEST(ImageFile, UnchangedFileIsRead) {
  const ImageFolder folder;
  folder.AddFile("a/1.png", "content");
  const Manifest manifest = ManifestOf(folder, "a/1.png");
  EXPECT_THAT(ReadImageFile(manifest, manifest.rows[0], ""), IsOkAndHolds("content"));
  SB_EXPECT_OK(CheckUnchanged(manifest, manifest.rows[0], ""));
}

TEST(ImageFile, TouchedFileIsJudgedByItsContent) {
  const ImageFolder folder;
  folder.AddFile("a/1.png", "content");
  const Manifest manifest = ManifestOf(folder, "a/1.png");
  TouchLater(folder.at("a/1.png"));
  SB_EXPECT_OK(CheckUnchanged(manifest, manifest.rows[0], ""));
  EXPECT_THAT(ReadImageFile(manifest, manifest.rows[0], ""), IsOkAndHolds("content"));
  folder.AddFile("a/1.png", "CONTENT");
  TouchLater(folder.at("a/1.png"));
  EXPECT_THAT(CheckUnchanged(manifest, manifest.rows[0], ""), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("'a/1.png'")));
  EXPECT_THAT(ReadImageFile(manifest, manifest.rows[0], ""), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("changed since")));
}

TEST(ImageFile, OtherSizeOrAbsenceIsAnErrorThatNamesTheFile) {
  const ImageFolder folder;
  folder.AddFile("a/1.png", "content");
  const Manifest manifest = ManifestOf(folder, "a/1.png");
  folder.AddFile("a/1.png", "longer content");
  EXPECT_THAT(CheckUnchanged(manifest, manifest.rows[0], ""), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("'a/1.png'")));
  std::filesystem::remove(folder.at("a/1.png"));
  EXPECT_THAT(CheckUnchanged(manifest, manifest.rows[0], ""), StatusIs(absl::StatusCode::kNotFound, HasSubstr("'a/1.png'")));
  EXPECT_THAT(ReadImageFile(manifest, manifest.rows[0], ""), StatusIs(absl::StatusCode::kNotFound, HasSubstr("'a/1.png'")));
}

TEST(ImageFile, UploadIsFoundByDigest) {
  const ImageFolder objects;
  Manifest manifest = MakeManifest({{"a", 1}});
  manifest.root.clear();
  manifest.rows[0].bytes = 7;
  EXPECT_THAT(ReadImageFile(manifest, manifest.rows[0], objects.root()), StatusIs(absl::StatusCode::kNotFound, HasSubstr("upload")));
  const std::string& digest = manifest.rows[0].sha256;
  objects.AddFile(digest.substr(0, 2) + "/" + digest.substr(2), "content");
  EXPECT_THAT(ReadImageFile(manifest, manifest.rows[0], objects.root()), IsOkAndHolds("content"));
  SB_EXPECT_OK(CheckUnchanged(manifest, manifest.rows[0], objects.root()));
  manifest.rows[0].bytes = 8;
  EXPECT_THAT(CheckUnchanged(manifest, manifest.rows[0], objects.root()), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(ImageFile, ManyAreCheckedAtOnceAndTheFirstChangedIsNamed) {
  const ImageFolder folder;
  Manifest manifest{folder.root().string(), {"a"}, {}};
  std::vector<uint32_t> rows;
  for (uint32_t i = 0; i < 200; ++i) {
    const std::string path = "a/" + std::to_string(i) + ".png";
    folder.AddFile(path, "content");
    manifest.rows.push_back(ManifestOf(folder, path).rows[0]);
    rows.push_back(i);
  }
  ThreadPool pool(4);
  SB_EXPECT_OK(CheckAllUnchanged(manifest, rows, "", &pool, [] { return true; }));
  for (const char* path : {"a/150.png", "a/17.png", "a/18.png"}) folder.AddFile(path, "changed in size");
  for (int repeat = 0; repeat < 20; ++repeat) {
    EXPECT_THAT(CheckAllUnchanged(manifest, rows, "", &pool, [] { return true; }),
                StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("'a/17.png'")));
  }
}

TEST(ImageFile, CheckingManyEndsWhenAsked) {
  const ImageFolder folder;
  folder.AddFile("a/0.png", "content");
  const Manifest one = ManifestOf(folder, "a/0.png");
  Manifest manifest{folder.root().string(), {"a"}, std::vector<ManifestRow>(1000, one.rows[0])};
  std::vector<uint32_t> rows(1000);
  std::iota(rows.begin(), rows.end(), 0);
  ThreadPool pool(2);
  std::atomic<int> asked = 0;
  EXPECT_THAT(CheckAllUnchanged(manifest, rows, "", &pool, [&asked] { return ++asked < 10; }), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_LT(asked, 20);
}

TEST(ImageFile, MovedFileIsFoundAtEitherPlace) {
  const ImageFolder folder;
  const ImageFolder other;
  const TemporaryDirectory dataset;
  folder.AddFile("a/1.png", "content");
  SB_ASSERT_OK(WriteManifest(dataset.path(), ManifestOf(folder, "a/1.png"), {}));
  SB_ASSERT_OK_AND_ASSIGN(Manifest manifest, ReadManifest(dataset.path()));
  const std::vector<std::string> places = {other.at("train/a/1.png").string()};
  SB_ASSERT_OK(RecordMoves(dataset.path(), manifest, places));
  SB_ASSERT_OK(RecordMoves(dataset.path(), manifest, places));
  SB_ASSERT_OK_AND_ASSIGN(manifest, ReadManifest(dataset.path()));
  EXPECT_THAT(manifest.rows[0].moved_to, ElementsAre(places[0]));
  EXPECT_THAT(ReadImageFile(manifest, manifest.rows[0], ""), IsOkAndHolds("content"));
  other.MakeFolder("train/a");
  std::filesystem::rename(folder.at("a/1.png"), places[0]);
  EXPECT_THAT(ReadImageFile(manifest, manifest.rows[0], ""), IsOkAndHolds("content"));
  SB_EXPECT_OK(CheckUnchanged(manifest, manifest.rows[0], ""));
}

}  // namespace
}  // namespace seedbed::dataset
