#include "core/tasks/look/visualize.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/augment/pipeline.h"
#include "core/base/file.h"
#include "core/dataset/manifest.h"
#include "core/image/codec.h"
#include "core/image/resize.h"
#include "gmock/gmock.h"
#include "tests/unit/core/tasks/model/prepared_dataset.h"

namespace seedbed::tasks {
namespace {

using ::seedbed::testing::FakeTaskContext;
using ::seedbed::testing::PreparedDataset;
using ::seedbed::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

absl::StatusOr<image::Image> ReadPicture(const std::filesystem::path& path) {
  absl::StatusOr<std::string> file = ReadFile(path);
  if (!file.ok()) return file.status();
  image::Image image;
  const absl::Status status = image::DecodeImage(std::as_bytes(std::span(*file)), &image);
  if (!status.ok()) return status;
  return image;
}

// Whether the picture stands on the sheet, pixel for pixel.
bool Holds(const image::Image& sheet, const image::Image& picture) {
  const auto row = [](const image::Image& image, int x, int y) {
    return image.rgb.begin() + 3 * (static_cast<ptrdiff_t>(y) * image.width + x);
  };
  const auto holds_at = [&](int x, int y) {
    for (int line = 0; line < picture.height; ++line) {
      if (!std::equal(row(picture, 0, line), row(picture, 0, line) + 3 * picture.width, row(sheet, x, y + line))) return false;
    }
    return true;
  };
  for (int y = 0; y + picture.height <= sheet.height; ++y) {
    for (int x = 0; x + picture.width <= sheet.width; ++x) {
      if (holds_at(x, y)) return true;
    }
  }
  return false;
}

class RunVisualizeTest : public ::testing::Test {
 protected:
  VisualizeSpec Spec(View view) const {
    VisualizeSpec spec;
    spec.view = view;
    spec.dataset = "plants";
    spec.dataset_dir = dataset_.dataset_dir();
    spec.width = 80;
    spec.height = 70;
    return spec;
  }

  // The image as training sees it, after the steps as they are in that epoch.
  image::Image Prepared(const std::string& path, const std::string& steps, uint32_t epoch, uint64_t seed) const {
    const auto image = ReadPicture(dataset_.images().at(path));
    SB_EXPECT_OK(image.status());
    image::Image resized{80, 70, std::vector<uint8_t>(3 * 80 * 70)};
    image::ResizeInto(*image, 80, 70, image::Filter::kBilinear, resized.rgb);
    const auto pipeline = augment::Pipeline::ParseRandom(nlohmann::json::parse(steps), "augment");
    SB_EXPECT_OK(pipeline.status());
    const auto manifest = dataset::ReadManifest(dataset_.dataset_dir());
    const auto row = std::find_if(manifest->rows.begin(), manifest->rows.end(), [&](const auto& one) { return one.path == path; });
    augment::Scratch scratch;
    pipeline->Apply({.seed = seed, .epoch = epoch, .image = augment::ImageNumber(row->sha256)}, {80, 70, resized.rgb}, &scratch);
    return resized;
  }

  // Runs the job and reads its sheet.
  image::Image Sheet(const VisualizeSpec& spec) {
    FakeTaskContext context;
    absl::StatusOr<VisualizeResult> result = RunVisualize(spec, context);
    SB_EXPECT_OK(result.status());
    if (!result.ok()) return {};
    result_ = *result;
    const std::vector<Artifact> artifacts = context.EventsOf<Artifact>();
    EXPECT_THAT(artifacts, ElementsAre(AllOf(Field(&Artifact::name, result->sheet.file), Field(&Artifact::media_type, "image/png"))));
    const auto sheet = ReadPicture(context.paths().artifacts_dir / result->sheet.file);
    SB_EXPECT_OK(sheet.status());
    EXPECT_EQ(sheet->width, result->sheet.width);
    EXPECT_EQ(sheet->height, result->sheet.height);
    return *sheet;
  }

  absl::Status Refused(const VisualizeSpec& spec) {
    FakeTaskContext context;
    const absl::Status status = RunVisualize(spec, context).status();
    EXPECT_TRUE(context.EventsOf<Artifact>().empty());
    return status;
  }

  const PreparedDataset dataset_{{"Maize", "Shepherd’s Purse", "Wheat"}};
  VisualizeResult result_;
};

TEST_F(RunVisualizeTest, SamplesAreImagesOfEachClass) {
  VisualizeSpec spec = Spec(View::kSamples);
  spec.count = 3;
  Sheet(spec);
  EXPECT_EQ(result_.images, 9);
  EXPECT_EQ(result_.sheet.file, "plants-samples.png");
  spec.images = {"Wheat/3.png", "Maize/0.png"};
  const image::Image sheet = Sheet(spec);
  EXPECT_EQ(result_.images, 2);
  EXPECT_TRUE(Holds(sheet, Prepared("Wheat/3.png", "[]", 0, 0)));
  EXPECT_TRUE(Holds(sheet, Prepared("Maize/0.png", "[]", 0, 0)));
  EXPECT_FALSE(Holds(sheet, Prepared("Maize/1.png", "[]", 0, 0)));
}

TEST_F(RunVisualizeTest, SamplesAreShownAfterThePipeline) {
  VisualizeSpec spec = Spec(View::kSamples);
  spec.images = {"Maize/0.png"};
  spec.pipeline = R"([{"remove_background": {"colours": [[60, 60, 60]], "thresholds": 2000, "median": 0}}])";
  const image::Image sheet = Sheet(spec);
  EXPECT_TRUE(Holds(sheet, Prepared("Maize/0.png", spec.pipeline, 0, 0)));
  EXPECT_FALSE(Holds(sheet, Prepared("Maize/0.png", "[]", 0, 0)));
}

TEST_F(RunVisualizeTest, ChoosesAmongTheImagesOfASubset) {
  VisualizeSpec spec = Spec(View::kSamples);
  spec.split = "default";
  spec.split_file = dataset_.split_file();
  spec.count = 100;
  Sheet(spec);
  EXPECT_EQ(result_.images, 24);
  spec.subset = "validation";
  Sheet(spec);
  EXPECT_EQ(result_.images, 6);
  spec.subset = "test";
  EXPECT_THAT(Refused(spec), StatusIs(kInvalid, HasSubstr("train, validation")));
}

TEST_F(RunVisualizeTest, VariantsAreThePicturesThatTrainingSees) {
  VisualizeSpec spec = Spec(View::kAugment);
  spec.images = {"Maize/0.png", "Wheat/1.png"};
  spec.augment = R"([{"fliplr": 0.5}, {"multiply": [0.5, 1.5]}])";
  spec.variants = 3;
  spec.seed = 11;
  const image::Image sheet = Sheet(spec);
  for (const std::string& path : spec.images) {
    EXPECT_TRUE(Holds(sheet, Prepared(path, "[]", 0, 0))) << "the original";
    for (uint32_t epoch = 0; epoch < 3; ++epoch) EXPECT_TRUE(Holds(sheet, Prepared(path, spec.augment, epoch, 11))) << path << epoch;
    EXPECT_FALSE(Holds(sheet, Prepared(path, spec.augment, 3, 11)));
    EXPECT_FALSE(Holds(sheet, Prepared(path, spec.augment, 0, 12)));
  }
}

TEST_F(RunVisualizeTest, StepsAreShownOneAfterTheOther) {
  VisualizeSpec spec = Spec(View::kAugment);
  spec.images = {"Maize/0.png"};
  spec.pipeline = R"([{"remove_background": {"colours": [[60, 60, 60]], "thresholds": 2000, "median": 0}}])";
  spec.augment = R"([{"multiply": 1.25}, {"fliplr": 1}])";
  spec.steps = true;
  const image::Image sheet = Sheet(spec);
  std::string steps = "[";
  for (const char* step : {R"({"remove_background": {"colours": [[60, 60, 60]], "thresholds": 2000, "median": 0}})",
                           R"(, {"multiply": 1.25})", R"(, {"fliplr": 1})"}) {
    steps += step;
    EXPECT_TRUE(Holds(sheet, Prepared("Maize/0.png", steps + "]", 0, 0))) << steps;
  }
  const int height_of_one = sheet.height;
  spec.variants = 2;
  EXPECT_GT(Sheet(spec).height, height_of_one) << "one row for each epoch";
}

TEST_F(RunVisualizeTest, BackgroundsAreShownBesideTheirMask) {
  VisualizeSpec spec = Spec(View::kBackground);
  spec.images = {"Maize/0.png"};
  spec.pipeline = R"([{"remove_background": {"colours": [[60, 60, 60]], "thresholds": [2000], "median": 0}}])";
  image::Image sheet = Sheet(spec);
  EXPECT_TRUE(Holds(sheet, Prepared("Maize/0.png", "[]", 0, 0)));
  EXPECT_TRUE(Holds(sheet, Prepared("Maize/0.png", spec.pipeline, 0, 0)));
  const std::string mask = R"([{"remove_background": {"colours": [[60, 60, 60]], "thresholds": [2000], "median": 0, "mask": true}}])";
  EXPECT_TRUE(Holds(sheet, Prepared("Maize/0.png", mask, 0, 0)));
  spec.pipeline = "";
  sheet = Sheet(spec);
  EXPECT_TRUE(Holds(sheet, Prepared("Maize/0.png", R"(["remove_background"])", 0, 0))) << "the seedlings' colours";
}

TEST_F(RunVisualizeTest, ProposesColours) {
  VisualizeSpec spec = Spec(View::kBackground);
  const testing::ImageFolder images;
  for (int i = 0; i < 4; ++i) {
    image::Image image{40, 40, {}};
    for (int pixel = 0; pixel < 40 * 40; ++pixel) {
      const bool leaf = pixel % 40 < 12 + i;
      for (const int value : {leaf ? 60 : 150, leaf ? 150 : 120, leaf ? 40 : 90}) {
        image.rgb.push_back(static_cast<uint8_t>(value + pixel % 7));
      }
    }
    images.AddImage(absl::StrCat("Maize/", i, ".png"), image);
  }
  FakeTaskContext indexing;
  IndexSpec index;
  index.dataset = "plants";
  index.root = images.root();
  SB_ASSERT_OK(RunIndex(index, indexing).status());
  spec.dataset_dir = indexing.paths().output_dir;
  spec.suggest = true;
  Sheet(spec);
  const auto suggestion = nlohmann::json::parse(result_.suggestion);
  const auto& colours = suggestion["remove_background"]["colours"];
  ASSERT_FALSE(colours.empty());
  EXPECT_EQ(suggestion["remove_background"]["thresholds"].size(), colours.size());
  EXPECT_NEAR(colours[0][0].get<int>(), 63, 6) << "the most frequent one; the others may be those of the edges";
  EXPECT_NEAR(colours[0][1].get<int>(), 153, 6);
  SB_EXPECT_OK(augment::Pipeline::Parse(nlohmann::json::array({suggestion}), "pipeline").status());
}

TEST_F(RunVisualizeTest, LeavesTheMixingOfBatchesOut) {
  VisualizeSpec spec = Spec(View::kAugment);
  spec.images = {"Maize/0.png"};
  spec.augment = R"([{"fliplr": 1}, {"mixup": 0.2}])";
  EXPECT_TRUE(Holds(Sheet(spec), Prepared("Maize/0.png", R"([{"fliplr": 1}])", 0, 0)));
}

TEST_F(RunVisualizeTest, IsTheSameFileEachTime) {
  VisualizeSpec spec = Spec(View::kAugment);
  spec.augment = R"([{"fliplr": 0.5}])";
  spec.count = 2;
  EXPECT_EQ(Sheet(spec).rgb, Sheet(spec).rgb);
}

TEST_F(RunVisualizeTest, RefusesWhatCannotBeShown) {
  VisualizeSpec spec = Spec(View::kAugment);
  spec.augment = R"(["fliplrr"])";
  EXPECT_THAT(Refused(spec), StatusIs(kInvalid, AllOf(HasSubstr("augment[0]"), HasSubstr("fliplrr"))));
  spec = Spec(View::kSamples);
  spec.pipeline = R"([{"fliplr": 0.5}])";
  EXPECT_THAT(Refused(spec), StatusIs(kInvalid, HasSubstr("belong into augment")));
  spec = Spec(View::kSamples);
  spec.pipeline = "[";
  EXPECT_THAT(Refused(spec), StatusIs(kInvalid, HasSubstr("pipeline")));
  spec = Spec(View::kSamples);
  spec.images = {"Maize/77.png"};
  EXPECT_THAT(Refused(spec), StatusIs(kInvalid, HasSubstr("no image 'Maize/77.png'")));
  spec = Spec(View::kSamples);
  spec.count = 0;
  EXPECT_THAT(Refused(spec), StatusIs(kInvalid, HasSubstr("count is 0")));
}

TEST_F(RunVisualizeTest, RefusesSheetsThatAreTooLargeBeforeItDecodes) {
  VisualizeSpec spec = Spec(View::kAugment);
  spec.augment = R"([{"fliplr": 0.5}])";
  spec.variants = 100;
  spec.width = spec.height = 4096;
  FakeTaskContext context;
  EXPECT_THAT(RunVisualize(spec, context).status(), StatusIs(kInvalid, HasSubstr("the sheet would have")));
  EXPECT_TRUE(context.progress().empty());
}

TEST_F(RunVisualizeTest, CanBeCancelled) {
  FakeTaskContext context;
  context.set_on_progress([&](const Progress& progress) {
    if (progress.phase == "draw") context.Cancel();
  });
  EXPECT_THAT(RunVisualize(Spec(View::kSamples), context).status(), StatusIs(absl::StatusCode::kCancelled));
}

}  // namespace
}  // namespace seedbed::tasks
