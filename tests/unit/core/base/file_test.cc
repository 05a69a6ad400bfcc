#include "core/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "core/base/reason.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temporary_directory.h"

namespace seedbed {
namespace {

namespace fs = std::filesystem;
using ::seedbed::testing::IsOk;
using ::seedbed::testing::IsOkAndHolds;
using ::seedbed::testing::StatusIs;
using ::testing::HasSubstr;

class File : public ::testing::Test {
 protected:
  fs::path Path(std::string_view name) const { return folder_.path() / name; }
  size_t FilesIn(const fs::path& folder) const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
  }
  const testing::TemporaryDirectory folder_;
};

TEST_F(File, PublishesAndReadsBack) {
  SB_ASSERT_OK(PublishFile(Path("a"), "first"));
  EXPECT_THAT(ReadFile(Path("a")), IsOkAndHolds(std::string("first")));
  SB_ASSERT_OK(PublishFile(Path("a"), ""));
  EXPECT_THAT(ReadFile(Path("a")), IsOkAndHolds(std::string()));
  EXPECT_EQ(FilesIn(folder_.path()), 1u) << "a temporary file was left behind";
}

TEST_F(File, PublishKeepsTheOldFileWhenItFails) {
  fs::create_directory(Path("taken"));
  SB_ASSERT_OK(PublishFile(Path("taken/inside"), "x"));
  EXPECT_FALSE(PublishFile(Path("taken"), "content").ok());
  EXPECT_THAT(ReadFile(Path("taken/inside")), IsOkAndHolds(std::string("x")));
  EXPECT_EQ(FilesIn(folder_.path()), 1u) << "a temporary file was left behind";
  EXPECT_THAT(PublishFile(Path("absent/a"), "x"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("absent")));
}

TEST_F(File, RefusesToReadMoreThanAllowed) {
  SB_ASSERT_OK(PublishFile(Path("a"), "12345"));
  EXPECT_THAT(ReadFile(Path("a"), 5), IsOk());
  EXPECT_THAT(ReadFile(Path("a"), 4), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("5 bytes, the limit is 4")));
  EXPECT_THAT(ReadFile(Path("absent")), StatusIs(absl::StatusCode::kNotFound, HasSubstr("absent")));
  EXPECT_FALSE(ReadFile(folder_.path()).ok());
}

TEST_F(File, MapsErrorsToCodes) {
  EXPECT_THAT(ErrnoStatus(ENOSPC, "write", "/data/x"), StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("cannot write /data/x")));
  EXPECT_FALSE(IsOutOfMemory(ErrnoStatus(ENOSPC, "write", "x")));
  EXPECT_TRUE(IsOutOfMemory(ErrnoStatus(ENOMEM, "map", "x"))) << "not the disk's lack of room";
  EXPECT_THAT(ErrnoStatus(EDQUOT, "write", "x"), StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(ErrnoStatus(EACCES, "open", "x"), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(ErrnoStatus(EEXIST, "create", "x"), StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(ErrnoStatus(EIO, "read", "x"), StatusIs(absl::StatusCode::kInternal));
}

TEST_F(File, WritesAtOffsetsWithoutMovingThePosition) {
  const UniqueFd fd(::open(Path("a").c_str(), O_RDWR | O_CREAT, 0600));
  SB_ASSERT_OK(WriteAllAt(fd.get(), 3, std::as_bytes(std::span(std::string_view("def"))), Path("a")));
  SB_ASSERT_OK(WriteAll(fd.get(), std::as_bytes(std::span(std::string_view("abc"))), Path("a")));
  EXPECT_THAT(ReadFile(Path("a")), IsOkAndHolds(std::string("abcdef")));
}

TEST_F(File, ReportsAFullDisk) {
  const UniqueFd full(::open("/dev/full", O_WRONLY));
  ASSERT_TRUE(full.valid());
  const auto bytes = std::as_bytes(std::span(std::string_view("x")));
  EXPECT_THAT(WriteAll(full.get(), bytes, "disk"), StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("disk")));
  EXPECT_THAT(WriteAllAt(full.get(), 0, bytes, "disk"), StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST_F(File, PublishesWholeFolders) {
  SB_ASSERT_OK(CreateDirectories(Path("new/deep/er")));
  SB_ASSERT_OK(PublishFile(Path("new/deep/er/file"), "x"));
  SB_ASSERT_OK(PublishDirectory(Path("new"), Path("published")));
  EXPECT_FALSE(fs::exists(Path("new")));
  EXPECT_THAT(ReadFile(Path("published/deep/er/file")), IsOkAndHolds(std::string("x")));
  SB_ASSERT_OK(CreateDirectories(Path("new")));
  EXPECT_THAT(PublishDirectory(Path("new"), Path("published")), StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_FALSE(PublishDirectory(Path("absent"), Path("elsewhere")).ok());
}

TEST_F(File, RemovesTreesAndWhatIsNotThere) {
  SB_ASSERT_OK(CreateDirectories(Path("a/b")));
  SB_EXPECT_OK(RemoveAll(Path("a")));
  SB_EXPECT_OK(RemoveAll(Path("a")));
  EXPECT_FALSE(fs::exists(Path("a")));
  EXPECT_THAT(FreeBytes(folder_.path()), IsOkAndHolds(::testing::Gt(0u)));
  EXPECT_THAT(FreeBytes(Path("absent")), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(File, LocksExcludeEachOtherUntilReleased) {
  {
    SB_ASSERT_OK_AND_ASSIGN(FileLock held, FileLock::TryAcquire(Path("lock")));
    EXPECT_THAT(FileLock::TryAcquire(Path("lock")), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("lock")));
    const FileLock moved = std::move(held);
    EXPECT_THAT(FileLock::TryAcquire(Path("lock")), StatusIs(absl::StatusCode::kUnavailable));
  }
  EXPECT_THAT(FileLock::TryAcquire(Path("lock")), IsOk());
}

TEST_F(File, AnAdoptedLockIsHeldToo) {
  SB_ASSERT_OK_AND_ASSIGN(FileLock held, FileLock::TryAcquire(Path("lock")));
  {
    const FileLock adopted = FileLock::Adopt(UniqueFd(::dup(held.fd())));
    held = FileLock::Adopt(UniqueFd());
    EXPECT_THAT(FileLock::TryAcquire(Path("lock")), StatusIs(absl::StatusCode::kUnavailable));
  }
  EXPECT_THAT(FileLock::TryAcquire(Path("lock")), IsOk());
}

TEST_F(File, MapsWholeFiles) {
  SB_ASSERT_OK(PublishFile(Path("a"), "content"));
  SB_ASSERT_OK_AND_ASSIGN(MappedFile mapped, MappedFile::Open(Path("a")));
  const std::byte* const address = mapped.bytes().data();
  const MappedFile moved = std::move(mapped);
  EXPECT_EQ(moved.bytes().data(), address);
  fs::remove(Path("a"));
  const std::string_view text(reinterpret_cast<const char*>(moved.bytes().data()), moved.bytes().size());
  EXPECT_EQ(text, "content");
  SB_ASSERT_OK(PublishFile(Path("empty"), ""));
  SB_ASSERT_OK_AND_ASSIGN(const MappedFile empty, MappedFile::Open(Path("empty")));
  EXPECT_TRUE(empty.bytes().empty());
  EXPECT_THAT(MappedFile::Open(Path("absent")), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(File, ResolvesNamesFromOutsideBeneathTheRootOnly) {
  EXPECT_THAT(ResolveBeneath("/srv", "class/image.png"), IsOkAndHolds(fs::path("/srv/class/image.png")));
  EXPECT_THAT(ResolveBeneath("/srv", "..hidden/a..b"), IsOkAndHolds(fs::path("/srv/..hidden/a..b")));
  using std::string_literals::operator""s;
  for (const std::string& bad : {""s, "/etc/passwd"s, ".."s, "../x"s, "a/../b"s, "a/.."s, "a//b"s, "a/"s, "./a"s, "a/./b"s, "a\0b"s}) {
    EXPECT_THAT(ResolveBeneath("/srv", bad), StatusIs(absl::StatusCode::kInvalidArgument)) << bad;
  }
}

TEST(UniqueFd, ClosesOnce) {
  int raw = -1;
  {
    UniqueFd fd(::open("/dev/null", O_RDONLY));
    raw = fd.get();
    const UniqueFd other = std::move(fd);
    EXPECT_EQ(other.get(), raw);
  }
  EXPECT_EQ(::fcntl(raw, F_GETFD), -1);
}

}  // namespace
}  // namespace seedbed
