#include "server/worker/convert_results.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "seedbed/v1/dataset.pb.h"
#include "seedbed/v1/features.pb.h"
#include "seedbed/v1/model.pb.h"

namespace seedbed::worker {
namespace {

using ::testing::ElementsAre;

TEST(ConvertResultsTest, Extract) {
  v1::Assignment assignment;
  assignment.mutable_attempt()->set_job_id("extract-3");
  assignment.mutable_inputs()->set_dataset_version(4);
  assignment.mutable_inputs()->set_model_version(2);
  v1::ExtractSpec& spec = *assignment.mutable_spec()->mutable_extract();
  spec.set_features("rows");
  spec.set_dataset("maize");
  spec.set_split("s");
  spec.set_subset("train");
  spec.set_model("base:2");
  spec.set_pool(v1::POOL_AVG);
  spec.set_dtype(v1::FEATURE_TYPE_FLOAT16);
  tasks::ExtractResult result;
  result.images = 480;
  result.computed = 12;
  result.classes = {"a", "b"};
  result.arch = "vgg16";
  result.layer = "block5_pool";
  result.shape = {512};
  result.weights_sha256 = "ff";
  result.preprocessing.channels = image::ChannelOrder::kBgr;
  result.preprocessing.center = image::Center::kNone;
  result.preprocessing.interpolation = image::Filter::kLanczos;
  result.preprocessing.steps = R"([{"remove_background":{"colours":[[1.5,2,3]]}},{"flipud":{}}])";
  result.images_per_second = 7.5;
  result.bytes = 999;
  const TaskOutput output = ToOutput(assignment, result);
  EXPECT_EQ(output.result.extract().features(), "rows");
  EXPECT_EQ(output.result.extract().rows(), 480);
  EXPECT_EQ(output.result.extract().cached_images(), 468);
  EXPECT_EQ(output.result.extract().images_per_second(), 7.5);
  EXPECT_THAT(output.result.extract().shape(), ElementsAre(512));
  v1::FeatureSet record;
  ASSERT_TRUE(record.ParseFromString(output.record));
  EXPECT_EQ(record.job_id(), "extract-3");
  EXPECT_EQ(record.dataset_version(), 4);
  EXPECT_EQ(record.subset(), "train");
  EXPECT_EQ(record.model(), "base");
  EXPECT_EQ(record.model_version(), 2);
  EXPECT_EQ(record.weights_sha256(), "ff");
  EXPECT_EQ(record.arch(), "vgg16");
  EXPECT_EQ(record.layer(), "block5_pool");
  EXPECT_EQ(record.pool(), v1::POOL_AVG);
  EXPECT_EQ(record.dtype(), v1::FEATURE_TYPE_FLOAT16);
  EXPECT_THAT(record.classes(), ElementsAre("a", "b"));
  EXPECT_EQ(record.preprocessing().channels(), v1::CHANNEL_ORDER_BGR);
  EXPECT_EQ(record.preprocessing().center(), v1::CENTER_NONE);
  EXPECT_EQ(record.preprocessing().interpolation(), v1::INTERPOLATION_LANCZOS);
  ASSERT_EQ(record.preprocessing().pipeline().values_size(), 2);
  const auto& step = record.preprocessing().pipeline().values(0).struct_value().fields().at("remove_background").struct_value();
  EXPECT_EQ(step.fields().at("colours").list_value().values(0).list_value().values(0).number_value(), 1.5);
  EXPECT_EQ(record.bytes(), 999);
}

TEST(ConvertResultsTest, Clean) {
  v1::Assignment assignment;
  assignment.mutable_inputs()->set_output_version(7);
  assignment.mutable_attempt()->set_job_id("clean-2");
  assignment.mutable_spec()->mutable_clean()->set_output("masks");
  tasks::CleanResult result;
  result.dataset.images = 5;
  result.dataset.rejected = 1;
  result.dataset.classes = {{.name = "maize", .images = 5}};
  const TaskOutput output = ToOutput(assignment, result);
  EXPECT_EQ(output.result.clean().dataset(), "masks");
  EXPECT_EQ(output.result.clean().version(), 7);
  EXPECT_EQ(output.result.clean().images(), 5);
  EXPECT_EQ(output.result.clean().rejected(), 1);
  EXPECT_EQ(output.result.clean().classes(), 1);
  v1::Dataset record;
  ASSERT_TRUE(record.ParseFromString(output.record));
  EXPECT_EQ(record.name(), "masks");
  EXPECT_EQ(record.root(), "");
  EXPECT_EQ(record.job_id(), "clean-2");
  EXPECT_EQ(record.classes(0).name(), "maize");
}

TEST(ConvertResultsTest, EditModel) {
  v1::Assignment assignment;
  assignment.mutable_inputs()->set_output_version(7);
  assignment.mutable_spec()->mutable_edit_model()->set_output("cut");
  tasks::EditModelResult result;
  result.model.arch = "vgg16";
  result.model.parameters = 20;
  result.model.layers = {{"input", "InputLayer", {4}, 0, false}, {"fc1", "Dense", {2}, 20, true}};
  const TaskOutput output = ToOutput(assignment, result);
  EXPECT_EQ(output.result.edit_model().model(), "cut");
  EXPECT_EQ(output.result.edit_model().version(), 7);
  EXPECT_EQ(output.result.edit_model().parameters(), 20);
  EXPECT_EQ(output.result.edit_model().output_layer(), "fc1");
  v1::Model record;
  ASSERT_TRUE(record.ParseFromString(output.record));
  EXPECT_EQ(record.arch(), "vgg16");
  EXPECT_EQ(record.layers_size(), 2);
}

TEST(ConvertResultsTest, Export) {
  v1::Assignment assignment;
  assignment.mutable_spec()->mutable_export_()->set_format("npy");
  const TaskOutput output = ToOutput(assignment, tasks::ExportResult{.files = {{"rows.features.npy", "application/octet-stream", 70},
                                                                               {"rows.labels.npy", "application/octet-stream", 30}}});
  EXPECT_EQ(output.record, "");
  EXPECT_EQ(output.result.export_().format(), "npy");
  EXPECT_THAT(output.result.export_().files(), ElementsAre("rows.features.npy", "rows.labels.npy"));
  EXPECT_EQ(output.result.export_().bytes(), 100);
}

TEST(ConvertResultsTest, Visualize) {
  const tasks::VisualizeResult result{
      .sheet = {.file = "maize-samples.png", .width = 800, .height = 600, .bytes = 70}, .images = 12, .suggestion = "{}"};
  const TaskOutput output = ToOutput(v1::Assignment(), result);
  EXPECT_EQ(output.record, "");
  EXPECT_EQ(output.result.visualize().file(), "maize-samples.png");
  EXPECT_EQ(output.result.visualize().width(), 800);
  EXPECT_EQ(output.result.visualize().height(), 600);
  EXPECT_EQ(output.result.visualize().bytes(), 70);
  EXPECT_EQ(output.result.visualize().images(), 12);
  EXPECT_EQ(output.result.visualize().suggestion(), "{}");
}

}  // namespace
}  // namespace seedbed::worker
