#include "core/dataset/decoded_rows.h"

#include <algorithm>
#include <atomic>

#include "core/base/digest.h"
#include "core/dataset/folder_scan.h"
#include "core/dataset/inspect.h"
#include "gmock/gmock.h"
#include "tests/testing/image_folder.h"

namespace seedbed::dataset {
namespace {

using ::seedbed::testing::ImageFolder;
using ::seedbed::testing::NoiseImage;
using ::seedbed::testing::StatusIs;
using ::seedbed::testing::TemporaryDirectory;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

class DecodedRowsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    images_.AddImages("a", 5, 0);
    images_.AddImages("b", 5, 10);
    SB_ASSERT_OK_AND_ASSIGN(const Candidates candidates, ScanFolder(images_.root(), {}));
    SB_ASSERT_OK_AND_ASSIGN(const Inspection found, InspectFiles(candidates, {.root = images_.root(), .objects = {}}));
    manifest_ = {images_.root().string(), candidates.classes, found.rows};
  }

  absl::StatusOr<std::unique_ptr<image::DecodedRows>> Load(const std::vector<uint32_t>& rows) {
    image::DecodedCache cache(cache_.path(), 0);
    decoded_ = 0;
    const auto go_on = [] { return true; };
    return LoadDecodedRows(manifest_, rows, "", {18, 18, image::Filter::kBilinear, steps_}, &cache, &pool_, go_on,
                           [this](size_t done, size_t) {
                             decoded_ = std::max(decoded_.load(), done);
                             return true;
                           });
  }

  const ImageFolder images_;
  const TemporaryDirectory cache_;
  ThreadPool pool_{2};
  Manifest manifest_;
  std::string steps_;
  std::atomic<size_t> decoded_{0};
};

TEST_F(DecodedRowsTest, GivesPixelsInTheAskedOrderAndDecodesOnce) {
  SB_ASSERT_OK_AND_ASSIGN(const auto rows, Load({7, 0, 7}));
  ASSERT_EQ(rows->size(), 3u);
  EXPECT_THAT(rows->row(0), ElementsAreArray(NoiseImage(12).rgb));
  EXPECT_THAT(rows->row(1), ElementsAreArray(NoiseImage(0).rgb));
  EXPECT_THAT(rows->row(2), ElementsAreArray(NoiseImage(12).rgb));
  EXPECT_EQ(decoded_, 2u);
  SB_ASSERT_OK_AND_ASSIGN(const auto again, Load({0, 7, 1}));
  EXPECT_EQ(decoded_, 1u);
  EXPECT_THAT(again->row(2), ElementsAreArray(NoiseImage(1).rgb));
}

TEST_F(DecodedRowsTest, AppliesStepsAndKeepsThosePicturesApart) {
  SB_ASSERT_OK(Load({0}));
  steps_ = R"([{"multiply":{"mul":0}}])";
  SB_ASSERT_OK_AND_ASSIGN(const auto rows, Load({0}));
  EXPECT_EQ(decoded_, 1u);
  EXPECT_THAT(rows->row(0), ::testing::Each(0));
  SB_ASSERT_OK(Load({0}));
  EXPECT_EQ(decoded_, 0u);
  steps_ = R"([{"fliplr":{"p":0.5}}])";
  EXPECT_THAT(Load({0}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("pipeline has the step 'fliplr'")));
  steps_ = R"([{"gone":{}}])";
  EXPECT_THAT(Load({0}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("'gone'")));
}

TEST_F(DecodedRowsTest, ChangedFileIsAnErrorEvenWhenCached) {
  SB_ASSERT_OK(Load({0, 1, 2}));
  images_.AddFile("a/001.png", "other");
  EXPECT_THAT(Load({0, 1, 2}), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("'a/001.png'")));
  SB_EXPECT_OK(Load({0, 2}));
}

TEST_F(DecodedRowsTest, UndecodableFileIsNamed) {
  images_.AddFile("a/003.png", "no image");
  // As if it had been indexed by another version that could read it.
  manifest_.rows[3].bytes = 8;
  manifest_.rows[3].sha256 = Sha256Hex("no image");
  EXPECT_THAT(Load({2, 3}), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("'a/003.png' can no longer be decoded")));
}

}  // namespace
}  // namespace seedbed::dataset
