#include "core/features/feature_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "core/base/digest.h"
#include "core/graph/architectures.h"
#include "core/nn/weights.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temporary_directory.h"
#include "tests/unit/core/features/features_testing.h"

namespace seedbed::features {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr size_t kBatch = 16;

class FeatureCacheTest : public ::testing::Test {
 protected:
  FeatureCacheTest() {
    preprocessing_.width = preprocessing_.height = 1;
    preprocessing_.rescale = 1;
    preprocessing_.center = image::Center::kNone;
  }

  std::vector<FeatureCache::Request> Requests(const std::vector<size_t>& images) {
    while (digests_.size() < 1'000) digests_.push_back(Sha256Hex(absl::StrCat("image ", digests_.size())));
    std::vector<FeatureCache::Request> requests;
    for (const size_t image : images) requests.push_back({digests_[image], image});
    return requests;
  }

  static std::vector<size_t> FirstImages(size_t count) {
    std::vector<size_t> images(count);
    std::iota(images.begin(), images.end(), size_t{0});
    return images;
  }

  // Image n has the one pixel (n / 250, n % 250, 0), and so the feature n / 250 + n % 250.
  absl::StatusOr<FeatureRows> Load(const std::vector<size_t>& images, std::string_view key = "key",
                                   const Extractor::OnProgress& on_progress = nullptr) {
    opened_.clear();
    Extractor extractor = *Extractor::Create(&backend_, {1, 1, 2}, preprocessing_, {}, {.batch = kBatch});
    const auto open = [this](std::span<const size_t> missing) -> absl::StatusOr<ReadPixels> {
      opened_.assign(missing.begin(), missing.end());
      return [](size_t image, std::span<uint8_t> scratch) -> absl::StatusOr<std::span<const uint8_t>> {
        scratch[0] = static_cast<uint8_t>(image / 250);
        scratch[1] = static_cast<uint8_t>(image % 250);
        scratch[2] = 0;
        return scratch;
      };
    };
    const std::vector<FeatureCache::Request> requests = Requests(images);
    return FeatureCache(directory_.path(), 0).Load(key, requests, &extractor, open, on_progress);
  }

  static void ExpectRows(const FeatureRows& rows, const std::vector<size_t>& images) {
    ASSERT_EQ(rows.size(), images.size());
    for (size_t i = 0; i < images.size(); ++i) {
      const size_t sum = images[i] / 250 + images[i] % 250;
      ASSERT_THAT(rows.row(i), ElementsAre(static_cast<float>(sum), 0)) << i;
    }
  }

  const testing::TemporaryDirectory directory_;
  image::Preprocessing preprocessing_;
  FormulaBackend backend_{1, kBatch};
  std::vector<std::string> digests_;
  std::vector<size_t> opened_;
};

TEST_F(FeatureCacheTest, ComputesOnceAndFindsAgain) {
  const std::vector<size_t> images = FirstImages(300);
  SB_ASSERT_OK_AND_ASSIGN(const FeatureRows first, Load(images));
  ExpectRows(first, images);
  EXPECT_EQ(backend_.batches(), 19);
  SB_ASSERT_OK_AND_ASSIGN(const FeatureRows second, Load({299, 5, 5, 0}));
  ExpectRows(second, {299, 5, 5, 0});
  EXPECT_EQ(backend_.batches(), 19);
  EXPECT_THAT(opened_, ::testing::IsEmpty()) << "no pixels are needed when nothing is missing";
}

TEST_F(FeatureCacheTest, ComputesOnlyWhatIsMissing) {
  SB_ASSERT_OK(Load({1, 3}));
  SB_ASSERT_OK_AND_ASSIGN(const FeatureRows rows, Load({0, 1, 2, 3, 4}));
  EXPECT_THAT(opened_, ElementsAre(0, 2, 4));
  ExpectRows(rows, {0, 1, 2, 3, 4});
}

TEST_F(FeatureCacheTest, KeysKeepSourcesApart) {
  SB_ASSERT_OK(Load({0, 1}));
  SB_ASSERT_OK(Load({0, 1}, "other"));
  EXPECT_THAT(opened_, ElementsAre(0, 1));
}

TEST_F(FeatureCacheTest, KeepsWholeSegmentsWhenStopped) {
  EXPECT_THAT(Load(FirstImages(600), "key", [](size_t done, size_t) { return done < 400; }), StatusIs(absl::StatusCode::kCancelled));
  SB_ASSERT_OK_AND_ASSIGN(const FeatureRows rows, Load(FirstImages(600)));
  EXPECT_LE(opened_.size(), 600 - 2 * 128) << "at least two segments had been stored";
  EXPECT_EQ(opened_.size() % 8, 0);
  ExpectRows(rows, FirstImages(600));
}

TEST(FeatureKey, DependsOnAllThatDecidesTheFeatures) {
  const auto graph_of = [](int64_t classes) {
    return *graph::BuildArchitecture("logistic", {.input_shape = {2, 2, 3}, .classes = classes});
  };
  const graph::Graph graph = graph_of(3), other_graph = graph_of(4);
  const nn::TensorMap weights = nn::InitializeWeights(graph, 1), others = nn::InitializeWeights(graph, 2);
  const nn::TensorMap other_graphs = nn::InitializeWeights(other_graph, 1);
  nn::TensorViews views = nn::ViewsOf(weights);
  const nn::TensorViews other_views = nn::ViewsOf(others), other_graph_views = nn::ViewsOf(other_graphs);
  const image::Preprocessing preprocessing, other_preprocessing = *image::PresetNamed("imagenet");
  const std::vector<float> mean_image = {1};
  const FeatureSource source{.backbone = graph, .weights = views, .preprocessing = preprocessing, .mean_image = {}, .profile = "avx2"};
  const std::string key = *FeatureKey(source);
  EXPECT_TRUE(IsSha256Hex(key));
  EXPECT_EQ(*FeatureKey(source), key);
  const std::vector<FeatureSource> different = {
      {.backbone = other_graph, .weights = other_graph_views, .preprocessing = preprocessing, .mean_image = {}, .profile = "avx2"},
      {.backbone = graph, .weights = other_views, .preprocessing = preprocessing, .mean_image = {}, .profile = "avx2"},
      {.backbone = graph, .weights = views, .preprocessing = other_preprocessing, .mean_image = {}, .profile = "avx2"},
      {.backbone = graph, .weights = views, .preprocessing = preprocessing, .mean_image = mean_image, .profile = "avx2"},
      {.backbone = graph, .weights = views, .preprocessing = preprocessing, .mean_image = {}, .pool = Pool::kMax, .profile = "avx2"},
      {.backbone = graph, .weights = views, .preprocessing = preprocessing, .mean_image = {}, .batch = 16, .profile = "avx2"},
      {.backbone = graph, .weights = views, .preprocessing = preprocessing, .mean_image = {}, .profile = "avx512"}};
  for (const FeatureSource& other : different) EXPECT_NE(*FeatureKey(other), key);
  views.emplace("head.weight", views.begin()->second);
  EXPECT_EQ(*FeatureKey(source), key) << "weights that the backbone does not have do not matter";
  views.erase("dense.bias");
  EXPECT_THAT(FeatureKey(source), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("dense.bias")));
}

}  // namespace
}  // namespace seedbed::features
