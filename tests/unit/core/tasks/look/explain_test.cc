#include "core/tasks/look/explain.h"

#include <algorithm>
#include <fstream>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/dataset/source_file.h"
#include "core/graph/edit.h"
#include "core/image/codec.h"
#include "core/nn/model_file.h"
#include "gmock/gmock.h"
#include "tests/unit/core/tasks/model/prepared_dataset.h"
#include "tests/unit/core/tasks/model/tiny_backbone.h"

namespace seedbed::tasks {
namespace {

using ::seedbed::testing::FakeTaskContext;
using ::seedbed::testing::PreparedDataset;
using ::seedbed::testing::StatusIs;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr int kWidth = 10, kHeight = 9;

nn::SavedModel Classifier() {
  nn::SavedModel model = testing::TinyBackbone();
  auto graph = graph::AppendHead(model.graph, nlohmann::json::parse(R"(["global_average_pool", {"dense": "classes"}])"), 3);
  SB_EXPECT_OK(graph.status());
  model.graph = *std::move(graph);
  model.weights = nn::InitializeWeights(model.graph, 7);
  model.classes = {"Maize", "Shepherd’s Purse", "Wheat"};
  return model;
}

nn::SavedModel Logistic() {
  nn::SavedModel model = Classifier();
  auto input = graph::CutAt(model.graph, "input");
  SB_EXPECT_OK(input.status());
  model.arch = "logistic";
  model.graph = *graph::AppendHead(*input, nlohmann::json::parse(R"(["flatten", {"dense": "classes"}])"), 3);
  model.weights = nn::InitializeWeights(model.graph, 7);
  return model;
}

class RunExplainTest : public ::testing::Test {
 protected:
  ExplainSpec Spec(const nn::SavedModel& model, std::variant<AttributionSpec, ActivationSpec> view) const {
    SB_EXPECT_OK(nn::WriteModel(folder_.path(), model));
    ExplainSpec spec;
    spec.model = "m";
    spec.model_version = 2;
    spec.model_dir = folder_.path();
    spec.dataset = "plants";
    spec.dataset_dir = dataset_.dataset_dir();
    spec.images = {"Wheat/3.png", "Maize/0.png"};
    spec.view = std::move(view);
    return spec;
  }
  static AttributionSpec By(AttributionMethod method) {
    AttributionSpec attribution;
    attribution.method = method;
    return attribution;
  }

  // As UploadBlobs stores it.
  UploadedImage Upload(const std::string& name, const std::string& content) const {
    const std::string sha256 = Sha256Hex(content);
    const std::filesystem::path path = dataset::ObjectPath(context_.paths().objects_dir, sha256);
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
    return {name, sha256};
  }
  std::string FileOf(const std::string& image) const { return *ReadFile(dataset_.images().at(image)); }
  std::string Artifact(const std::string& name) const {
    auto file = ReadFile(context_.paths().artifacts_dir / name);
    SB_EXPECT_OK(file.status());
    return *file;
  }
  image::ImageHeader Picture(const std::string& name) const {
    const std::string file = Artifact(name);
    return *image::ReadImageHeader(std::as_bytes(std::span(file)));
  }
  // The numbers of a map.
  std::vector<float> Map(const std::string& name) const {
    const std::string file = Artifact(name);
    EXPECT_THAT(file, HasSubstr("'descr': '<f4', 'fortran_order': False, 'shape': (9, 10,)"));
    std::vector<float> values(kWidth * kHeight);
    std::copy_n(file.end() - static_cast<ptrdiff_t>(values.size() * sizeof(float)), values.size() * sizeof(float),
                reinterpret_cast<char*>(values.data()));
    return values;
  }
  std::vector<std::string> ArtifactNames() const {
    std::vector<std::string> names;
    for (const tasks::Artifact& artifact : context_.EventsOf<tasks::Artifact>()) names.push_back(artifact.name);
    return names;
  }

  const PreparedDataset dataset_{{"Maize", "Shepherd’s Purse", "Wheat"}};
  const testing::TemporaryDirectory folder_;
  FakeTaskContext context_;
};

TEST_F(RunExplainTest, LeavesFilesForEachImageByEveryMethod) {
  for (const auto& [method, name] : {std::pair{AttributionMethod::kSaliency, "saliency"},
                                     {AttributionMethod::kSmoothGrad, "smoothgrad"},
                                     {AttributionMethod::kIntegratedGradients, "integrated_gradients"},
                                     {AttributionMethod::kGradCam, "gradcam"},
                                     {AttributionMethod::kOcclusion, "occlusion"}}) {
    SB_ASSERT_OK_AND_ASSIGN(const ExplainResult result, RunExplain(Spec(Classifier(), By(method)), context_));
    EXPECT_EQ(result.sheet.file, absl::StrCat("m-", name, ".png"));
    EXPECT_EQ(Picture(result.sheet.file).width, result.sheet.width);
    ASSERT_THAT(result.images, SizeIs(2));
    EXPECT_EQ(result.images[0].name, "Wheat/3.png");
    EXPECT_GT(result.images[0].probability, 1.0 / 3 - 1e-6) << "of the most probable class";
    EXPECT_THAT(result.images[0].files, ElementsAre(absl::StrCat("Wheat_3-", name, "-overlay.png"), absl::StrCat("Wheat_3-", name, ".png"),
                                                    absl::StrCat("Wheat_3-", name, ".npy")));
    for (const ExplainedImage& image : result.images) {
      EXPECT_EQ(Picture(image.files[0]).width, kWidth);
      EXPECT_EQ(Picture(image.files[1]).height, kHeight);
      const std::vector<float> map = Map(image.files[2]);
      EXPECT_TRUE(std::ranges::any_of(map, [](float value) { return value != 0; })) << name;
      for (const std::string& file : image.files) EXPECT_THAT(ArtifactNames(), Contains(file));
    }
  }
}

TEST_F(RunExplainTest, ExplainsTheClassThatIsNamed) {
  AttributionSpec attribution = By(AttributionMethod::kSaliency);
  double sum = 0;
  for (const std::string name : {"Maize", "1", "Wheat"}) {
    attribution.class_name = name;
    SB_ASSERT_OK_AND_ASSIGN(const ExplainResult result, RunExplain(Spec(Classifier(), attribution), context_));
    EXPECT_EQ(result.images[0].class_name, name == "1" ? "Shepherd’s Purse" : name);
    sum += result.images[0].probability;
  }
  EXPECT_NEAR(sum, 1, 1e-6);
}

TEST_F(RunExplainTest, ChoosesTheMethodByTheModel) {
  SB_ASSERT_OK_AND_ASSIGN(ExplainResult result, RunExplain(Spec(Classifier(), AttributionSpec()), context_));
  EXPECT_EQ(result.sheet.file, "m-gradcam.png");
  SB_ASSERT_OK_AND_ASSIGN(result, RunExplain(Spec(Logistic(), AttributionSpec()), context_));
  EXPECT_EQ(result.sheet.file, "m-saliency.png");
}

TEST_F(RunExplainTest, ExplainsUploadedImagesAsThoseOfADataset) {
  ExplainSpec spec = Spec(Classifier(), By(AttributionMethod::kIntegratedGradients));
  spec.uploads = {Upload("somewhere/photo.final.png", FileOf("Wheat/3.png")), Upload("else/photo.final.png", FileOf("Maize/1.png")),
                  Upload("<script>.png", FileOf("Maize/1.png"))};
  SB_ASSERT_OK_AND_ASSIGN(const ExplainResult result, RunExplain(spec, context_));
  ASSERT_THAT(result.images, SizeIs(5));
  EXPECT_EQ(result.images[2].name, "somewhere/photo.final.png");
  EXPECT_EQ(result.images[2].probability, result.images[0].probability);
  EXPECT_EQ(Map(result.images[2].files[2]), Map(result.images[0].files[2]));
  EXPECT_EQ(result.images[4].files[0], "_script_-integrated_gradients-overlay.png");
  std::vector<std::string> names = ArtifactNames();
  std::ranges::sort(names);
  EXPECT_EQ(std::ranges::adjacent_find(names), names.end()) << "no two files of one name";
}

TEST_F(RunExplainTest, SameBytesEveryTime) {
  AttributionSpec attribution = By(AttributionMethod::kSmoothGrad);
  attribution.samples = 9;
  const ExplainSpec spec = Spec(Classifier(), attribution);
  SB_ASSERT_OK_AND_ASSIGN(const ExplainResult first, RunExplain(spec, context_));
  const std::vector<float> map = Map(first.images[0].files[2]);
  const std::string sheet = Artifact(first.sheet.file);
  SB_ASSERT_OK(RunExplain(spec, context_).status());
  EXPECT_EQ(Map(first.images[0].files[2]), map);
  EXPECT_EQ(Artifact(first.sheet.file), sheet);
}

TEST_F(RunExplainTest, ManyImagesTakeSeveralSheets) {
  ExplainSpec spec = Spec(Classifier(), By(AttributionMethod::kSaliency));
  spec.images.assign(25, "Maize/1.png");
  SB_ASSERT_OK_AND_ASSIGN(const ExplainResult result, RunExplain(spec, context_));
  EXPECT_EQ(result.sheet.file, "m-saliency.png");
  EXPECT_THAT(ArtifactNames(), Contains("m-saliency-2.png"));
  EXPECT_EQ(result.images[24].files[0], "Maize_1_25-saliency-overlay.png");
}

TEST_F(RunExplainTest, ShowsWhatALayerMakesOfAnImage) {
  SB_ASSERT_OK_AND_ASSIGN(ExplainResult result, RunExplain(Spec(Classifier(), ActivationSpec()), context_));
  EXPECT_EQ(result.sheet.file, "Wheat_3-conv2.png");
  ASSERT_THAT(result.images, SizeIs(2));
  EXPECT_THAT(result.images[1].files, ElementsAre("Maize_0-conv2.png"));
  EXPECT_NE(result.images[1].class_name, "");
  ActivationSpec activations;
  activations.layer = "bn";  // has values below 0
  activations.channels = {3, 1};
  SB_ASSERT_OK_AND_ASSIGN(result, RunExplain(Spec(Classifier(), activations), context_));
  EXPECT_EQ(result.sheet.file, "Wheat_3-bn.png");
}

TEST_F(RunExplainTest, ShowsActivationsOfNetworksWithoutClasses) {
  SB_ASSERT_OK_AND_ASSIGN(const ExplainResult result, RunExplain(Spec(testing::TinyBackbone(), ActivationSpec()), context_));
  EXPECT_EQ(result.images[0].class_name, "");
  EXPECT_EQ(result.images[0].probability, 0);
}

TEST_F(RunExplainTest, RefusesWhatTheModelDoesNotHave) {
  const auto refused = [&](const ExplainSpec& spec) { return RunExplain(spec, context_).status(); };
  AttributionSpec attribution = By(AttributionMethod::kGradCam);
  EXPECT_THAT(refused(Spec(Logistic(), attribution)),
              StatusIs(kInvalid, AllOf(HasSubstr("no layer with height and width"), HasSubstr("saliency"))));
  EXPECT_THAT(refused(Spec(testing::TinyBackbone(), attribution)), StatusIs(kInvalid, HasSubstr("without classes")));
  attribution.layer = "conv22";
  EXPECT_THAT(refused(Spec(Classifier(), attribution)), StatusIs(kInvalid, HasSubstr("did you mean 'conv2'")));
  attribution.layer = "head_dense";
  EXPECT_THAT(refused(Spec(Classifier(), attribution)), StatusIs(kInvalid, HasSubstr("the last one is 'conv2'")));
  attribution = By(AttributionMethod::kOcclusion);
  attribution.class_name = "Maiz";
  EXPECT_THAT(refused(Spec(Classifier(), attribution)), StatusIs(kInvalid, HasSubstr("did you mean 'Maize'")));
  attribution.class_name = "";
  attribution.window = 10;
  EXPECT_THAT(refused(Spec(Classifier(), attribution)), StatusIs(kInvalid, HasSubstr("window is 10")));
  attribution.window = 4;
  attribution.stride = 5;
  EXPECT_THAT(refused(Spec(Classifier(), attribution)), StatusIs(kInvalid, HasSubstr("stride is 5")));
  attribution.window = 0;
  attribution.stride = 2;
  EXPECT_THAT(refused(Spec(Classifier(), attribution)), StatusIs(kInvalid, HasSubstr("the window has a side of 1")));
  ActivationSpec activations;
  activations.channels = {0, 6};
  EXPECT_THAT(refused(Spec(Classifier(), activations)), StatusIs(kInvalid, HasSubstr("no channel 6; it has 0 to 5")));
  EXPECT_THAT(ArtifactNames(), ElementsAre());
}

TEST_F(RunExplainTest, RefusesWhatIsNoImage) {
  ExplainSpec spec = Spec(Classifier(), By(AttributionMethod::kSaliency));
  const auto refused = [&](std::vector<UploadedImage> uploads) {
    spec.uploads = std::move(uploads);
    return RunExplain(spec, context_).status();
  };
  EXPECT_THAT(refused({Upload("notes.txt", "no picture")}), StatusIs(kInvalid, HasSubstr("image 'notes.txt': ")));
  EXPECT_THAT(refused({Upload("empty.png", "")}), StatusIs(kInvalid, HasSubstr("'empty.png'")));
  const std::string file = FileOf("Wheat/3.png");
  EXPECT_THAT(refused({Upload("cut.png", file.substr(0, file.size() / 2))}), StatusIs(kInvalid, HasSubstr("image 'cut.png': ")));
  EXPECT_THAT(refused({{"gone.png", std::string(64, 'a')}}), StatusIs(absl::StatusCode::kNotFound, HasSubstr("'gone.png'")));
  spec.images = {"Wheat/99.png"};
  EXPECT_THAT(refused({}), StatusIs(kInvalid, HasSubstr("no image 'Wheat/99.png'")));
}

TEST_F(RunExplainTest, StopsWhenCancelled) {
  context_.Cancel();
  EXPECT_THAT(RunExplain(Spec(Classifier(), By(AttributionMethod::kOcclusion)), context_).status(), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_THAT(RunExplain(Spec(Classifier(), ActivationSpec()), context_).status(), StatusIs(absl::StatusCode::kCancelled));
}

// A sheet is called after the model.
TEST_F(RunExplainTest, AnImageCalledLikeTheModelKeepsItsMap) {
  ExplainSpec spec = Spec(Classifier(), By(AttributionMethod::kSaliency));
  spec.images.clear();
  spec.uploads = {Upload("/home/somebody/m.png", FileOf("Wheat/3.png"))};
  SB_ASSERT_OK_AND_ASSIGN(const ExplainResult result, RunExplain(spec, context_));
  EXPECT_EQ(result.sheet.file, "m-saliency.png");
  EXPECT_THAT(result.images[0].files, ElementsAre("m_2-saliency-overlay.png", "m_2-saliency.png", "m_2-saliency.npy"));
  EXPECT_EQ(Picture("m_2-saliency.png").width, kWidth);
}

TEST_F(RunExplainTest, FilesOfImagesWithLongPathsAreToldApartByTheirEnds) {
  ExplainSpec spec = Spec(Classifier(), By(AttributionMethod::kSaliency));
  spec.images.clear();
  const std::string folder = "/" + std::string(70, 'd') + "/", name(70, 'n');
  spec.uploads = {Upload(folder + "0123.png", FileOf("Wheat/3.png")), Upload(folder + name + "4567.png", FileOf("Maize/0.png"))};
  SB_ASSERT_OK_AND_ASSIGN(const ExplainResult result, RunExplain(spec, context_));
  EXPECT_EQ(result.images[0].files[1], "0123-saliency.png");
  EXPECT_EQ(result.images[1].files[1], std::string(56, 'n') + "4567-saliency.png");
}

}  // namespace
}  // namespace seedbed::tasks
