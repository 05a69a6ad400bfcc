#include "core/tasks/model/extract.h"

#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/features/feature_set.h"
#include "core/image/codec.h"
#include "core/image/pixel_scaler.h"
#include "core/nn/network.h"
#include "gmock/gmock.h"
#include "tests/unit/core/tasks/model/prepared_dataset.h"
#include "tests/unit/core/tasks/model/tiny_backbone.h"

namespace seedbed::tasks {
namespace {

namespace fs = std::filesystem;
using ::seedbed::testing::FakeTaskContext;
using ::seedbed::testing::PreparedDataset;
using ::seedbed::testing::StatusIs;
using ::seedbed::testing::TinyBackbone;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

// Digests of all files, by name.
std::map<std::string, std::string> FilesOf(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files[fs::relative(entry.path(), folder).string()] = Sha256Hex(*ReadFile(entry.path()));
  }
  return files;
}

class RunExtractTest : public ::testing::Test {
 protected:
  void SetUp() override {
    SB_ASSERT_OK(nn::WriteModel(folder_.path(), model_));
    spec_.dataset = "plants";
    spec_.dataset_dir = dataset_.dataset_dir();
    spec_.model = "tiny";
    spec_.model_dir = folder_.path();
    spec_.features = "f";
    spec_.batch_size = 4;
  }

  std::string Plan(const FakeTaskContext& context) const { return context.EventsOf<LogLine>()[0].message; }

  const PreparedDataset dataset_{{"dark", "light", "mid"}};
  const testing::TemporaryDirectory folder_;
  const nn::SavedModel model_ = TinyBackbone();
  FakeTaskContext context_;
  ExtractSpec spec_;
};

TEST_F(RunExtractTest, StoresWhatTheNetworkMakesOfEachImage) {
  spec_.layer = "pool";
  SB_ASSERT_OK_AND_ASSIGN(const ExtractResult result, RunExtract(spec_, context_));
  EXPECT_EQ(result.images, 24);
  EXPECT_EQ(result.computed, 24);
  EXPECT_EQ(result.layer, "pool");
  EXPECT_EQ(result.arch, "resnet18");
  EXPECT_THAT(result.shape, ElementsAre(5, 5, 4));
  EXPECT_EQ(result.weights_sha256, nn::ModelSha256(model_));
  EXPECT_GT(result.bytes, 1000);
  SB_ASSERT_OK_AND_ASSIGN(const features::FeatureSet set, features::FeatureSet::Open(context_.paths().output_dir));
  EXPECT_THAT(set.info().classes, ElementsAre("dark", "light", "mid"));
  EXPECT_EQ(set.info().paths[8], "light/0.png");
  EXPECT_EQ(set.info().labels[8], 1);
  EXPECT_EQ(set.info().model, "tiny:1");
  EXPECT_EQ(set.info().dataset, "plants:1");
  EXPECT_EQ(set.info().preprocessing, model_.preprocessing);

  SB_ASSERT_OK_AND_ASSIGN(const std::string file, ReadFile(dataset_.images().at("light/0.png")));
  image::Image picture;
  SB_ASSERT_OK(image::DecodeImage(std::as_bytes(std::span(file)), &picture));
  std::vector<uint8_t> pixels(270);
  image::ResizeInto(picture, 10, 9, image::Filter::kBilinear, pixels);
  std::vector<float> input(270), stored(100);
  image::PixelScaler(model_.preprocessing, {}).Apply(pixels, input);
  SB_ASSERT_OK_AND_ASSIGN(const auto network, nn::Network::Create(model_.graph, nn::ViewsOf(model_.weights)));
  SB_ASSERT_OK_AND_ASSIGN(const std::vector<float> expected, network->Run(input, 1, "pool"));
  SB_ASSERT_OK(set.ReadRows(8, 1, stored));
  for (size_t i = 0; i < stored.size(); ++i) EXPECT_NEAR(stored[i], expected[i], 1e-5);
}

TEST_F(RunExtractTest, PutsAPipelineBeforeTheNetwork) {
  SB_ASSERT_OK(RunExtract(spec_, context_));
  spec_.steps = R"(["flipud"])";
  FakeTaskContext second(context_, 2);
  SB_ASSERT_OK_AND_ASSIGN(const ExtractResult result, RunExtract(spec_, second));
  EXPECT_EQ(result.computed, 24);
  EXPECT_EQ(result.preprocessing.steps, R"([{"flipud":{"p":1.0}}])");
  SB_ASSERT_OK_AND_ASSIGN(const features::FeatureSet set, features::FeatureSet::Open(second.paths().output_dir));
  EXPECT_EQ(set.info().preprocessing, result.preprocessing);
  spec_.steps = R"([{"multiply": [0, 1]}])";
  FakeTaskContext third(context_, 3);
  EXPECT_THAT(RunExtract(spec_, third), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("belong into augment")));
}

TEST_F(RunExtractTest, SaysFirstWhatItWillDo) {
  SB_ASSERT_OK(RunExtract(spec_, context_));
  EXPECT_EQ(context_.events()[0].key, "log/plan");
  EXPECT_THAT(Plan(context_), AllOf(HasSubstr("24 images: 0 are in the feature cache, computes 24"), HasSubstr("layer 'conv2' of tiny:1"),
                                    HasSubstr("5x5x6 values")));
  EXPECT_THAT(context_.progress(), Contains(Field(&Progress::phase, "extract")));
}

TEST_F(RunExtractTest, TheSecondTimeNothingIsComputed) {
  SB_ASSERT_OK(RunExtract(spec_, context_));
  FakeTaskContext second(context_, 2);
  SB_ASSERT_OK_AND_ASSIGN(const ExtractResult result, RunExtract(spec_, second));
  EXPECT_EQ(result.computed, 0);
  EXPECT_THAT(Plan(second), HasSubstr("24 are in the feature cache, computes 0"));
  EXPECT_EQ(FilesOf(second.paths().output_dir), FilesOf(context_.paths().output_dir));
}

TEST_F(RunExtractTest, OnlyWhatIsMissingIsComputed) {
  spec_.split_file = dataset_.split_file();
  spec_.subset = "validation";
  SB_ASSERT_OK_AND_ASSIGN(const ExtractResult validation, RunExtract(spec_, context_));
  EXPECT_EQ(validation.images, 6);
  spec_.subset.clear();
  FakeTaskContext second(context_, 2);
  SB_ASSERT_OK_AND_ASSIGN(const ExtractResult all, RunExtract(spec_, second));
  EXPECT_EQ(all.images, 24);
  EXPECT_EQ(all.computed, 18);
}

TEST_F(RunExtractTest, PoolsOverHeightAndWidth) {
  spec_.pool = "avg";
  spec_.dtype = "float16";
  SB_ASSERT_OK_AND_ASSIGN(const ExtractResult result, RunExtract(spec_, context_));
  EXPECT_THAT(result.shape, ElementsAre(6));
}

TEST_F(RunExtractTest, TakesImagesOfAnotherSize) {
  spec_.width = 16;
  spec_.height = 12;
  SB_ASSERT_OK_AND_ASSIGN(const ExtractResult result, RunExtract(spec_, context_));
  EXPECT_THAT(result.shape, ElementsAre(6, 8, 6));
  EXPECT_EQ(result.preprocessing.width, 16);
}

TEST_F(RunExtractTest, InterruptedAtAnyBatchItEndsWithTheSameFiles) {
  SB_ASSERT_OK(RunExtract(spec_, context_));
  const auto whole = FilesOf(context_.paths().output_dir);
  for (int batch = 1; batch <= 6; ++batch) {
    FakeTaskContext first;
    int seen = 0;
    first.set_on_progress([&](const Progress& progress) {
      if (progress.phase == "extract" && ++seen == batch) first.Cancel();
    });
    EXPECT_THAT(RunExtract(spec_, first), StatusIs(absl::StatusCode::kCancelled));
    FakeTaskContext second(first, 2);
    SB_ASSERT_OK(RunExtract(spec_, second));
    EXPECT_EQ(FilesOf(second.paths().output_dir), whole);
  }
}

TEST_F(RunExtractTest, SuggestsTheNearestLayer) {
  spec_.layer = "pol";
  EXPECT_THAT(RunExtract(spec_, context_), StatusIs(kInvalid, AllOf(HasSubstr("'pol'"), HasSubstr("did you mean 'pool'?"))));
}

TEST_F(RunExtractTest, RefusesWhatDoesNotFit) {
  const auto with = [&](const std::function<void(ExtractSpec&)>& change) {
    ExtractSpec spec = spec_;
    change(spec);
    FakeTaskContext context;
    return RunExtract(spec, context).status();
  };
  EXPECT_THAT(with([](ExtractSpec& s) { s.arch = "vgg16"; }), StatusIs(kInvalid, HasSubstr("'tiny' is a resnet18, not a vgg16")));
  EXPECT_THAT(with([](ExtractSpec& s) { s.pool = "sum"; }), StatusIs(kInvalid, HasSubstr("pool is 'sum'")));
  EXPECT_THAT(with([](ExtractSpec& s) { s.dtype = "int8"; }), StatusIs(kInvalid, HasSubstr("dtype is 'int8'")));
  EXPECT_THAT(with([](ExtractSpec& s) { s.batch_size = -1; }), StatusIs(kInvalid, HasSubstr("batch_size is -1")));
  EXPECT_THAT(with([](ExtractSpec& s) { s.width = 5000; }), StatusIs(kInvalid, HasSubstr("width is 5000")));
  EXPECT_THAT(with([](ExtractSpec& s) { s.model_dir = "/nowhere"; }), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(with([&](ExtractSpec& s) {
                s.split_file = dataset_.split_file();
                s.subset = "test";
              }),
              StatusIs(kInvalid, AllOf(HasSubstr("'test'"), HasSubstr("train, validation"))));
}

}  // namespace
}  // namespace seedbed::tasks
