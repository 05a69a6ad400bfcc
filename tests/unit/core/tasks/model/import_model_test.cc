#include "core/tasks/model/import_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <random>
#include <string>

#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/dataset/source_file.h"
#include "core/graph/architectures.h"
#include "core/nn/model_file.h"
#include "core/nn/safetensors.h"
#include "core/nn/weights.h"
#include "tests/testing/fake_task_context.h"
#include "tests/testing/status_matchers.h"

namespace seedbed::tasks {
namespace {

using ::seedbed::testing::FakeTaskContext;
using ::seedbed::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

class RunImportModelTest : public ::testing::Test {
 protected:
  RunImportModelTest() {
    spec_.model = "m";
    spec_.arch = "logistic";
    spec_.with_top = true;
    spec_.preprocessing.width = 4;
    spec_.preprocessing.height = 2;
    spec_.preprocessing.center = image::Center::kNone;
    spec_.source = "weights.safetensors";
    const auto graph = graph::BuildArchitecture("logistic", {.input_shape = {2, 4, 3}, .classes = 3});
    weights_ = nn::InitializeWeights(*graph, 5);
  }

  void UploadBytes(const std::string& content) {
    spec_.weights_sha256 = Sha256Hex(content);
    const std::filesystem::path path = dataset::ObjectPath(context_.paths().objects_dir, spec_.weights_sha256);
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
  }
  void Upload(const nn::TensorMap& tensors) {
    const testing::TemporaryDirectory folder;
    const std::filesystem::path file = folder.path() / "weights.safetensors";
    SB_ASSERT_OK(nn::WriteSafetensors(file, nn::ViewsOf(tensors), {}));
    UploadBytes(*ReadFile(file));
  }

  FakeTaskContext context_;
  ImportModelSpec spec_;
  nn::TensorMap weights_;
};

TEST_F(RunImportModelTest, MakesAModel) {
  Upload(weights_);
  SB_ASSERT_OK_AND_ASSIGN(const ImportModelResult result, RunImportModel(spec_, context_));
  EXPECT_EQ(result.naming, "seedbed");
  EXPECT_EQ(result.model.parameters, 3 * 24 + 3);
  EXPECT_THAT(result.model.classes, ElementsAre("0", "1", "2"));
  EXPECT_GT(result.model.bytes, 300);
  SB_ASSERT_OK_AND_ASSIGN(const nn::SavedModel model, nn::ReadModel(context_.paths().output_dir));
  EXPECT_EQ(model.arch, "logistic");
  EXPECT_EQ(nn::ModelSha256(model), nn::WeightsSha256(nn::ViewsOf(weights_)));
  EXPECT_EQ(result.model.weights_sha256, nn::ModelSha256(model));
  EXPECT_EQ(model.training["source"], "weights.safetensors");
  EXPECT_EQ(model.training["source_sha256"], spec_.weights_sha256);
}

TEST_F(RunImportModelTest, RenamesAndNamesClasses) {
  nn::TensorMap keras;
  keras["dense/kernel"] = weights_.at("dense.weight");
  keras["dense/bias"] = weights_.at("dense.bias");
  Upload(keras);
  spec_.classes = {"a", "b", "c"};
  SB_ASSERT_OK_AND_ASSIGN(const ImportModelResult result, RunImportModel(spec_, context_));
  EXPECT_EQ(result.naming, "keras");
  EXPECT_THAT(result.model.classes, ElementsAre("a", "b", "c"));
}

TEST_F(RunImportModelTest, WhatIsOpenComesFromTheArchitecture) {
  spec_.arch = "efficientnet_lite0";
  spec_.with_top = false;
  spec_.preprocessing = {};
  SB_ASSERT_OK_AND_ASSIGN(const graph::Graph graph, graph::BuildArchitecture(spec_.arch, {.input_shape = {224, 224, 3}}));
  Upload(nn::InitializeWeights(graph, 1));
  SB_ASSERT_OK_AND_ASSIGN(const ImportModelResult result, RunImportModel(spec_, context_));
  image::Preprocessing usual = *image::PresetNamed("efficientnet_lite");
  usual.width = usual.height = 224;
  EXPECT_EQ(result.model.preprocessing, usual);
  EXPECT_THAT(result.model.classes, IsEmpty());
  EXPECT_EQ(result.model.layers.back().name, "top_activation");

  spec_.preprocessing.preset = "imagenet";
  spec_.preprocessing.width = spec_.preprocessing.height = 64;
  FakeTaskContext second(context_, 2);
  SB_ASSERT_OK_AND_ASSIGN(const ImportModelResult otherwise, RunImportModel(spec_, second));
  EXPECT_EQ(otherwise.model.preprocessing.width, 64);
  EXPECT_EQ(otherwise.model.preprocessing.mean[0], 0.485);
}

TEST_F(RunImportModelTest, SaysWhatDoesNotFit) {
  Upload(weights_);
  ImportModelSpec spec = spec_;
  spec.classes = {"a", "b"};
  EXPECT_THAT(RunImportModel(spec, context_), StatusIs(kInvalid, AllOf(HasSubstr("3 classes"), HasSubstr("2 are named"))));
  spec = spec_;
  spec.preprocessing.width = 5;
  EXPECT_THAT(RunImportModel(spec, context_),
              StatusIs(kInvalid, AllOf(HasSubstr("weights.safetensors"), HasSubstr("'dense.weight' has shape 3x24, expected 3x30"))));
  spec = spec_;
  spec.preprocessing.center = image::Center::kMeanImage;
  EXPECT_THAT(RunImportModel(spec, context_), StatusIs(kInvalid, HasSubstr("center is mean_image")));
  spec = spec_;
  spec.preprocessing.mean = {1, 2};
  EXPECT_THAT(RunImportModel(spec, context_), StatusIs(kInvalid, HasSubstr("mean is 1, 2; it must be three numbers")));
  spec = spec_;
  spec.preprocessing.channels = "grb";
  EXPECT_THAT(RunImportModel(spec, context_), StatusIs(kInvalid, HasSubstr("channels is 'grb'")));
  spec = spec_;
  spec.arch = "logistics";
  EXPECT_THAT(RunImportModel(spec, context_), StatusIs(kInvalid, HasSubstr("logistics")));
  weights_.erase("dense.bias");
  Upload(weights_);
  EXPECT_THAT(RunImportModel(spec_, context_), StatusIs(kInvalid, HasSubstr("'dense.bias' is missing")));
}

TEST_F(RunImportModelTest, RefusesToLeaveNothing) {
  Upload(weights_);
  spec_.with_top = false;
  EXPECT_THAT(RunImportModel(spec_, context_).status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("logistic has no weights but those that make classes")));
}

TEST_F(RunImportModelTest, RefusesWhatIsNoWeightsFile) {
  UploadBytes("<html>not found</html>");
  EXPECT_THAT(RunImportModel(spec_, context_), StatusIs(kInvalid, HasSubstr("weights.safetensors: not a safetensors file")));
  spec_.weights_sha256 = std::string(64, '0');
  EXPECT_THAT(RunImportModel(spec_, context_), StatusIs(absl::StatusCode::kNotFound, HasSubstr("not been uploaded")));
}

// Equal for equal seeds.
std::mt19937 RandomOf(uint32_t seed) { return std::mt19937(seed); }

// A few flipped bits, a run of other bytes, a piece cut off or out, or one too many; never the same as before.
std::string Corrupted(const std::string& sound, std::mt19937* random) {
  const auto below = [random](size_t limit) { return std::uniform_int_distribution<size_t>(0, limit - 1)(*random); };
  std::string broken = sound;
  while (broken == sound) {
    const size_t place = below(broken.size());
    const size_t length = 1 + below(std::min<size_t>(16, broken.size() - place));
    switch (below(5)) {
      case 0:
        for (size_t flips = 1 + below(3); flips > 0; --flips) broken[below(broken.size())] ^= static_cast<char>(1U << below(8));
        break;
      case 1:
        for (size_t i = 0; i < length; ++i) broken[place + i] = static_cast<char>(below(256));
        break;
      case 2:
        broken.resize(place);
        break;
      case 3:
        broken.erase(place, length);
        break;
      default:
        broken.insert(place, broken.substr(place, length));
    }
    if (broken.empty()) broken = sound;
  }
  return broken;
}

TEST_F(RunImportModelTest, RefusesCorruptedFiles) {
  std::mt19937 random = RandomOf(2026);
  Upload(weights_);
  SB_ASSERT_OK_AND_ASSIGN(const std::string sound, ReadFile(dataset::ObjectPath(context_.paths().objects_dir, spec_.weights_sha256)));
  const std::string digest = nn::WeightsSha256(nn::ViewsOf(weights_));
  const size_t data_bytes = 4 * (3 * 24 + 3);
  int refused = 0;
  for (int i = 0; i < 500; ++i) {
    const std::string broken = Corrupted(sound, &random);
    UploadBytes(broken);
    const auto result = RunImportModel(spec_, context_);
    if (!result.ok()) {
      EXPECT_EQ(result.status().code(), kInvalid) << result.status();
      ++refused;
      continue;
    }
    // Other numbers can be told by their digest only; the shape of the file is what it was.
    ASSERT_EQ(broken.size(), sound.size()) << i;
    const bool same_data = broken.substr(broken.size() - data_bytes) == sound.substr(sound.size() - data_bytes);
    EXPECT_EQ(result->model.weights_sha256 == digest, same_data) << i;
    EXPECT_NE(spec_.weights_sha256, Sha256Hex(sound));
  }
  EXPECT_GT(refused, 250);
}

TEST_F(RunImportModelTest, Cancels) {
  Upload(weights_);
  context_.Cancel();
  EXPECT_THAT(RunImportModel(spec_, context_), StatusIs(absl::StatusCode::kCancelled));
}

}  // namespace
}  // namespace seedbed::tasks
