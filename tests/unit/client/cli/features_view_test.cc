#include "client/cli/features_view.h"

#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace seedbed::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

v1::FeatureSet Pooled() {
  v1::FeatureSet features;
  features.set_name("seedlings-effnet");
  features.set_dataset("seedlings");
  features.set_dataset_version(2);
  features.set_split("default");
  features.set_subset("train");
  features.set_model("effnet");
  features.set_model_version(1);
  features.set_arch("efficientnet_lite0");
  features.set_layer("top_activation");
  features.set_pool(v1::POOL_AVG);
  features.set_dtype(v1::FEATURE_TYPE_FLOAT16);
  features.add_shape(1280);
  features.set_rows(4606);
  features.set_bytes(12'000'000);
  features.add_classes("Maize");
  return features;
}

class FeaturesViewTest : public ::testing::Test {
 protected:
  std::ostringstream out_, err_;
  Console console_{out_, err_, {}};
};

TEST_F(FeaturesViewTest, TableNamesWhatTheyAreOf) {
  EXPECT_EQ(
      FeaturesTable({Pooled()}, console_).Render(),
      "NAME              IMAGES  VALUES  TYPE     MODEL     LAYER                OF                                    SIZE  CREATED\n"
      "seedlings-effnet   4,606    1280  float16  effnet:1  top_activation, avg  seedlings:2, split default, train  12.0 MB  -\n");
}

TEST_F(FeaturesViewTest, ShowsShapeAndWhereTheyLie) {
  v1::GetFeaturesResponse response;
  *response.mutable_features() = Pooled();
  v1::FeatureSet& features = *response.mutable_features();
  features.clear_shape();
  for (const int extent : {4, 4, 512}) features.add_shape(extent);
  features.set_pool(v1::POOL_NONE);
  features.clear_split();
  features.clear_subset();
  response.set_path("/data/features/seedlings-effnet.zarr");
  EXPECT_THAT(RenderFeatures(response, console_),
              AllOf(HasSubstr("4,606 images x 4x4x512 float16\n"), HasSubstr("layer          top_activation\n"),
                    HasSubstr("of             seedlings:2\n"), HasSubstr("store          /data/features/seedlings-effnet.zarr\n"),
                    Not(HasSubstr("split"))));
}

TEST_F(FeaturesViewTest, DocumentIsTheMessageAndThePath) {
  v1::GetFeaturesResponse response;
  *response.mutable_features() = Pooled();
  response.set_path("/data");
  const Json document = FeaturesDocument(response);
  EXPECT_EQ(document["name"], "seedlings-effnet");
  EXPECT_EQ(document["pool"], "AVG");
  EXPECT_EQ(document["shape"].dump(), "[1280]");
  EXPECT_EQ(document["path"], "/data");
}

}  // namespace
}  // namespace seedbed::cli
