#include "core/base/row_cache.h"

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
#include "core/base/mutex.h"
#include "core/base/status_macros.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temporary_directory.h"

namespace seedbed {
namespace {

namespace fs = std::filesystem;
using ::seedbed::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class RowCacheTest : public ::testing::Test {
 protected:
  static inline const RowCache::Kind kKind{.folder = "numbers/small", .row_bytes = 210, .what = "rows of numbers"};

  // What rows are made from are numbers: the row of number n is filled by a formula.
  static uint8_t Value(size_t number, size_t byte) { return static_cast<uint8_t>(number * 31 + byte * 7); }

  std::vector<RowCache::Request> Requests(const std::vector<size_t>& numbers) {
    std::vector<RowCache::Request> requests;
    requests.reserve(numbers.size());
    for (const size_t number : numbers) {
      while (digests_.size() <= number) digests_.push_back(Sha256Hex(absl::StrCat("number ", digests_.size())));
    }
    for (const size_t number : numbers) requests.push_back({digests_[number], number});
    return requests;
  }

  static std::vector<size_t> FirstNumbers(size_t count) {
    std::vector<size_t> numbers(count);
    std::iota(numbers.begin(), numbers.end(), size_t{0});
    return numbers;
  }

  RowCache::MakeRow CountingMaker() {
    return [this](size_t number, std::span<uint8_t> target) {
      ++made_;
      for (size_t i = 0; i < target.size(); ++i) target[i] = Value(number, i);
      return absl::OkStatus();
    };
  }

  absl::StatusOr<std::unique_ptr<StoredRows>> Load(const std::vector<size_t>& numbers, const RowCache::Kind& kind = kKind,
                                                   uint64_t max_bytes = 0) {
    made_ = 0;
    const std::vector<RowCache::Request> requests = Requests(numbers);
    return LoadWith(requests, CountingMaker(), nullptr, kind, max_bytes);
  }

  absl::StatusOr<std::unique_ptr<StoredRows>> LoadWith(const std::vector<RowCache::Request>& requests, RowCache::MakeRow make,
                                                       const RowCache::OnProgress& on_progress, const RowCache::Kind& kind = kKind,
                                                       uint64_t max_bytes = 0) {
    return RowCache(Folder(), max_bytes).Load(kind, requests, RowCache::OneByOne(kind.row_bytes, &pool_, std::move(make)), on_progress);
  }

  void ExpectRows(const StoredRows& rows, const std::vector<size_t>& numbers, const RowCache::Kind& kind = kKind) {
    ASSERT_EQ(rows.size(), numbers.size());
    for (size_t i = 0; i < numbers.size(); ++i) {
      ASSERT_THAT(rows.row(i), SizeIs(kind.row_bytes));
      for (size_t byte = 0; byte < kind.row_bytes; ++byte) ASSERT_EQ(rows.row(i)[byte], Value(numbers[i], byte)) << i;
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
  std::atomic<int> made_{0};
};

TEST_F(RowCacheTest, MakesOnceAndFindsAgain) {
  const std::vector<size_t> numbers = FirstNumbers(600);  // three segments
  SB_ASSERT_OK_AND_ASSIGN(const auto first, Load(numbers));
  EXPECT_EQ(made_, 600);
  ExpectRows(*first, numbers);
  EXPECT_THAT(Files(), SizeIs(3));
  SB_ASSERT_OK_AND_ASSIGN(const auto second, Load(numbers));
  EXPECT_EQ(made_, 0);
  ExpectRows(*second, numbers);
}

TEST_F(RowCacheTest, SaysHowManyRowsAreKeptAfterEachSegment) {
  const std::vector<RowCache::Request> requests = Requests(FirstNumbers(600));
  SB_ASSERT_OK(Load({7, 8, 9}));
  Mutex mutex;
  std::vector<size_t> kept;
  const auto on_kept = [&](size_t rows) {
    const MutexLock lock(&mutex);
    kept.push_back(rows);
    EXPECT_THAT(Files(), SizeIs(::testing::Ge(kept.size() + 1))) << "what counts as kept is on disk";
  };
  const auto make = RowCache::OneByOne(kKind.row_bytes, &pool_, CountingMaker());
  SB_ASSERT_OK(RowCache(Folder(), 0).Load(kKind, requests, make, nullptr, on_kept).status());
  std::sort(kept.begin(), kept.end());  // segments are finished on several threads
  EXPECT_THAT(kept, SizeIs(3));
  EXPECT_EQ(kept.back(), 600u);
  EXPECT_THAT(kept.front(), ::testing::AnyOf(3 + 256, 3 + 85));
}

TEST_F(RowCacheTest, MakesOnlyWhatIsNew) {
  SB_ASSERT_OK(Load({0, 1, 2}));
  const std::vector<size_t> more = {5, 2, 0, 7, 1};
  SB_ASSERT_OK_AND_ASSIGN(const auto rows, Load(more));
  EXPECT_EQ(made_, 2);
  ExpectRows(*rows, more);
}

TEST_F(RowCacheTest, MakesDuplicatesOnce) {
  const std::vector<size_t> numbers = {3, 1, 3, 3, 1};
  SB_ASSERT_OK_AND_ASSIGN(const auto rows, Load(numbers));
  EXPECT_EQ(made_, 2);
  ExpectRows(*rows, numbers);
  EXPECT_EQ(rows->row(0).data(), rows->row(3).data());
}

TEST_F(RowCacheTest, KeepsKindsApart) {
  SB_ASSERT_OK(Load({0, 1}));
  for (const RowCache::Kind& other : {RowCache::Kind{.folder = "numbers/other", .row_bytes = 210, .what = ""},
                                      RowCache::Kind{.folder = "other", .row_bytes = 100, .what = ""}}) {
    SB_ASSERT_OK_AND_ASSIGN(const auto rows, Load({0, 1}, other));
    EXPECT_EQ(made_, 2);
    ExpectRows(*rows, {0, 1}, other);
  }
}

TEST_F(RowCacheTest, StoresTheSameBytesForAnyNumberOfThreads) {
  const std::vector<RowCache::Request> requests = Requests(FirstNumbers(300));
  std::vector<std::string> contents;
  for (const size_t threads : {1, 4}) {
    const fs::path folder = directory_.path() / absl::StrCat("threads", threads);
    ThreadPool pool(threads);
    const auto make = RowCache::OneByOne(kKind.row_bytes, &pool, CountingMaker());
    SB_ASSERT_OK(RowCache(folder, 0).Load(kKind, requests, make, nullptr));
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder / kKind.folder)) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    contents.emplace_back();
    for (const fs::path& file : files) {
      SB_ASSERT_OK_AND_ASSIGN(const std::string content, ReadFile(file));
      absl::StrAppend(&contents.back(), file.filename().string(), "\n", content);
    }
  }
  EXPECT_EQ(contents[0], contents[1]);
}

TEST_F(RowCacheTest, TakesAnEmptyRequest) {
  SB_ASSERT_OK_AND_ASSIGN(const auto rows, Load({}));
  EXPECT_EQ(rows->size(), 0u);
  EXPECT_THAT(Files(), IsEmpty());
}

TEST_F(RowCacheTest, RefusesWhatIsNoDigest) {
  const std::vector<RowCache::Request> requests = {{"../../etc/passwd", 0}};
  EXPECT_THAT(LoadWith(requests, CountingMaker(), nullptr), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("passwd")));
}

TEST_F(RowCacheTest, RowsOutliveTheirFiles) {
  SB_ASSERT_OK_AND_ASSIGN(const auto rows, Load({0, 1, 2}));
  SB_ASSERT_OK(RemoveAll(Folder()));
  ExpectRows(*rows, {0, 1, 2});
}

TEST_F(RowCacheTest, IgnoresAndRemovesDamagedSegments) {
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
    EXPECT_EQ(made_, 3);
    ExpectRows(*rows, {0, 1, 2});
    EXPECT_THAT(Files(), ::testing::ElementsAre(file)) << "the damaged segment is still there";
  }
}

TEST_F(RowCacheTest, TellsTheFirstFailureForAnyNumberOfThreads) {
  const std::vector<RowCache::Request> requests = Requests(FirstNumbers(100));
  const auto fails_at_some = [](size_t number, std::span<uint8_t>) {
    return number % 20 == 13 ? absl::InvalidArgumentError(absl::StrCat("number ", number)) : absl::OkStatus();
  };
  for (int round = 0; round < 20; ++round) {
    EXPECT_THAT(LoadWith(requests, fails_at_some, nullptr), StatusIs(absl::StatusCode::kInvalidArgument, ::testing::Eq("number 13")));
  }
  EXPECT_THAT(Files(), IsEmpty()) << "an unfinished segment was left behind";
}

TEST_F(RowCacheTest, KeepsFinishedSegmentsWhenALaterRowFails) {
  const std::vector<RowCache::Request> requests = Requests(FirstNumbers(600));
  const auto fails_late = [](size_t number, std::span<uint8_t> target) {
    std::fill(target.begin(), target.end(), Value(number, 0));
    return number == 599 ? absl::DataLossError("late") : absl::OkStatus();
  };
  EXPECT_THAT(LoadWith(requests, fails_late, nullptr), StatusIs(absl::StatusCode::kDataLoss));
  SB_ASSERT_OK(Load(FirstNumbers(600)));
  EXPECT_EQ(made_, 600 - 2 * 256);
}

TEST_F(RowCacheTest, ReportsProgressAndStopsWhenAsked) {
  const std::vector<RowCache::Request> requests = Requests(FirstNumbers(100));
  std::atomic<size_t> calls{0}, largest{0};
  SB_ASSERT_OK(LoadWith(requests, CountingMaker(), [&](size_t done, size_t total) {
    ++calls;
    EXPECT_EQ(total, 100u);
    for (size_t seen = largest; seen < done && !largest.compare_exchange_weak(seen, done);) {
    }
    return true;
  }));
  EXPECT_EQ(calls, 100u);
  EXPECT_EQ(largest, 100u);

  const std::vector<RowCache::Request> more = Requests(FirstNumbers(5000));
  made_ = 0;
  EXPECT_THAT(LoadWith(more, CountingMaker(), [](size_t done, size_t) { return done < 10; }), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_LT(made_, 30) << "it went on after it was told to stop";
  EXPECT_THAT(Files(), SizeIs(1)) << "an unfinished segment was left behind";
}

TEST_F(RowCacheTest, RemovesWhatDeadWritersLeftAndNothingElse) {
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

TEST_F(RowCacheTest, EvictsTheLongestUnused) {
  const RowCache::Kind large{.folder = "large", .row_bytes = 30'000, .what = "large rows"};  // in a segment of 34,096
  constexpr uint64_t kRoomForThree = 3 * 34'096;
  for (const size_t number : {0, 1, 2}) {
    SB_ASSERT_OK(Load({number}, large, kRoomForThree));
    // Times of last use an hour apart.
    for (const fs::path& file : Files()) fs::last_write_time(file, fs::last_write_time(file) - std::chrono::hours(1));
  }
  SB_ASSERT_OK(Load({0}, large, kRoomForThree));
  EXPECT_EQ(made_, 0) << "three fit";
  SB_ASSERT_OK(Load({3}, large, kRoomForThree));  // 1 goes: 0 has just been used
  EXPECT_THAT(Files(), SizeIs(3));
  SB_ASSERT_OK(Load({0, 2, 3}, large, 0));
  EXPECT_EQ(made_, 0);
  SB_ASSERT_OK(Load({1}, large, 0));
  EXPECT_EQ(made_, 1);
}

TEST_F(RowCacheTest, EvictsOtherKindsButNeverWhatItNeeds) {
  SB_ASSERT_OK(Load({0, 1}, {.folder = "large", .row_bytes = 7'500, .what = ""}));
  SB_ASSERT_OK(Load({0}));
  SB_ASSERT_OK_AND_ASSIGN(const auto rows, Load({0, 1}, kKind, 1));
  EXPECT_EQ(made_, 1) << "row 0 was evicted although it was asked for";
  ExpectRows(*rows, {0, 1});
  for (const fs::path& file : Files()) EXPECT_NE(file.parent_path().filename(), "large");
}

// A file size limit stands for the full disk: both make writing fail half-way.
TEST_F(RowCacheTest, ReportsWhatCannotBeWrittenAndCleansUp) {
  SB_ASSERT_OK(CreateDirectories(Folder()));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto ignore_before = std::signal(SIGXFSZ, SIG_IGN);
  rlimit limited = before;
  limited.rlim_cur = 6000;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limited), 0);
  const absl::StatusOr<std::unique_ptr<StoredRows>> rows = Load(FirstNumbers(200));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, ignore_before);
  EXPECT_FALSE(rows.ok());
  EXPECT_THAT(Files(), IsEmpty());
}

TEST_F(RowCacheTest, SeveralLoadsAtOnceAgree) {
  const std::vector<size_t> numbers = FirstNumbers(300);
  const std::vector<RowCache::Request> requests = Requests(numbers);
  std::vector<std::thread> loaders;
  loaders.reserve(3);
  std::atomic<int> good{0};
  for (int i = 0; i < 3; ++i) {
    loaders.emplace_back([&] {
      ThreadPool pool(2);
      const auto make = RowCache::OneByOne(kKind.row_bytes, &pool, CountingMaker());
      const auto rows = RowCache(Folder(), 0).Load(kKind, requests, make, nullptr);
      bool equal = rows.ok() && (*rows)->size() == numbers.size();
      for (size_t row = 0; equal && row < numbers.size(); ++row) equal = (*rows)->row(row)[5] == Value(row, 5);
      good += equal ? 1 : 0;
    });
  }
  for (std::thread& loader : loaders) loader.join();
  EXPECT_EQ(good, 3);
  EXPECT_THAT(Files(), SizeIs(2)) << "the same rows are stored under the same names";
}

TEST_F(RowCacheTest, BatchMakersGetAllMissingRowsAtOnce) {
  SB_ASSERT_OK(Load({1, 3}));
  const std::vector<RowCache::Request> requests = Requests({0, 1, 2, 3, 4, 2});
  const auto make_backwards = [](std::span<const size_t> indices, const RowCache::PutRow& put) {
    EXPECT_THAT(indices, ::testing::ElementsAre(0, 2, 4));
    for (size_t position = indices.size(); position-- > 0;) {
      std::vector<uint8_t> row(kKind.row_bytes);
      for (size_t i = 0; i < row.size(); ++i) row[i] = Value(indices[position], i);
      SB_RETURN_IF_ERROR(put(position, row));
    }
    return absl::OkStatus();
  };
  SB_ASSERT_OK_AND_ASSIGN(const auto rows, RowCache(Folder(), 0).Load(kKind, requests, make_backwards, nullptr));
  ExpectRows(*rows, {0, 1, 2, 3, 4, 2});
  const auto never = [](std::span<const size_t>, const RowCache::PutRow&) { return absl::InternalError("nothing is missing"); };
  SB_EXPECT_OK(RowCache(Folder(), 0).Load(kKind, requests, never, nullptr));
}

TEST_F(RowCacheTest, SegmentsAreAsShortAsTheKindAsksFor) {
  RowCache::Kind kind = kKind;
  kind.segment_rows = 10;
  const std::vector<RowCache::Request> requests = Requests(FirstNumbers(35));
  const auto stops_at_27 = [](size_t number, std::span<uint8_t> target) {
    std::fill(target.begin(), target.end(), Value(number, 0));
    return number == 27 ? absl::DataLossError("27") : absl::OkStatus();
  };
  EXPECT_THAT(LoadWith(requests, stops_at_27, nullptr, kind), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(Files(), SizeIs(2)) << "two whole segments were made before";
}

TEST_F(RowCacheTest, MakersThatForgetRowsAreFoundOut) {
  const std::vector<RowCache::Request> requests = Requests({0, 1});
  const auto forgets = [](std::span<const size_t>, const RowCache::PutRow& put) { return put(1, std::vector<uint8_t>(kKind.row_bytes)); };
  EXPECT_THAT(RowCache(Folder(), 0).Load(kKind, requests, forgets, nullptr),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("1 were made")));
  EXPECT_THAT(Files(), IsEmpty());
}

}  // namespace
}  // namespace seedbed
