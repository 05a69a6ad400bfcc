#include "core/tasks/look/explore.h"

#include <filesystem>
#include <fstream>

#include "absl/strings/str_split.h"
#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/dataset/source_file.h"
#include "core/nn/model_file.h"
#include "core/tasks/model/extract.h"
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
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

// The features of 24 images of three classes, with height, width and channels.
class RunExploreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    SB_ASSERT_OK(nn::WriteModel(model_folder_.path(), TinyBackbone()));
    ExtractSpec extract;
    extract.dataset = "plants";
    extract.dataset_dir = dataset_.dataset_dir();
    extract.model = "tiny";
    extract.model_dir = model_folder_.path();
    extract.features = "f";
    SB_ASSERT_OK(RunExtract(extract, extraction_).status());
    spec_.features = "f";
    spec_.features_dir = extraction_.paths().output_dir;
    spec_.dataset_dir = dataset_.dataset_dir();
    spec_.model_dir = model_folder_.path();
  }

  std::vector<std::string> Lines(const std::string& artifact) const {
    absl::StatusOr<std::string> text = ReadFile(context_.paths().artifacts_dir / artifact);
    SB_EXPECT_OK(text.status());
    if (text->ends_with('\n')) text->pop_back();
    return absl::StrSplit(*text, '\n');
  }

  UploadedImage Upload(std::string name, const std::string& content) {
    const std::string sha256 = Sha256Hex(content);
    const fs::path path = dataset::ObjectPath(context_.paths().objects_dir, sha256);
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
    return {.name = std::move(name), .sha256 = sha256};
  }
  std::string Content(const std::string& path) const { return *ReadFile(dataset_.images().at(path)); }

  const PreparedDataset dataset_{{"dark", "light", "mid"}};
  const testing::TemporaryDirectory model_folder_;
  FakeTaskContext extraction_;
  FakeTaskContext context_;
  ExploreSpec spec_;
};

TEST_F(RunExploreTest, MapsEachImage) {
  spec_.view = FeatureMapSpec{.options = {.iterations = 250}, .pictures = false};
  SB_ASSERT_OK_AND_ASSIGN(const ExploreResult result, RunExplore(spec_, context_));
  EXPECT_EQ(result.images, 24);
  EXPECT_EQ(result.sheet.file, "f-map-tsne.png");
  EXPECT_GT(result.sheet.width, 1000);
  EXPECT_THAT(result.files, ElementsAre("f-map-tsne.csv"));
  const std::vector<std::string> lines = Lines("f-map-tsne.csv");
  ASSERT_THAT(lines, SizeIs(25));
  EXPECT_EQ(lines[0], "path,class,x,y");
  EXPECT_THAT(lines[9], ::testing::StartsWith("light/0.png,light,"));
  EXPECT_THAT(context_.EventsOf<Warning>(), IsEmpty());
}

TEST_F(RunExploreTest, MapsWithPicturesAndByComponents) {
  spec_.view = FeatureMapSpec{.options = {.projection = explore::Projection::kPca}, .pictures = true};
  SB_ASSERT_OK_AND_ASSIGN(const ExploreResult result, RunExplore(spec_, context_));
  EXPECT_EQ(result.sheet.file, "f-map-pca.png");
  EXPECT_GT(result.sheet.width, 1600);
  EXPECT_THAT(Lines("f-map-pca.csv"), SizeIs(25));
}

TEST_F(RunExploreTest, ListsNeighboursOfImagesOfTheSet) {
  spec_.view = NeighboursSpec{.images = {"mid/1.png", "dark/0.png"}, .uploads = {}, .count = 23};
  SB_ASSERT_OK_AND_ASSIGN(const ExploreResult result, RunExplore(spec_, context_));
  EXPECT_EQ(result.sheet.file, "f-neighbours.png");
  ASSERT_THAT(result.neighbours, SizeIs(2));
  EXPECT_EQ(result.neighbours[0].name, "mid/1.png");
  ASSERT_THAT(result.neighbours[0].neighbours, SizeIs(23));
  for (const FoundImage& one : result.neighbours[0].neighbours) {
    EXPECT_NE(one.path, "mid/1.png");
    EXPECT_TRUE(one.path.starts_with(one.class_name + "/"));
  }
  const std::vector<std::string> lines = Lines("f-neighbours.csv");
  ASSERT_THAT(lines, SizeIs(47));
  EXPECT_EQ(lines[0], "query,rank,path,class,distance");
  EXPECT_THAT(lines[1], ::testing::StartsWith("mid/1.png,1," + result.neighbours[0].neighbours[0].path + ","));
}

TEST_F(RunExploreTest, RunsTheNetworkOnUploads) {
  // The same picture in another file: its features are those of the image in the set, which is its nearest neighbour at no distance.
  image::Image picture = testing::NoiseImage(1000 + 3, 12);
  for (uint8_t& value : picture.rgb) value = static_cast<uint8_t>(value / 2 + 60);
  const testing::ImageFolder other;
  other.AddImage("a/b.png", picture);
  std::string content = *ReadFile(other.at("a/b.png"));
  content += "behind the end";
  spec_.view =
      NeighboursSpec{.images = {}, .uploads = {Upload("photo.png", content)}, .count = 2, .distance = explore::Distance::kEuclidean};
  SB_ASSERT_OK_AND_ASSIGN(const ExploreResult result, RunExplore(spec_, context_));
  ASSERT_THAT(result.neighbours, SizeIs(1));
  EXPECT_EQ(result.neighbours[0].name, "photo.png");
  EXPECT_EQ(result.neighbours[0].neighbours[0].path, "light/3.png");
  EXPECT_EQ(result.neighbours[0].neighbours[0].distance, 0);
  EXPECT_GT(result.neighbours[0].neighbours[1].distance, 0);
}

TEST_F(RunExploreTest, AnUploadThatIsInTheSetLeavesItselfOut) {
  spec_.model_dir = "/nowhere";  // nor is the network needed
  spec_.view = NeighboursSpec{.images = {"light/3.png"}, .uploads = {Upload("mine.png", Content("light/3.png"))}, .count = 3};
  SB_ASSERT_OK_AND_ASSIGN(const ExploreResult result, RunExplore(spec_, context_));
  ASSERT_THAT(result.neighbours, SizeIs(2));
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(result.neighbours[0].neighbours[i].path, result.neighbours[1].neighbours[i].path);
}

TEST_F(RunExploreTest, WorksWithoutTheDataset) {
  spec_.dataset_dir.clear();
  spec_.view = NeighboursSpec{.images = {"mid/1.png"}, .uploads = {}};
  SB_ASSERT_OK(RunExplore(spec_, context_).status());
  const auto warnings = context_.EventsOf<Warning>();
  ASSERT_THAT(warnings, SizeIs(1));
  EXPECT_THAT(warnings[0].message, HasSubstr("9 pictures of dataset plants:1 cannot be shown"));
  FakeTaskContext again;
  spec_.view = FeatureMapSpec{.options = {.projection = explore::Projection::kPca}, .pictures = true};
  SB_EXPECT_OK(RunExplore(spec_, again).status());
}

TEST_F(RunExploreTest, RefusesWhatIsNotThere) {
  spec_.view = NeighboursSpec{.images = {"mid/11.png"}, .uploads = {}};
  EXPECT_THAT(RunExplore(spec_, context_).status(),
              StatusIs(kInvalid, HasSubstr("'f' has no image 'mid/11.png'; did you mean 'mid/1.png'?")));
  spec_.view = NeighboursSpec{.images = {}, .uploads = {{.name = "x.png", .sha256 = std::string(64, 'a')}}};
  EXPECT_THAT(RunExplore(spec_, context_).status(), StatusIs(absl::StatusCode::kNotFound, HasSubstr("x.png")));
  spec_.view = NeighboursSpec{.images = {}, .uploads = {Upload("text.png", "no image")}};
  EXPECT_THAT(RunExplore(spec_, context_).status(), StatusIs(kInvalid, HasSubstr("text.png")));
  spec_.view = FeatureMapSpec{.options = {.perplexity = 8}};
  EXPECT_THAT(RunExplore(spec_, context_).status(), StatusIs(kInvalid, HasSubstr("at most 7")));
}

TEST_F(RunExploreTest, StopsWhenCancelled) {
  context_.set_on_progress([&](const Progress& progress) {
    if (progress.phase == "t-SNE" && progress.done >= 5) context_.Cancel();
  });
  spec_.view = FeatureMapSpec{};
  EXPECT_THAT(RunExplore(spec_, context_).status(), StatusIs(absl::StatusCode::kCancelled));
}

}  // namespace
}  // namespace seedbed::tasks
