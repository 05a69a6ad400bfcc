#include "core/tasks/look/maximize.h"

#include <algorithm>

#include "core/base/file.h"
#include "core/image/codec.h"
#include "gmock/gmock.h"
#include "tests/testing/fake_task_context.h"
#include "tests/testing/temporary_directory.h"
#include "tests/unit/core/tasks/model/tiny_backbone.h"

namespace seedbed::tasks {
namespace {

using ::seedbed::testing::FakeTaskContext;
using ::seedbed::testing::StatusIs;
using ::seedbed::testing::TemporaryDirectory;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

class RunMaximizeTest : public ::testing::Test {
 protected:
  void SetUp() override { Store("net", testing::TinyBackbone()); }

  void Store(const std::string& name, const nn::SavedModel& model) const {
    std::filesystem::create_directory(folder_.path() / name);
    SB_ASSERT_OK(nn::WriteModel(folder_.path() / name, model));
  }

  MaximizeSpec Spec(std::vector<int64_t> filters) const {
    MaximizeSpec spec{.model = "net", .model_dir = folder_.path() / "net", .layer = "conv2", .filters = std::move(filters)};
    spec.ascent.steps = 10;
    return spec;
  }

  image::Image Picture(const std::string& name) const {
    const auto file = ReadFile(context_.paths().artifacts_dir / name);
    SB_EXPECT_OK(file.status());
    image::Image image;
    SB_EXPECT_OK(image::DecodeImage(std::as_bytes(std::span(*file)), &image));
    return image;
  }

  const TemporaryDirectory folder_;
  FakeTaskContext context_;
};

TEST_F(RunMaximizeTest, LeavesASheetAndAPictureOfEachFilter) {
  SB_ASSERT_OK_AND_ASSIGN(const MaximizeResult result, RunMaximize(Spec({4, 1, 4}), context_));
  ASSERT_EQ(result.pictures.size(), 2u);
  EXPECT_EQ(result.pictures[0].target, "conv2 4");
  EXPECT_EQ(result.pictures[1].file, "net-conv2-1.png");
  EXPECT_FALSE(result.pictures[0].probability.has_value());
  EXPECT_EQ(Picture("net-conv2-4.png").width, 10);
  EXPECT_EQ(Picture("net-conv2-4.png").height, 9);
  EXPECT_EQ(result.sheet.file, "net-conv2.png");
  EXPECT_EQ(Picture("net-conv2.png").width, result.sheet.width);
  std::vector<std::string> artifacts;
  for (const Artifact& artifact : context_.EventsOf<Artifact>()) artifacts.push_back(artifact.name);
  EXPECT_THAT(artifacts, UnorderedElementsAre("net-conv2-4.png", "net-conv2-1.png", "net-conv2.png"));
}

TEST_F(RunMaximizeTest, TakesAnotherSize) {
  MaximizeSpec spec = Spec({0});
  spec.width = 20;
  SB_ASSERT_OK(RunMaximize(spec, context_).status());
  EXPECT_EQ(Picture("net-conv2-0.png").width, 20);
  EXPECT_EQ(Picture("net-conv2-0.png").height, 9);
}

TEST_F(RunMaximizeTest, NamesClassesAndTheirProbability) {
  nn::SavedModel model = testing::TinyBackbone();
  std::vector<graph::Layer> layers;
  for (const graph::ResolvedLayer& layer : model.graph.layers()) layers.push_back(layer.layer);
  layers.push_back({.name = "mean", .type = "global_average_pool", .inputs = {"conv2"}});
  layers.push_back({.name = "dense", .type = "dense", .config = {{"units", 2}}, .inputs = {"mean"}});
  layers.push_back({.name = "softmax", .type = "softmax", .inputs = {"dense"}});
  model.graph = *graph::Graph::Create(layers);
  model.weights = nn::InitializeWeights(model.graph, 1);
  model.classes = {"Maize", "Shepherd’s Purse"};
  Store("classifier", model);
  MaximizeSpec spec{.model = "classifier", .model_dir = folder_.path() / "classifier", .classes = {"Shepherd’s Purse", "0"}};
  spec.ascent.steps = 10;
  SB_ASSERT_OK_AND_ASSIGN(const MaximizeResult result, RunMaximize(spec, context_));
  EXPECT_THAT(result.pictures, ElementsAre(AllOf(Field(&MaximizedFile::target, "Shepherd’s Purse"),
                                                 Field(&MaximizedFile::file, "classifier-class-1-Shepherd___s_Purse.png")),
                                           Field(&MaximizedFile::target, "Maize")));
  ASSERT_TRUE(result.pictures[0].probability.has_value());
  EXPECT_GT(*result.pictures[0].probability, 0);
  EXPECT_EQ(result.sheet.file, "classifier-classes.png");
  spec.classes = {"maise"};
  EXPECT_THAT(RunMaximize(spec, context_), StatusIs(kInvalid, HasSubstr("'Maize'")));
}

TEST_F(RunMaximizeTest, SendsPreviewsWhenAsked) {
  MaximizeSpec spec = Spec({0, 1, 2});
  spec.ascent.batch = 2;
  SB_ASSERT_OK(RunMaximize(spec, context_).status());
  for (const Progress& progress : context_.progress()) EXPECT_THAT(progress.preview, IsEmpty());
  EXPECT_EQ(context_.progress().back().done, 30);
  EXPECT_EQ(context_.progress().back().total, 30);
  FakeTaskContext watched;
  spec.preview_every = 5;
  SB_ASSERT_OK(RunMaximize(spec, watched).status());
  int previews = 0;
  for (const Progress& progress : watched.progress()) {
    if (progress.preview.empty()) continue;
    ++previews;
    EXPECT_LE(progress.preview.size(), kMaxPreviewBytes);
    image::Image image;
    SB_EXPECT_OK(image::DecodeImage(std::as_bytes(std::span(progress.preview)), &image));
  }
  EXPECT_EQ(previews, 6) << "of two batches, after steps 1, 5 and 10";
}

TEST_F(RunMaximizeTest, WarnsOfFiltersThatWereDeadAtFirst) {
  nn::SavedModel model = testing::TinyBackbone();
  model.weights["conv2.bias"] = nn::Tensor::FromFloats({6}, std::vector<float>{0, 0, -50, 0, 0, 0});
  Store("dead", model);
  MaximizeSpec spec = Spec({1, 2});
  spec.model_dir = folder_.path() / "dead";
  SB_ASSERT_OK(RunMaximize(spec, context_).status());
  EXPECT_THAT(context_.WarningsOf("dead_start"), ElementsAre(AllOf(HasSubstr("conv2 2"), ::testing::Not(HasSubstr("conv2 1")))));
}

TEST_F(RunMaximizeTest, EndsWhenCancelled) {
  context_.set_on_progress([this](const Progress&) { context_.Cancel(); });
  EXPECT_THAT(RunMaximize(Spec({0, 1}), context_), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_EQ(context_.progress().size(), 1u);
}

TEST_F(RunMaximizeTest, RefusesWhatDoesNotFit) {
  MaximizeSpec spec = Spec({6});
  EXPECT_THAT(RunMaximize(spec, context_), StatusIs(kInvalid, HasSubstr("0 to 5")));
  EXPECT_THAT(RunMaximize(Spec({}), context_), StatusIs(kInvalid, HasSubstr("nothing is named")));
  spec = Spec({0});
  spec.layer = "conv3";
  EXPECT_THAT(RunMaximize(spec, context_), StatusIs(kInvalid, HasSubstr("'conv3'")));
  spec = Spec({});
  spec.layer = "";
  spec.classes = {"maize"};
  EXPECT_THAT(RunMaximize(spec, context_), StatusIs(kInvalid, HasSubstr("makes no classes")));
  spec = Spec({0});
  spec.ascent.step_size = 0;
  EXPECT_THAT(RunMaximize(spec, context_), StatusIs(kInvalid, HasSubstr("step_size")));
  spec = Spec({0});
  spec.ascent.steps = 0;
  EXPECT_THAT(RunMaximize(spec, context_), StatusIs(kInvalid, HasSubstr("steps")));
  EXPECT_THAT(context_.progress(), IsEmpty());
}

}  // namespace
}  // namespace seedbed::tasks
