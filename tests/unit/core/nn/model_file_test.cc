#include "core/nn/model_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>

#include "core/base/file.h"
#include "core/graph/architectures.h"
#include "core/nn/safetensors.h"
#include "core/nn/weights.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temporary_directory.h"

namespace seedbed::nn {
namespace {

using nlohmann::json;
using ::seedbed::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr auto kDataLoss = absl::StatusCode::kDataLoss;

SavedModel Sample() {
  auto graph = graph::BuildArchitecture("logistic", {.input_shape = {2, 4, 3}, .classes = 3});
  TensorMap weights = InitializeWeights(*graph, 5);
  SavedModel model{.arch = "logistic",
                   .graph = *std::move(graph),
                   .preprocessing = {},
                   .classes = {"Charlock", "Maize", "Shepherd’s Purse"},
                   .weights = std::move(weights),
                   .mean_image = std::vector<float>(24, 0.25f)};
  model.preprocessing.width = 4;
  model.preprocessing.height = 2;
  model.preprocessing.interpolation = image::Filter::kLanczos;
  model.training = {{"epochs", 3}};
  return model;
}

class ModelFile : public ::testing::Test {
 protected:
  const std::filesystem::path& folder() const { return folder_.path(); }
  void EditJson(const std::function<void(json&)>& edit) {
    json value = json::parse(*ReadFile(folder() / kModelJsonName));
    edit(value);
    std::ofstream(folder() / kModelJsonName) << value;
  }

 private:
  testing::TemporaryDirectory folder_;
};

TEST_F(ModelFile, RoundTrip) {
  const SavedModel model = Sample();
  SB_ASSERT_OK(WriteModel(folder(), model));
  SB_ASSERT_OK_AND_ASSIGN(const SavedModel again, ReadModel(folder()));
  EXPECT_EQ(again.arch, "logistic");
  EXPECT_EQ(again.classes, model.classes);
  EXPECT_EQ(again.graph.ToJson(), model.graph.ToJson());
  EXPECT_EQ(again.preprocessing.width, 4);
  EXPECT_EQ(again.preprocessing.height, 2);
  EXPECT_EQ(again.preprocessing.interpolation, image::Filter::kLanczos);
  EXPECT_EQ(again.preprocessing.rescale, 1.0 / 255.0);
  EXPECT_EQ(again.mean_image, model.mean_image);
  EXPECT_EQ(again.training, model.training);
  EXPECT_EQ(ModelSha256(again), ModelSha256(model));
}

TEST_F(ModelFile, WithoutTopItHasNoClasses) {
  SavedModel model = Sample();
  const nlohmann::json layers = model.graph.ToJson();
  model.graph = *graph::Graph::FromJson({layers[0], layers[1], layers[2]});  // the softmax is cut off
  model.classes.clear();
  SB_ASSERT_OK(WriteModel(folder(), model));
  SB_ASSERT_OK_AND_ASSIGN(const SavedModel again, ReadModel(folder()));
  EXPECT_TRUE(again.classes.empty());
  model.graph = *graph::Graph::FromJson(layers);
  SB_ASSERT_OK(WriteModel(folder(), model));
  EXPECT_THAT(ReadModel(folder()), StatusIs(kDataLoss, HasSubstr("0 classes")));
}

TEST_F(ModelFile, WithoutMeanImage) {
  SavedModel model = Sample();
  model.mean_image.clear();
  model.preprocessing.center = image::Center::kNone;
  SB_ASSERT_OK(WriteModel(folder(), model));
  SB_ASSERT_OK_AND_ASSIGN(const SavedModel again, ReadModel(folder()));
  EXPECT_TRUE(again.mean_image.empty());
  EXPECT_EQ(again.preprocessing.center, image::Center::kNone);
}

TEST_F(ModelFile, MissingFiles) {
  EXPECT_THAT(ReadModel(folder()), StatusIs(absl::StatusCode::kNotFound, HasSubstr(kModelJsonName)));
  SB_ASSERT_OK(WriteModel(folder(), Sample()));
  std::filesystem::remove(folder() / kModelWeightsName);
  EXPECT_THAT(ReadModel(folder()), StatusIs(absl::StatusCode::kNotFound, HasSubstr(kModelWeightsName)));
}

TEST_F(ModelFile, RefusesDescriptionsThatDoNotFit) {
  SB_ASSERT_OK(WriteModel(folder(), Sample()));
  const std::string good = *ReadFile(folder() / kModelJsonName);
  const auto edited = [&](const std::function<void(json&)>& edit) {
    std::ofstream(folder() / kModelJsonName) << good;
    EditJson(edit);
    return ReadModel(folder()).status();
  };
  EXPECT_THAT(edited([](json&) {}), testing::IsOk());
  EXPECT_THAT(edited([](json& j) { j["format"] = "else"; }), StatusIs(kDataLoss, HasSubstr("not a seedbed model")));
  EXPECT_THAT(edited([](json& j) { j["format_version"] = 2; }), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("version is 2")));
  EXPECT_THAT(edited([](json& j) { j["classes"] = {"a", "b"}; }), StatusIs(kDataLoss, HasSubstr("2 classes")));
  EXPECT_THAT(edited([](json& j) { j["classes"] = {"a", "b", "b"}; }), StatusIs(kDataLoss, HasSubstr("twice")));
  EXPECT_THAT(edited([](json& j) { j["preprocessing"]["width"] = 5; }), StatusIs(kDataLoss, HasSubstr("2x5x3")));
  EXPECT_THAT(edited([](json& j) { j["preprocessing"]["interpolation"] = "cubist"; }), StatusIs(kDataLoss, HasSubstr("cubist")));
  EXPECT_THAT(edited([](json& j) { j["preprocessing"]["center"] = "none"; }), StatusIs(kDataLoss, HasSubstr("mean image")));
  EXPECT_THAT(edited([](json& j) { j.erase("graph"); }), StatusIs(kDataLoss, HasSubstr("graph")));
  EXPECT_THAT(edited([](json& j) { j["weights_sha256"] = std::string(64, '0'); }), StatusIs(kDataLoss, HasSubstr("digest")));
  std::ofstream(folder() / kModelJsonName) << "{";
  EXPECT_THAT(ReadModel(folder()), StatusIs(kDataLoss, HasSubstr(kModelJsonName)));
}

TEST_F(ModelFile, RefusesWeightsThatDoNotFit) {
  const auto stored = [&](const std::function<void(SavedModel&)>& spoil) {
    SavedModel model = Sample();
    spoil(model);
    EXPECT_THAT(WriteModel(folder(), model), testing::IsOk());
    return ReadModel(folder()).status();
  };
  EXPECT_THAT(stored([](SavedModel& m) { m.weights.erase("dense.bias"); }), StatusIs(kDataLoss, HasSubstr("'dense.bias' is missing")));
  EXPECT_THAT(stored([](SavedModel& m) { m.weights["x"] = m.weights["dense.bias"]; }),
              StatusIs(kDataLoss, HasSubstr("'x' does not belong")));
  EXPECT_THAT(stored([](SavedModel& m) {
                m.weights["dense.bias"].shape = {1, 3};
              }),
              StatusIs(kDataLoss, AllOf(HasSubstr("1x3"), HasSubstr("expected 3"))));
  EXPECT_THAT(stored([](SavedModel& m) {
                m.weights["dense.bias"] = Tensor::FromFloats({3}, std::vector<float>{0, NAN, 0});
              }),
              StatusIs(kDataLoss, HasSubstr("not finite")));
  EXPECT_THAT(stored([](SavedModel& m) { m.mean_image[3] = INFINITY; }), StatusIs(kDataLoss, HasSubstr("mean image")));
}

TEST_F(ModelFile, ClassNamesMustBeUtf8) {
  SavedModel model = Sample();
  model.classes[0] = "\xff";
  EXPECT_THAT(WriteModel(folder(), model), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("UTF-8")));
}

}  // namespace
}  // namespace seedbed::nn
