#include "core/image/decoded_cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <fstream>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "core/base/digest.h"
#include "core/base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temporary_directory.h"

namespace seedbed::image {
namespace {

namespace fs = std::filesystem;
using ::seedbed::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class DecodedCacheTest : public ::testing::Test {
 protected:
  static constexpr Geometry kGeometry{10, 7, Filter::kBilinear};

  // Pictures are numbers: the row of picture n is filled by a formula.
  static uint8_t Value(size_t picture, size_t byte) { return static_cast<uint8_t>(picture * 31 + byte * 7); }

  std::vector<DecodedCache::Request> Requests(const std::vector<size_t>& pictures) {
    std::vector<DecodedCache::Request> requests;
    requests.reserve(pictures.size());
    for (const size_t picture : pictures) {
      while (digests_.size() <= picture) digests_.push_back(Sha256Hex(absl::StrCat("picture ", digests_.size())));
    }
    for (const size_t picture : pictures) requests.push_back({digests_[picture], picture});
    return requests;
  }

  static std::vector<size_t> FirstPictures(size_t count) {
    std::vector<size_t> pictures(count);
    std::iota(pictures.begin(), pictures.end(), size_t{0});
    return pictures;
  }

  DecodedCache::DecodeRow CountingDecoder() {
    return [this](size_t picture, std::span<uint8_t> target) {
      ++decoded_;
      for (size_t i = 0; i < target.size(); ++i) target[i] = Value(picture, i);
      return absl::OkStatus();
    };
  }

  absl::StatusOr<std::unique_ptr<DecodedRows>> Load(const std::vector<size_t>& pictures, const Geometry& geometry = kGeometry,
                                                    uint64_t max_bytes = 0) {
    decoded_ = 0;
    const std::vector<DecodedCache::Request> requests = Requests(pictures);
    return DecodedCache(Folder(), max_bytes).Load(geometry, requests, &pool_, CountingDecoder(), nullptr);
  }

  void ExpectRows(const DecodedRows& rows, const std::vector<size_t>& pictures, const Geometry& geometry = kGeometry) {
    ASSERT_EQ(rows.size(), pictures.size());
    for (size_t i = 0; i < pictures.size(); ++i) {
      ASSERT_THAT(rows.row(i), SizeIs(geometry.row_bytes()));
      for (size_t byte = 0; byte < geometry.row_bytes(); ++byte) ASSERT_EQ(rows.row(i)[byte], Value(pictures[i], byte)) << i;
    }
  }

  fs::path Folder() const { return directory_.path() / "cache"; }
  std::vector<fs::path> Files() const {
    std::vector<fs::path> files;
    if (!fs::exists(Folder())) return files;
    for (const auto& entry : fs::recursive_directory_iterator(Folder())) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    return files;
  }

  const testing::TemporaryDirectory directory_;
  ThreadPool pool_{3};
  std::vector<std::string> digests_;
  std::atomic<int> decoded_{0};
};

TEST_F(DecodedCacheTest, DecodesOnceAndFindsAgain) {
  const std::vector<size_t> pictures = FirstPictures(600);  // three segments
  SB_ASSERT_OK_AND_ASSIGN(const auto first, Load(pictures));
  EXPECT_EQ(decoded_, 600);
  ExpectRows(*first, pictures);
  EXPECT_THAT(Files(), SizeIs(3));
  SB_ASSERT_OK_AND_ASSIGN(const auto second, Load(pictures));
  EXPECT_EQ(decoded_, 0);
  ExpectRows(*second, pictures);
}

TEST_F(DecodedCacheTest, DecodesOnlyWhatIsNew) {
  SB_ASSERT_OK(Load({0, 1, 2}));
  const std::vector<size_t> more = {5, 2, 0, 7, 1};
  SB_ASSERT_OK_AND_ASSIGN(const auto rows, Load(more));
  EXPECT_EQ(decoded_, 2);
  ExpectRows(*rows, more);
}

TEST_F(DecodedCacheTest, DecodesDuplicatesOnce) {
  const std::vector<size_t> pictures = {3, 1, 3, 3, 1};
  SB_ASSERT_OK_AND_ASSIGN(const auto rows, Load(pictures));
  EXPECT_EQ(decoded_, 2);
  ExpectRows(*rows, pictures);
  EXPECT_EQ(rows->row(0).data(), rows->row(3).data());
}

TEST_F(DecodedCacheTest, KeepsGeometriesApart) {
  SB_ASSERT_OK(Load({0, 1}));
  for (const Geometry& other : {Geometry{7, 10, Filter::kBilinear}, Geometry{10, 7, Filter::kNearest}}) {
    SB_ASSERT_OK_AND_ASSIGN(const auto rows, Load({0, 1}, other));
    EXPECT_EQ(decoded_, 2);
    ExpectRows(*rows, {0, 1}, other);
  }
}

TEST_F(DecodedCacheTest, StoresTheSameBytesForAnyNumberOfThreads) {
  const std::vector<DecodedCache::Request> requests = Requests(FirstPictures(300));
  std::vector<std::string> contents;
  for (const size_t threads : {1, 4}) {
    const fs::path folder = directory_.path() / absl::StrCat("threads", threads);
    ThreadPool pool(threads);
    SB_ASSERT_OK(DecodedCache(folder, 0).Load(kGeometry, requests, &pool, CountingDecoder(), nullptr));
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder / "10x7-bilinear-v1")) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    contents.emplace_back();
    for (const fs::path& file : files) {
      SB_ASSERT_OK_AND_ASSIGN(const std::string content, ReadFile(file));
      absl::StrAppend(&contents.back(), file.filename().string(), "\n", content);
    }
  }
  EXPECT_EQ(contents[0], contents[1]);
}

TEST_F(DecodedCacheTest, TakesAnEmptyRequest) {
  SB_ASSERT_OK_AND_ASSIGN(const auto rows, Load({}));
  EXPECT_EQ(rows->size(), 0u);
  EXPECT_THAT(Files(), IsEmpty());
}

TEST_F(DecodedCacheTest, RefusesWhatIsNoDigestOrNoSize) {
  const std::vector<DecodedCache::Request> requests = {{"../../etc/passwd", 0}};
  EXPECT_THAT(DecodedCache(Folder(), 0).Load(kGeometry, requests, &pool_, CountingDecoder(), nullptr),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("passwd")));
  EXPECT_THAT(Load({0}, Geometry{0, 7, Filter::kBox}), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(DecodedCacheTest, RowsOutliveTheirFiles) {
  SB_ASSERT_OK_AND_ASSIGN(const auto rows, Load({0, 1, 2}));
  SB_ASSERT_OK(RemoveAll(Folder()));
  ExpectRows(*rows, {0, 1, 2});
}

TEST_F(DecodedCacheTest, IgnoresAndRemovesDamagedSegments) {
  SB_ASSERT_OK(Load({0, 1, 2}));
  ASSERT_THAT(Files(), SizeIs(1));
  const fs::path file = Files()[0];
  SB_ASSERT_OK_AND_ASSIGN(const std::string whole, ReadFile(file));
  std::string wrong_index = whole;
  wrong_index[100] = static_cast<char>(wrong_index[100] ^ 1);
  std::string wrong_count = whole;
  wrong_count[16] = 4;
  std::string huge_count = whole;
  std::fill(huge_count.begin() + 16, huge_count.begin() + 24, '\xff');
  std::string wrong_row_size = whole;
  wrong_row_size[8] = static_cast<char>(wrong_row_size[8] ^ 1);
  std::string wrong_magic = whole;
  wrong_magic[0] = 'X';
  for (const std::string& damaged :
       {std::string(), whole.substr(0, 50), whole.substr(0, 5000 % whole.size()), whole.substr(0, whole.size() - 1), whole + "x",
        wrong_index, wrong_count, huge_count, wrong_row_size, wrong_magic}) {
    SB_ASSERT_OK(PublishFile(file.parent_path() / "damaged.rows", damaged));
    fs::remove(file);
    SB_ASSERT_OK_AND_ASSIGN(const auto rows, Load({0, 1, 2}));
    EXPECT_EQ(decoded_, 3);
    ExpectRows(*rows, {0, 1, 2});
    EXPECT_THAT(Files(), ::testing::ElementsAre(file)) << "the damaged segment is still there";
  }
}

TEST_F(DecodedCacheTest, TellsTheFirstFailureForAnyNumberOfThreads) {
  const std::vector<DecodedCache::Request> requests = Requests(FirstPictures(100));
  const auto fails_at_some = [](size_t picture, std::span<uint8_t>) {
    return picture % 20 == 13 ? absl::InvalidArgumentError(absl::StrCat("picture ", picture)) : absl::OkStatus();
  };
  for (int round = 0; round < 20; ++round) {
    EXPECT_THAT(DecodedCache(Folder(), 0).Load(kGeometry, requests, &pool_, fails_at_some, nullptr),
                StatusIs(absl::StatusCode::kInvalidArgument, ::testing::Eq("picture 13")));
  }
  EXPECT_THAT(Files(), IsEmpty()) << "an unfinished segment was left behind";
}

TEST_F(DecodedCacheTest, KeepsFinishedSegmentsWhenALaterRowFails) {
  const std::vector<DecodedCache::Request> requests = Requests(FirstPictures(600));
  const auto fails_late = [](size_t picture, std::span<uint8_t> target) {
    std::fill(target.begin(), target.end(), Value(picture, 0));
    return picture == 599 ? absl::DataLossError("late") : absl::OkStatus();
  };
  EXPECT_THAT(DecodedCache(Folder(), 0).Load(kGeometry, requests, &pool_, fails_late, nullptr), StatusIs(absl::StatusCode::kDataLoss));
  SB_ASSERT_OK(Load(FirstPictures(600)));
  EXPECT_EQ(decoded_, 600 - 2 * 256);
}

TEST_F(DecodedCacheTest, ReportsProgressAndStopsWhenAsked) {
  const std::vector<DecodedCache::Request> requests = Requests(FirstPictures(100));
  std::atomic<size_t> calls{0}, largest{0};
  SB_ASSERT_OK(DecodedCache(Folder(), 0).Load(kGeometry, requests, &pool_, CountingDecoder(), [&](size_t done, size_t total) {
    ++calls;
    EXPECT_EQ(total, 100u);
    for (size_t seen = largest; seen < done && !largest.compare_exchange_weak(seen, done);) {
    }
    return true;
  }));
  EXPECT_EQ(calls, 100u);
  EXPECT_EQ(largest, 100u);

  const std::vector<DecodedCache::Request> more = Requests(FirstPictures(5000));
  decoded_ = 0;
  EXPECT_THAT(DecodedCache(Folder(), 0).Load(kGeometry, more, &pool_, CountingDecoder(), [](size_t done, size_t) { return done < 10; }),
              StatusIs(absl::StatusCode::kCancelled));
  EXPECT_LT(decoded_, 30) << "it went on after it was told to stop";
  EXPECT_THAT(Files(), SizeIs(1)) << "an unfinished segment was left behind";
}

TEST_F(DecodedCacheTest, RemovesWhatDeadWritersLeftAndNothingElse) {
  SB_ASSERT_OK(Load({0}));
  const fs::path folder = Files()[0].parent_path();
  const fs::path dead = folder / ".0123456789abcdef.1.0.tmp";
  const fs::path alive = folder / ".0123456789abcdef.2.0.tmp";
  SB_ASSERT_OK(PublishFile(dead, "half a segment"));
  SB_ASSERT_OK_AND_ASSIGN(const FileLock writer, FileLock::TryAcquire(alive));
  SB_ASSERT_OK(Load({0}));
  EXPECT_FALSE(fs::exists(dead));
  EXPECT_TRUE(fs::exists(alive));
}

TEST_F(DecodedCacheTest, EvictsTheLongestUnused) {
  constexpr Geometry kLarge{100, 100, Filter::kBox};  // a row of 30,000 bytes in a segment of 34,096
  constexpr uint64_t kRoomForThree = 3 * 34'096;
  for (const size_t picture : {0, 1, 2}) {
    SB_ASSERT_OK(Load({picture}, kLarge, kRoomForThree));
    // Times of last use an hour apart.
    for (const fs::path& file : Files()) fs::last_write_time(file, fs::last_write_time(file) - std::chrono::hours(1));
  }
  SB_ASSERT_OK(Load({0}, kLarge, kRoomForThree));
  EXPECT_EQ(decoded_, 0) << "three fit";
  SB_ASSERT_OK(Load({3}, kLarge, kRoomForThree));  // 1 goes: 0 has just been used
  EXPECT_THAT(Files(), SizeIs(3));
  SB_ASSERT_OK(Load({0, 2, 3}, kLarge, 0));
  EXPECT_EQ(decoded_, 0);
  SB_ASSERT_OK(Load({1}, kLarge, 0));
  EXPECT_EQ(decoded_, 1);
}

TEST_F(DecodedCacheTest, EvictsOtherGeometriesButNeverWhatItNeeds) {
  SB_ASSERT_OK(Load({0, 1}, Geometry{50, 50, Filter::kBox}));
  SB_ASSERT_OK(Load({0}));
  SB_ASSERT_OK_AND_ASSIGN(const auto rows, Load({0, 1}, kGeometry, 1));
  EXPECT_EQ(decoded_, 1) << "row 0 was evicted although it was asked for";
  ExpectRows(*rows, {0, 1});
  for (const fs::path& file : Files()) EXPECT_NE(file.parent_path().filename(), "50x50-box-v1");
}

// A file size limit stands for the full disk: both make writing fail half-way.
TEST_F(DecodedCacheTest, ReportsWhatCannotBeWrittenAndCleansUp) {
  SB_ASSERT_OK(CreateDirectories(Folder()));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto ignore_before = std::signal(SIGXFSZ, SIG_IGN);
  rlimit limited = before;
  limited.rlim_cur = 6000;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limited), 0);
  const absl::StatusOr<std::unique_ptr<DecodedRows>> rows = Load(FirstPictures(200));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, ignore_before);
  EXPECT_FALSE(rows.ok());
  EXPECT_THAT(Files(), IsEmpty());
}

TEST_F(DecodedCacheTest, SeveralLoadsAtOnceAgree) {
  const std::vector<size_t> pictures = FirstPictures(300);
  const std::vector<DecodedCache::Request> requests = Requests(pictures);
  std::vector<std::thread> loaders;
  loaders.reserve(3);
  std::atomic<int> good{0};
  for (int i = 0; i < 3; ++i) {
    loaders.emplace_back([&] {
      ThreadPool pool(2);
      const auto rows = DecodedCache(Folder(), 0).Load(kGeometry, requests, &pool, CountingDecoder(), nullptr);
      bool equal = rows.ok() && (*rows)->size() == pictures.size();
      for (size_t row = 0; equal && row < pictures.size(); ++row) equal = (*rows)->row(row)[5] == Value(row, 5);
      good += equal ? 1 : 0;
    });
  }
  for (std::thread& loader : loaders) loader.join();
  EXPECT_EQ(good, 3);
  EXPECT_THAT(Files(), SizeIs(2)) << "the same rows are stored under the same names";
}

}  // namespace
}  // namespace seedbed::image
