// seedbed visualize, run against a server whose answers the test writes.
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/client/cli/program_fixture.h"

namespace seedbed::cli {
namespace {

using nlohmann::json;
using seedbed::testing::FakeJob;
using seedbed::testing::ProgramOutput;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class VisualizeTest : public ProgramTest {
 protected:
  VisualizeTest() {
    server_.SetScript([](FakeJob* job) {
      job->artifacts = {{"seedlings-samples.png", "the sheet"}};
      v1::VisualizeResult* result = job->job.mutable_result()->mutable_visualize();
      result->set_file("seedlings-samples.png");
      result->set_width(800);
      result->set_height(600);
      result->set_bytes(9);
      result->set_images(24);
      if (job->job.spec().visualize().suggest()) {
        result->set_suggestion(R"({"remove_background": {"colours": [[60, 150, 40], [1, 2, 3]], "thresholds": [900, 20]}})");
      }
    });
  }
  v1::VisualizeSpec Submitted() const { return server_.submissions().back().spec().visualize(); }
  std::string Content(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(Path(name)).rdbuf();
    return text.str();
  }
};

TEST_F(VisualizeTest, SendsWhatWasSaid) {
  const ProgramOutput result = Run({"visualize",       "augment",
                                    "--dataset",       "seedlings:2",
                                    "--split",         "default",
                                    "--subset",        "train",
                                    "--image",         "Maize/7.png",
                                    "--image",         "Shepherd’s Purse/0.png",
                                    "--seed",          "7",
                                    "--size",          "64x48",
                                    "--interpolation", "nearest",
                                    "--pipeline",      "remove_background",
                                    "--augment",       "[fliplr: 0.5, multiply: [0.8, 1.2]]",
                                    "--variants",      "3",
                                    "--steps",         "--detach"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "visualize-1\n");
  const v1::VisualizeSpec spec = Submitted();
  EXPECT_EQ(spec.view(), v1::VIEW_AUGMENT);
  EXPECT_EQ(spec.dataset(), "seedlings");
  EXPECT_EQ(spec.dataset_version(), 2);
  EXPECT_EQ(spec.split(), "default");
  EXPECT_EQ(spec.subset(), "train");
  EXPECT_THAT(spec.images(), ElementsAre("Maize/7.png", "Shepherd’s Purse/0.png"));
  EXPECT_FALSE(spec.has_count());
  EXPECT_EQ(spec.seed(), 7);
  EXPECT_EQ(spec.width(), 64);
  EXPECT_EQ(spec.height(), 48);
  EXPECT_EQ(spec.interpolation(), v1::INTERPOLATION_NEAREST);
  EXPECT_EQ(spec.pipeline().values(0).string_value(), "remove_background");
  EXPECT_EQ(spec.augment().values_size(), 2);
  EXPECT_EQ(spec.variants(), 3);
  EXPECT_TRUE(spec.steps());
}

TEST_F(VisualizeTest, TakesFromARecipeWhatTrainingTakes) {
  Write("recipe.yaml",
        "dataset: seedlings\nsplit: default\narch: vgg16\nseed: 9\nepochs: 40\npipeline: [remove_background]\naugment: light\n");
  const ProgramOutput result = Run({"visualize", "augment", "-f", Path("recipe.yaml").string(), "--seed", "3", "--detach"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const v1::VisualizeSpec spec = Submitted();
  EXPECT_EQ(spec.dataset(), "seedlings");
  EXPECT_EQ(spec.split(), "default");
  EXPECT_EQ(spec.arch(), "vgg16");
  EXPECT_EQ(spec.seed(), 3) << "flags stand above the recipe";
  EXPECT_EQ(spec.pipeline().values_size(), 1);
  EXPECT_EQ(spec.augment().values(0).string_value(), "light");
  EXPECT_EQ(Run({"visualize", "samples", "-f", Path("recipe.yaml").string(), "--detach"}).exit_code, 0);
  EXPECT_FALSE(Submitted().has_augment()) << "samples are shown as they are without it";
  EXPECT_TRUE(Submitted().has_pipeline());
}

TEST_F(VisualizeTest, FetchesTheSheetAndSaysWhereItIs) {
  const std::string sheet = Path("out/sheet.png").string();
  ProgramOutput result = Run({"visualize", "samples", "--dataset", "seedlings", "--count", "2", "--out", sheet});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr(sheet), HasSubstr("24 images"), HasSubstr("800x600")));
  EXPECT_EQ(Content("out/sheet.png"), "the sheet");
  EXPECT_EQ(Submitted().view(), v1::VIEW_SAMPLES);
  EXPECT_EQ(Submitted().count(), 2);
  result = Run({"visualize", "samples", "--dataset", "seedlings", "--out", Path("out").string(), "--output", "json"});
  EXPECT_EQ(json::parse(result.out)["file"], Path("out/seedlings-samples.png").string()) << "into a folder, by its own name";
  EXPECT_EQ(json::parse(result.out)["width"], 800);
  EXPECT_EQ(Content("out/seedlings-samples.png"), "the sheet");
}

TEST_F(VisualizeTest, PrintsProposedColoursAsARecipeHasThem) {
  const ProgramOutput result = Run({"visualize", "background", "--dataset", "seedlings", "--suggest", "--out", Path("sheet.png").string()});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("pipeline:\n  - remove_background:\n      colours: [[60, 150, 40], [1, 2, 3]]\n"
                                    "      thresholds: [900, 20]\n"));
  EXPECT_TRUE(Submitted().suggest());
}

TEST_F(VisualizeTest, RefusesWrongUsage) {
  EXPECT_THAT(Run({"visualize", "samples"}).err, HasSubstr("--dataset"));
  EXPECT_EQ(Run({"visualize", "samples"}).exit_code, 2);
  EXPECT_EQ(Run({"visualize", "samples", "--dataset", "d", "--count", "many"}).exit_code, 2);
  EXPECT_EQ(Run({"visualize", "samples", "--dataset", "d", "--steps"}).exit_code, 2);
  EXPECT_EQ(Run({"visualize", "sample", "--dataset", "d"}).exit_code, 2);
  EXPECT_THAT(Run({"visualize", "augment", "--dataset", "d", "--augment", "3"}).err, HasSubstr("--augment: expected"));
  EXPECT_EQ(Run({"visualize", "augment", "-f", Path("missing.yaml").string()}).exit_code, 4);
  EXPECT_THAT(server_.submissions(), IsEmpty());
}

}  // namespace
}  // namespace seedbed::cli
