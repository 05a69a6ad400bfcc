#include "core/tasks/model/evaluate.h"

#include "core/base/file.h"
#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "tests/unit/core/tasks/model/prepared_dataset.h"
#include "tests/unit/core/tasks/model/report_data.h"

namespace seedbed::tasks {
namespace {

using ::seedbed::testing::FakeTaskContext;
using ::seedbed::testing::PreparedDataset;
using ::seedbed::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

class RunEvaluateTest : public ::testing::Test {
 protected:
  void SetUp() override {
    SB_ASSERT_OK_AND_ASSIGN(trained_, RunTrain(dataset_.TrainSpec(), training_));
    spec_.model = "m";
    spec_.model_dir = training_.paths().output_dir;
    spec_.dataset = "plants";
    spec_.dataset_dir = dataset_.dataset_dir();
    spec_.split_file = dataset_.split_file();
    spec_.subset = "validation";
    spec_.batch_size = 4;
    spec_.top_k = 3;
  }

  const PreparedDataset dataset_{{"dark", "light", "mid"}};
  FakeTaskContext training_;
  FakeTaskContext context_;
  TrainResult trained_;
  EvaluateSpec spec_;
};

// Evaluation computes with LibTorch, training with kernels of its own: they must agree.
TEST_F(RunEvaluateTest, AgreesWithTheTrainingsValidation) {
  SB_ASSERT_OK_AND_ASSIGN(const EvaluateResult result, RunEvaluate(spec_, context_));
  EXPECT_EQ(result.images, 6);
  EXPECT_NEAR(result.loss, *trained_.metrics.val_loss, 1e-5 * *trained_.metrics.val_loss);
  EXPECT_DOUBLE_EQ(result.accuracy, *trained_.metrics.val_accuracy);
  EXPECT_DOUBLE_EQ(result.top5, 1);
  EXPECT_EQ(result.top_k, 3);
  EXPECT_DOUBLE_EQ(result.top_k_accuracy, 1);
  ASSERT_EQ(result.per_class.size(), 3);
  EXPECT_EQ(result.per_class[1].name, "light");
  EXPECT_EQ(result.per_class[1].images, 2);
  int64_t diagonal = 0, all = 0;
  for (size_t i = 0; i < 9; ++i) {
    all += result.confusion[i];
    if (i % 4 == 0) diagonal += result.confusion[i];
  }
  EXPECT_EQ(all, 6);
  EXPECT_DOUBLE_EQ(static_cast<double>(diagonal) / 6, result.accuracy);
}

TEST_F(RunEvaluateTest, WritesItsReports) {
  SB_ASSERT_OK_AND_ASSIGN(const EvaluateResult result, RunEvaluate(spec_, context_));
  std::vector<std::string> names;
  for (const Artifact& artifact : context_.EventsOf<Artifact>()) {
    names.push_back(artifact.name);
    EXPECT_TRUE(std::filesystem::exists(context_.paths().artifacts_dir / artifact.name));
  }
  EXPECT_THAT(names, ElementsAre("evaluation.json", "confusion.csv", "per_class.csv", "predictions.csv", "report.html"));
  const auto json = nlohmann::json::parse(*ReadFile(context_.paths().artifacts_dir / "evaluation.json"));
  EXPECT_EQ(json["images"], 6);
  EXPECT_EQ(json["accuracy"], result.accuracy);
  const std::string predictions = *ReadFile(context_.paths().artifacts_dir / "predictions.csv");
  EXPECT_EQ(std::count(predictions.begin(), predictions.end(), '\n'), 7);
  EXPECT_THAT(predictions, HasSubstr("\ndark/"));
}

TEST_F(RunEvaluateTest, ReportHoldsScoresPicturesAndOrigin) {
  spec_.job = "evaluate-7";
  spec_.recipe = R"({"evaluate": {"model": "<m>"}})";
  SB_ASSERT_OK(RunEvaluate(spec_, context_));
  const std::string html = *ReadFile(context_.paths().artifacts_dir / "report.html");
  const nlohmann::json data = testing::ReportData(html);
  EXPECT_EQ(data["title"], "Evaluation of m:1");
  EXPECT_THAT(data["subtitle"].get<std::string>(), HasSubstr("job evaluate-7"));
  EXPECT_EQ(testing::SectionOf(data, "Who was taken for whom")["content"]["classes"].size(), 3);
  EXPECT_EQ(testing::SectionOf(data, "Most uncertain images")["content"]["pictures"].size(), 6);
  EXPECT_EQ(testing::SectionOf(data, "Recipe")["content"]["text"], spec_.recipe);
  const nlohmann::json provenance = testing::SectionOf(data, "Provenance")["content"]["rows"];
  EXPECT_THAT(provenance.dump(), AllOf(HasSubstr(trained_.weights_sha256), HasSubstr("plants:1"), HasSubstr("baseline")));
}

// With ten thousand images the report shows as many pictures as with fifty.
TEST_F(RunEvaluateTest, ReportShowsABoundedNumberOfPictures) {
  const PreparedDataset many({"dark", "light", "mid"}, 40);
  spec_.dataset_dir = many.dataset_dir();
  spec_.split_file.clear();
  SB_ASSERT_OK(RunEvaluate(spec_, context_));
  const nlohmann::json data = testing::ReportData(*ReadFile(context_.paths().artifacts_dir / "report.html"));
  EXPECT_EQ(testing::SectionOf(data, "Most uncertain images")["content"]["pictures"].size(), 24);
}

TEST_F(RunEvaluateTest, BatchSizeDoesNotMatter) {
  SB_ASSERT_OK_AND_ASSIGN(const EvaluateResult small, RunEvaluate(spec_, context_));
  spec_.batch_size = 100;
  FakeTaskContext context;
  SB_ASSERT_OK_AND_ASSIGN(const EvaluateResult large, RunEvaluate(spec_, context));
  EXPECT_NEAR(small.loss, large.loss, 1e-6);
  EXPECT_EQ(small.confusion, large.confusion);
}

TEST_F(RunEvaluateTest, WithoutSplitTheWholeDataset) {
  spec_.split_file.clear();
  SB_ASSERT_OK_AND_ASSIGN(const EvaluateResult result, RunEvaluate(spec_, context_));
  EXPECT_EQ(result.images, 24);
}

TEST_F(RunEvaluateTest, NamesTheClassesThatDiffer) {
  const PreparedDataset other({"dark", "mid", "sky"});
  spec_.dataset_dir = other.dataset_dir();
  spec_.split_file = other.split_file();
  EXPECT_THAT(RunEvaluate(spec_, context_),
              StatusIs(kInvalid, AllOf(HasSubstr("only the model has 'light'"), HasSubstr("only the dataset has 'sky'"))));
}

TEST_F(RunEvaluateTest, RefusesWhatIsNotThere) {
  EvaluateSpec spec = spec_;
  spec.subset = "test";
  EXPECT_THAT(RunEvaluate(spec, context_), StatusIs(kInvalid, AllOf(HasSubstr("'test'"), HasSubstr("train, validation"))));
  spec = spec_;
  spec.model_dir = "/nowhere";
  EXPECT_THAT(RunEvaluate(spec, context_), StatusIs(absl::StatusCode::kNotFound));
  spec = spec_;
  spec.batch_size = 0;
  EXPECT_THAT(RunEvaluate(spec, context_), StatusIs(kInvalid, HasSubstr("batch_size is 0")));
  spec = spec_;
  spec.top_k = 0;
  EXPECT_THAT(RunEvaluate(spec, context_), StatusIs(kInvalid, HasSubstr("top_k is 0")));
}

TEST_F(RunEvaluateTest, Cancels) {
  context_.set_on_progress([&](const Progress& progress) {
    if (progress.phase == "evaluate") context_.Cancel();
  });
  EXPECT_THAT(RunEvaluate(spec_, context_), StatusIs(absl::StatusCode::kCancelled));
}

}  // namespace
}  // namespace seedbed::tasks
