#include "core/image/decoded_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "core/base/digest.h"
#include "core/image/codec.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temporary_directory.h"

namespace seedbed::image {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::HasSubstr;

class DecodedCacheTest : public ::testing::Test {
 protected:
  // Every pixel of picture n is n; what is common to all rows on disk is tested with RowCache.
  absl::StatusOr<std::unique_ptr<DecodedRows>> Load(const Geometry& geometry) {
    decoded_ = 0;
    const std::vector<DecodedCache::Request> requests = {{first_, 1}, {second_, 2}};
    const auto decode = [this](size_t picture, std::span<uint8_t> target) {
      ++decoded_;
      std::fill(target.begin(), target.end(), static_cast<uint8_t>(picture));
      return absl::OkStatus();
    };
    return DecodedCache(directory_.path(), 0).Load(geometry, requests, &pool_, decode, nullptr);
  }

  const testing::TemporaryDirectory directory_;
  ThreadPool pool_{2};
  const std::string first_ = Sha256Hex("first"), second_ = Sha256Hex("second");
  std::atomic<int> decoded_{0};
};

TEST_F(DecodedCacheTest, KeepsGeometriesApart) {
  for (const Geometry& geometry :
       {Geometry{10, 7, Filter::kBilinear}, Geometry{7, 10, Filter::kBilinear}, Geometry{10, 7, Filter::kNearest},
        Geometry{10, 7, Filter::kBilinear, R"([{"a":{}}])"}, Geometry{10, 7, Filter::kBilinear, R"([{"a":{"x":1}}])"}}) {
    for (const int decoded : {2, 0}) {
      SB_ASSERT_OK_AND_ASSIGN(const auto rows, Load(geometry));
      EXPECT_EQ(decoded_, decoded);
      ASSERT_EQ(rows->size(), 2);
      for (const size_t i : {0, 1}) EXPECT_THAT(rows->row(i), ::testing::ElementsAreArray(std::vector<uint8_t>(210, i + 1)));
    }
  }
}

TEST_F(DecodedCacheTest, FoldersSayWhatTheyHold) {
  SB_ASSERT_OK(Load({10, 7, Filter::kLanczos}));
  EXPECT_TRUE(std::filesystem::is_directory(directory_.path() / "decoded" / ("10x7-lanczos-v" + std::to_string(kDecodeVersion))));
}

TEST_F(DecodedCacheTest, RefusesWhatHasNoSize) {
  EXPECT_THAT(Load({0, 7, Filter::kBox}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("1 x 1")));
}

}  // namespace
}  // namespace seedbed::image
