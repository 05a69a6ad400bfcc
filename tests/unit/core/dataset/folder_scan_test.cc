#include "core/dataset/folder_scan.h"

#include <sys/stat.h>

#include "gmock/gmock.h"
#include "tests/testing/image_folder.h"

namespace seedbed::dataset {
namespace {

using ::seedbed::testing::ImageFolder;
using ::seedbed::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> PathsOf(const Candidates& candidates) {
  std::vector<std::string> paths;
  for (const Candidate& file : candidates.files) paths.push_back(file.path);
  return paths;
}

Candidates Scan(const ImageFolder& folder, const ScanOptions& options = {}) {
  absl::StatusOr<Candidates> candidates = ScanFolder(folder.root(), options);
  EXPECT_THAT(candidates, ::seedbed::testing::IsOk());
  return candidates.ok() ? *candidates : Candidates();
}

TEST(FolderScan, ClassesAreSortedByBytesAndEmptyOnesCount) {
  const ImageFolder folder;
  for (const char* name : {"Common wheat", "Common Chickweed", "Shepherd’s Purse", "Zea", "ähre", "empty"}) folder.MakeFolder(name);
  folder.AddFile("Zea/1.png", "");
  folder.AddFile("stray.png", "");
  const Candidates found = Scan(folder);
  EXPECT_THAT(found.classes, ElementsAre("Common Chickweed", "Common wheat", "Shepherd’s Purse", "Zea", "empty", "ähre"));
  EXPECT_THAT(PathsOf(found), ElementsAre("Zea/1.png"));
  EXPECT_EQ(found.files[0].label, 3);
}

// Python: sorted(os.walk(d), key=lambda x: x[0]), and sorted(files) in each.
TEST(FolderScan, FilesComeInKerasOrder) {
  const ImageFolder folder;
  for (const char* path :
       {"a/z.png", "a/10.png", "a/9.png", "a/B.png", "a/b/1.png", "a/b c/1.png", "a/b/c/0.png", "a/b-c/1.png", "Z/1.png"}) {
    folder.AddFile(path, "");
  }
  EXPECT_THAT(PathsOf(Scan(folder)), ElementsAre("Z/1.png", "a/10.png", "a/9.png", "a/B.png", "a/z.png", "a/b/1.png", "a/b c/1.png",
                                                 "a/b-c/1.png", "a/b/c/0.png"));
}

TEST(FolderScan, TakesImageSuffixesInAnyCaseAndCountsTheRest) {
  const ImageFolder folder;
  for (const char* path : {"a/1.PNG", "a/2.JpEg", "a/3.webp", "a/4.tiff", "a/notes.txt", "a/foopng", "a/5.png.bak", "a/.png"}) {
    folder.AddFile(path, "");
  }
  const Candidates found = Scan(folder);
  EXPECT_THAT(PathsOf(found), ElementsAre("a/.png", "a/1.PNG", "a/2.JpEg", "a/3.webp", "a/4.tiff"));
  EXPECT_EQ(found.files_ignored, 3);
}

TEST(FolderScan, LeavesHiddenFoldersOut) {
  const ImageFolder folder;
  for (const char* path : {".git/1.png", "a/1.png", "a/.ipynb_checkpoints/1-checkpoint.png"}) folder.AddFile(path, "");
  const Candidates found = Scan(folder);
  EXPECT_THAT(found.classes, ElementsAre("a"));
  EXPECT_THAT(PathsOf(found), ElementsAre("a/1.png"));
}

TEST(FolderScan, FollowsLinksToFoldersOnlyWhenAskedAndOnce) {
  const ImageFolder folder;
  folder.AddFile("a/1.png", "");
  folder.AddFile("a/sub/2.png", "");
  std::filesystem::create_directory_symlink(folder.at("a"), folder.at("a/sub/loop"));
  std::filesystem::create_symlink(folder.at("a/1.png"), folder.at("a/link.png"));
  const Candidates plain = Scan(folder);
  EXPECT_THAT(PathsOf(plain), ElementsAre("a/1.png", "a/link.png", "a/sub/2.png"));
  EXPECT_EQ(plain.links_ignored, 1);
  EXPECT_THAT(PathsOf(Scan(folder, {.follow_links = true})), ElementsAre("a/1.png", "a/link.png", "a/sub/2.png"));
}

TEST(FolderScan, LinkedClassFolderIsAClassAsInKeras) {
  const ImageFolder elsewhere;
  elsewhere.AddFile("1.png", "");
  const ImageFolder folder;
  std::filesystem::create_directory_symlink(elsewhere.root(), folder.at("a"));
  EXPECT_THAT(PathsOf(Scan(folder)), ElementsAre("a/1.png"));
}

TEST(FolderScan, WhatIsNoReadableFileHasAReason) {
  const ImageFolder folder;
  folder.MakeFolder("a");
  std::filesystem::create_symlink("nowhere", folder.at("a/broken.png"));
  ASSERT_EQ(::mkfifo(folder.at("a/pipe.png").c_str(), 0600), 0);
  folder.AddFile("a/bad\xff.png", "");
  const Candidates found = Scan(folder);
  EXPECT_THAT(PathsOf(found), ElementsAre("a/bad\\xff.png", "a/broken.png", "a/pipe.png"));
  EXPECT_THAT(found.files[0].unusable, HasSubstr("not UTF-8"));
  EXPECT_THAT(found.files[1].unusable, HasSubstr("leads nowhere"));
  EXPECT_THAT(found.files[2].unusable, HasSubstr("not a regular file"));
}

TEST(FolderScan, DividedDatasetTakesClassesFromTheSecondLevel) {
  const ImageFolder folder;
  for (const char* path : {"Train/b/1.png", "Train/a/1.png", "val/b/2.png", "test/c/3.png", "Train/stray.png"}) folder.AddFile(path, "");
  const Candidates found = Scan(folder);
  EXPECT_THAT(found.classes, ElementsAre("a", "b", "c"));
  EXPECT_THAT(PathsOf(found), ElementsAre("Train/a/1.png", "Train/b/1.png", "val/b/2.png", "test/c/3.png"));
}

TEST(FolderScan, SubsetNamesWithoutClassFoldersAreClasses) {
  const ImageFolder folder;
  for (const char* path : {"train/1.png", "test/1.png"}) folder.AddFile(path, "");
  EXPECT_THAT(Scan(folder).classes, ElementsAre("test", "train"));
}

TEST(FolderScan, OneOtherFolderMakesItAnOrdinaryDataset) {
  const ImageFolder folder;
  for (const char* path : {"train/a/1.png", "maize/1.png"}) folder.AddFile(path, "");
  const Candidates found = Scan(folder);
  EXPECT_THAT(found.classes, ElementsAre("maize", "train"));
  EXPECT_THAT(PathsOf(found), ElementsAre("maize/1.png", "train/a/1.png"));
}

TEST(FolderScan, RefusesRootsThatAreNoDataset) {
  const ImageFolder folder;
  EXPECT_THAT(ScanFolder("relative", {}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("absolute")));
  EXPECT_THAT(ScanFolder(folder.at("none"), {}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("does not exist")));
  EXPECT_THAT(ScanFolder(folder.root(), {}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("/<class>/")));
  folder.AddFile("file", "");
  EXPECT_THAT(ScanFolder(folder.at("file"), {}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("is not a folder")));
  folder.MakeFolder("bad\xff");
  EXPECT_THAT(ScanFolder(folder.root(), {}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("bad\\xff")));
}

TEST(FolderScan, StopsWhenCancelled) {
  const ImageFolder folder;
  folder.AddFile("a/1.png", "");
  EXPECT_THAT(ScanFolder(folder.root(), {.cancelled = [] { return true; }}), StatusIs(absl::StatusCode::kCancelled));
}

std::string Line(char digit, std::string_view path) { return std::string(64, digit) + "\t" + std::string(path) + "\n"; }

TEST(Listing, FilesAreOrderedAsAFolderWouldBe) {
  const auto found = ParseListing(Line('a', "b/2.png") + Line('b', "b/1.png") + Line('a', "a/x/1.png") + Line('c', "a/tab\\t.png"));
  SB_ASSERT_OK(found);
  EXPECT_THAT(found->classes, ElementsAre("a", "b"));
  EXPECT_THAT(PathsOf(*found), ElementsAre("a/tab\t.png", "a/x/1.png", "b/1.png", "b/2.png"));
  EXPECT_EQ(found->files[2].sha256, std::string(64, 'b'));
  EXPECT_EQ(found->files[2].label, 1);
}

TEST(Listing, DividedPathsTakeTheSecondFolderAsClass) {
  const auto found = ParseListing(Line('a', "train/m/1.png") + Line('b', "val/k/1.png"));
  SB_ASSERT_OK(found);
  EXPECT_THAT(found->classes, ElementsAre("k", "m"));
}

TEST(Listing, RefusesWhatItCannotTrust) {
  const auto refused = [](const std::string& listing, const char* why) {
    EXPECT_THAT(ParseListing(listing), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(why))) << listing;
  };
  refused("", "no image");
  refused("abc\ta/1.png\n", "line 1");
  refused(Line('a', "a/1.png") + Line('A', "a/2.png"), "line 2");
  refused(Line('a', "a/../1.png"), "'..'");
  refused(Line('a', "/a/1.png"), "relative");
  refused(Line('a', "a//1.png"), "empty component");
  refused(Line('a', "1.png"), "class folder");
  refused(Line('a', "a/1.png") + Line('b', "a/1.png"), "names 'a/1.png' again");
  refused(Line('a', "a/\\x.png"), "backslash");
  refused(Line('a', "a/\xff.png"), "UTF-8");
  refused(std::string(64, 'a') + " a/1.png\n", "tab");
}

}  // namespace
}  // namespace seedbed::dataset
