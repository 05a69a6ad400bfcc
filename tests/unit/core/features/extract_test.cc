#include "core/features/extract.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "core/base/mutex.h"
#include "tests/testing/status_matchers.h"
#include "tests/unit/core/features/features_testing.h"

namespace seedbed::features {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr size_t kBatch = 8;
constexpr size_t kPositions = 6;  // images of 3 x 2 pixels

uint8_t Pixel(size_t image, size_t i) { return static_cast<uint8_t>(image * 3 + i); }

absl::StatusOr<std::span<const uint8_t>> ReadFormula(size_t image, std::span<uint8_t> scratch) {
  for (size_t i = 0; i < scratch.size(); ++i) scratch[i] = Pixel(image, i);
  return scratch;
}

class ExtractTest : public ::testing::Test {
 protected:
  ExtractTest() {
    preprocessing_ = *image::PresetNamed("efficientnet_lite");
    preprocessing_.width = 3;
    preprocessing_.height = 2;
  }

  Extractor Make(Pool pool = Pool::kNone, int reading_threads = 1) {
    const ExtractorOptions options{.pool = pool, .batch = kBatch, .reading_threads = reading_threads};
    Extractor extractor = *Extractor::Create(&backend_, {2, 3, 2}, preprocessing_, {}, options);
    row_values_ = extractor.row_values();
    return extractor;
  }

  static std::vector<size_t> Images(size_t count) {
    std::vector<size_t> images(count);
    std::iota(images.begin(), images.end(), size_t{1'000});
    return images;
  }

  // Collects what is computed; checks that it comes in order.
  Extractor::Sink Collect() {
    return [this](size_t first, std::span<const float> rows) {
      EXPECT_EQ(collected_.size(), first * row_values_);
      collected_.insert(collected_.end(), rows.begin(), rows.end());
      return absl::OkStatus();
    };
  }

  float Sum(size_t image, size_t position) const {
    float sum = 0;
    for (size_t c = 0; c < 3; ++c) sum += static_cast<float>(Pixel(image, position * 3 + c)) / 128 - 127.0f / 128;
    return sum;
  }

  image::Preprocessing preprocessing_;
  FormulaBackend backend_{kPositions, kBatch};
  size_t row_values_ = 2 * kPositions;
  std::vector<float> collected_;
};

TEST_F(ExtractTest, ComputesEveryImageInOrderInFullBatches) {
  for (const int threads : {1, 3}) {
    for (const size_t count : {1, 7, 8, 9, 100}) {
      collected_.clear();
      Extractor extractor = Make(Pool::kNone, threads);
      EXPECT_THAT(extractor.row_shape(), ElementsAre(2, 3, 2));
      const std::vector<size_t> images = Images(count);
      SB_ASSERT_OK(extractor.Run(images, ReadFormula, Collect(), nullptr));
      ASSERT_EQ(collected_.size(), count * extractor.row_values());
      for (size_t row = 0; row < count; ++row) {
        for (size_t position = 0; position < kPositions; ++position) {
          const size_t at = row * extractor.row_values() + 2 * position;
          ASSERT_EQ(collected_[at], Sum(images[row], position)) << row;
          ASSERT_EQ(collected_[at + 1], static_cast<float>(position));
        }
      }
    }
  }
}

TEST_F(ExtractTest, Pools) {
  Extractor extractor = Make(Pool::kMax);
  EXPECT_THAT(extractor.row_shape(), ElementsAre(2));
  SB_ASSERT_OK(extractor.Run(Images(20), ReadFormula, Collect(), nullptr));
  ASSERT_EQ(collected_.size(), 40);
  for (size_t row = 0; row < 20; ++row) {
    float largest = -1'000;
    for (size_t position = 0; position < kPositions; ++position) largest = std::max(largest, Sum(1'000 + row, position));
    EXPECT_EQ(collected_[2 * row], largest);
    EXPECT_EQ(collected_[2 * row + 1], 5);
  }
  collected_.clear();
  Extractor average = Make(Pool::kAverage);
  SB_ASSERT_OK(average.Run(Images(3), ReadFormula, Collect(), nullptr));
  EXPECT_EQ(collected_[1], 2.5f);
}

TEST_F(ExtractTest, NothingToDoIsDone) {
  Extractor extractor = Make();
  SB_EXPECT_OK(extractor.Run({}, ReadFormula, Collect(), nullptr));
  EXPECT_EQ(backend_.batches(), 0);
}

TEST_F(ExtractTest, ReportsProgressAndStopsWithinABatch) {
  std::vector<size_t> progress;
  Extractor extractor = Make();
  const auto note = [&](size_t done, size_t total) {
    EXPECT_EQ(total, 20u);
    progress.push_back(done);
    return true;
  };
  SB_ASSERT_OK(extractor.Run(Images(20), ReadFormula, Collect(), note));
  EXPECT_THAT(progress, ElementsAre(8, 16, 20));
  collected_.clear();
  const size_t before = backend_.batches();
  EXPECT_THAT(extractor.Run(Images(10'000), ReadFormula, Collect(), [](size_t done, size_t) { return done < 16; }),
              StatusIs(absl::StatusCode::kCancelled));
  EXPECT_EQ(backend_.batches() - before, 2);
}

TEST_F(ExtractTest, TellsTheFirstFailureOfReading) {
  const auto fails_at_some = [](size_t image, std::span<uint8_t> scratch) -> absl::StatusOr<std::span<const uint8_t>> {
    if (image % 10 == 3) return absl::NotFoundError(absl::StrCat("image ", image));
    return ReadFormula(image, scratch);
  };
  for (int round = 0; round < 20; ++round) {
    Extractor extractor = Make(Pool::kNone, 3);
    EXPECT_THAT(extractor.Run(Images(100), fails_at_some, Collect(), nullptr),
                StatusIs(absl::StatusCode::kNotFound, ::testing::Eq("image 1003")));
  }
}

TEST_F(ExtractTest, EndsWithTheBackendsFailure) {
  backend_.FailAt(5);
  Extractor extractor = Make();
  EXPECT_THAT(extractor.Run(Images(1'000), ReadFormula, Collect(), nullptr), StatusIs(absl::StatusCode::kResourceExhausted, "no memory"));
  EXPECT_LE(collected_.size(), 5 * kBatch * extractor.row_values());
}

TEST_F(ExtractTest, EndsWithTheSinksFailure) {
  Extractor extractor = Make();
  const auto full = [](size_t first, std::span<const float>) { return first >= 24 ? absl::DataLossError("full") : absl::OkStatus(); };
  EXPECT_THAT(extractor.Run(Images(10'000), ReadFormula, full, nullptr), StatusIs(absl::StatusCode::kDataLoss, "full"));
  EXPECT_LT(backend_.batches(), 10) << "it went on";
}

// The next batch is read while one is computed: the backend waits for that here, and would wait for ever otherwise.
TEST_F(ExtractTest, ReadsAheadWhileTheBackendComputes) {
  class WaitingBackend : public FormulaBackend {
   public:
    WaitingBackend() : FormulaBackend(kPositions, kBatch) {}
    absl::Status Forward(std::span<const float> input, size_t batch, std::span<float> output) override {
      {
        MutexLock lock(&mutex_);
        ++begun_;
        while (images_read_ < std::min<size_t>(begun_ * kBatch + 1, 32)) read_.Wait(&mutex_);
      }
      return FormulaBackend::Forward(input, batch, output);
    }
    void CountRead() {
      MutexLock lock(&mutex_);
      ++images_read_;
      read_.NotifyAll();
    }

   private:
    Mutex mutex_;
    CondVar read_;
    size_t begun_ = 0, images_read_ = 0;
  } backend;
  Extractor extractor = *Extractor::Create(&backend, {2, 3, 2}, preprocessing_, {}, {.batch = kBatch});
  const auto read = [&](size_t image, std::span<uint8_t> scratch) {
    backend.CountRead();
    return ReadFormula(image, scratch);
  };
  SB_EXPECT_OK(extractor.Run(Images(32), read, Collect(), nullptr));
}

TEST_F(ExtractTest, SettingsMustFitTogether) {
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  const auto create = [&](const graph::Shape& shape, std::vector<float> mean_image, Pool pool = Pool::kNone, size_t batch = kBatch) {
    return Extractor::Create(&backend_, shape, preprocessing_, std::move(mean_image), {.pool = pool, .batch = batch}).status();
  };
  SB_EXPECT_OK(create({12}, {}));
  EXPECT_THAT(create({13}, {}), StatusIs(kInvalid, HasSubstr("12 values, not 13")));
  EXPECT_THAT(create({12}, {}, Pool::kAverage), StatusIs(kInvalid, HasSubstr("pool")));
  EXPECT_THAT(create({12}, {}, Pool::kNone, 0), StatusIs(kInvalid));
  EXPECT_THAT(create({12}, std::vector<float>(18)), StatusIs(kInvalid, HasSubstr("mean image")));
  preprocessing_.center = image::Center::kMeanImage;
  EXPECT_THAT(create({12}, {}), StatusIs(kInvalid, HasSubstr("mean image")));
  SB_EXPECT_OK(create({12}, std::vector<float>(18)));
}

}  // namespace
}  // namespace seedbed::features
