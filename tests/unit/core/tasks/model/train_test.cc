#include "core/tasks/model/train.h"

#include <fstream>
#include <limits>

#include "core/base/file.h"
#include "core/nn/model_file.h"
#include "core/nn/safetensors.h"
#include "gmock/gmock.h"
#include "tests/unit/core/tasks/model/prepared_dataset.h"
#include "tests/unit/core/tasks/model/report_data.h"

namespace seedbed::tasks {
namespace {

namespace fs = std::filesystem;
using ::seedbed::testing::FakeTaskContext;
using ::seedbed::testing::PreparedDataset;
using ::seedbed::testing::StatusIs;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

std::string ReasonOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kReasonPayload);
  return payload ? std::string(*payload) : "";
}

std::vector<std::string> KeysOf(const FakeTaskContext& context, std::string_view prefix) {
  std::vector<std::string> keys;
  for (const TaskEvent& event : context.events()) {
    if (event.key.starts_with(prefix)) keys.push_back(event.key);
  }
  return keys;
}

class RunTrainTest : public ::testing::Test {
 protected:
  const PreparedDataset dataset_{{"dark", "mid", "Shepherd’s Purse"}};
  TrainSpec spec_ = dataset_.TrainSpec();
  FakeTaskContext context_;
};

TEST_F(RunTrainTest, TrainsAndPublishesAModel) {
  spec_.epochs = 10;
  SB_ASSERT_OK_AND_ASSIGN(const TrainResult result, RunTrain(spec_, context_));
  EXPECT_THAT(result.classes, ElementsAre("Shepherd’s Purse", "dark", "mid"));
  EXPECT_EQ(result.parameters, 3 * 270 + 3);
  EXPECT_EQ(result.trainable_parameters, result.parameters);
  EXPECT_THAT(result.layers, SizeIs(4));
  EXPECT_EQ(result.metrics.epoch, 10);
  EXPECT_EQ(result.metrics.epochs, 10);
  EXPECT_GT(result.metrics.accuracy, 0.9);
  EXPECT_TRUE(result.metrics.val_accuracy);

  const fs::path& output = context_.paths().output_dir;
  SB_ASSERT_OK_AND_ASSIGN(const nn::SavedModel model, nn::ReadModel(output));
  EXPECT_EQ(nn::ModelSha256(model), result.weights_sha256);
  EXPECT_EQ(model.mean_image.size(), 270);
  EXPECT_EQ(model.training["recipe"]["epochs"], 10);
  EXPECT_EQ(model.training["history"].size(), 10);
  EXPECT_EQ(model.training["training_images"], 18);
  SB_EXPECT_OK(nn::SafetensorsFile::Open(output / "best.safetensors"));
  int64_t bytes = 0;
  for (const auto& entry : fs::directory_iterator(output)) bytes += static_cast<int64_t>(entry.file_size());
  EXPECT_EQ(result.bytes, bytes);
}

TEST_F(RunTrainTest, SaysWhatItDoes) {
  SB_ASSERT_OK(RunTrain(spec_, context_));
  EXPECT_THAT(KeysOf(context_, "epoch/"), ElementsAre("epoch/1", "epoch/2", "epoch/3"));
  EXPECT_THAT(KeysOf(context_, "log/"), ElementsAre("log/plan", "log/decoded", "log/report"));
  EXPECT_THAT(KeysOf(context_, "artifact/"),
              ElementsAre("artifact/history.csv", "artifact/tensorboard/events.out.tfevents.seedbed", "artifact/report.html"));
  EXPECT_THAT(context_.EventsOf<LogLine>()[0].message,
              HasSubstr("3 classes, 18 training and 6 validation images; logistic with 813 parameters"));
  EXPECT_THAT(context_.EventsOf<LogLine>()[1].message, HasSubstr("decoded 24 images to 10x9; 0 were in the cache"));
  EXPECT_FALSE(context_.marks().empty());
  const std::string history = *ReadFile(context_.paths().artifacts_dir / "history.csv");
  EXPECT_EQ(std::count(history.begin(), history.end(), '\n'), 4);
}

TEST_F(RunTrainTest, ReportHoldsCurvesAndWhatItMadeOfTheValidationImages) {
  spec_.keep = Keep::kBest;
  SB_ASSERT_OK_AND_ASSIGN(const TrainResult result, RunTrain(spec_, context_));
  const nlohmann::json data = testing::ReportData(*ReadFile(context_.paths().artifacts_dir / "report.html"));
  EXPECT_THAT(data["title"].get<std::string>(), HasSubstr("Training of "));
  EXPECT_EQ(testing::SectionOf(data, "Loss")["content"]["series"][1]["values"].size(), 3);
  const nlohmann::json cells = testing::SectionOf(data, "Who was taken for whom")["content"]["cells"];
  int64_t right = 0, all = 0;
  for (const nlohmann::json& cell : cells) {
    all += cell[2].get<int64_t>();
    if (cell[0] == cell[1]) right += cell[2].get<int64_t>();
  }
  EXPECT_EQ(all, 6);
  // Those of the weights that the model has.
  EXPECT_DOUBLE_EQ(static_cast<double>(right) / 6, *result.metrics.val_accuracy);
  EXPECT_THAT(testing::SectionOf(data, "Provenance").dump(), HasSubstr(result.weights_sha256));
}

TEST_F(RunTrainTest, AReportThatCannotBeWrittenCostsNoModel) {
  for (const char* name : {"report.html/x", "tensorboard/events.out.tfevents.seedbed/x"}) {
    std::filesystem::create_directories(context_.paths().artifacts_dir / name);
  }
  SB_ASSERT_OK(RunTrain(spec_, context_));
  SB_EXPECT_OK(nn::ReadModel(context_.paths().output_dir).status());
  std::vector<std::string> warnings;
  for (const Warning& warning : context_.EventsOf<Warning>()) warnings.push_back(warning.message);
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("leaves no tensorboard: "), HasSubstr("leaves no report: ")));
}

TEST_F(RunTrainTest, ReportSaysHowToEvaluateWithoutValidationImages) {
  spec_.split_file.clear();
  SB_ASSERT_OK(RunTrain(spec_, context_));
  const nlohmann::json data = testing::ReportData(*ReadFile(context_.paths().artifacts_dir / "report.html"));
  EXPECT_THAT(testing::SectionOf(data, "How good is it on new images?")["text"].get<std::string>(), HasSubstr("seedbed evaluate "));
  EXPECT_EQ(testing::SectionOf(data, "Loss")["content"]["series"].size(), 1);
}

TEST_F(RunTrainTest, SecondTrainingFindsEveryImageInTheCache) {
  SB_ASSERT_OK(RunTrain(spec_, context_));
  FakeTaskContext second(context_, 2);
  spec_.seed = 1;
  SB_ASSERT_OK(RunTrain(spec_, second));
  EXPECT_THAT(second.EventsOf<LogLine>(), Contains(Field(&LogLine::message, HasSubstr("decoded 0 images to 10x9; 24 were in the cache"))));
}

TEST_F(RunTrainTest, SeedDecidesTheBitsAndThreadsDoNot) {
  const auto digest = [&](uint64_t seed, int threads) {
    FakeTaskContext context;
    spec_.seed = seed;
    spec_.threads = threads;
    return RunTrain(spec_, context)->weights_sha256;
  };
  const std::string reference = digest(0, 1);
  EXPECT_EQ(reference, digest(0, 1));
  EXPECT_EQ(reference, digest(0, 2));
  EXPECT_EQ(reference, digest(0, 3));
  EXPECT_NE(reference, digest(1, 1));
}

// Cancels when the n-th progress-free moment comes: at every checkpoint mark in turn, then goes on in a second attempt.
TEST_F(RunTrainTest, AnInterruptedTrainingEndsWithTheSameBitsAndAllItsEvents) {
  SB_ASSERT_OK_AND_ASSIGN(const TrainResult whole, RunTrain(spec_, context_));
  for (int epoch = 1; epoch <= 2; ++epoch) {
    FakeTaskContext first;
    first.set_on_event([&](const TaskEvent& event) {
      if (event.key == "epoch/" + std::to_string(epoch)) first.Cancel();
    });
    EXPECT_THAT(RunTrain(spec_, first), StatusIs(absl::StatusCode::kCancelled, HasSubstr("after epoch " + std::to_string(epoch))));
    FakeTaskContext second(first, 2);
    SB_ASSERT_OK_AND_ASSIGN(const TrainResult resumed, RunTrain(spec_, second));
    EXPECT_EQ(resumed.weights_sha256, whole.weights_sha256);
    EXPECT_EQ(resumed.best_epoch, whole.best_epoch);
    EXPECT_THAT(KeysOf(second, "epoch/"), ElementsAre("epoch/1", "epoch/2", "epoch/3"));
    EXPECT_THAT(KeysOf(second, "log/resumed"), ElementsAre("log/resumed/2"));
  }
}

TEST_F(RunTrainTest, CancelledTrainingLeavesItsBestWeights) {
  context_.set_on_event([&](const TaskEvent& event) {
    if (event.key == "epoch/2") context_.Cancel();
  });
  EXPECT_THAT(RunTrain(spec_, context_), StatusIs(absl::StatusCode::kCancelled, HasSubstr("best/")));
  SB_EXPECT_OK(nn::ReadModel(context_.paths().artifacts_dir / "best"));
  EXPECT_THAT(KeysOf(context_, "artifact/"), ElementsAre("artifact/best/model.json", "artifact/best/model.safetensors"));
}

TEST_F(RunTrainTest, CancelBeforeAnyWork) {
  context_.Cancel();
  EXPECT_THAT(RunTrain(spec_, context_), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_THAT(KeysOf(context_, "artifact/"), IsEmpty());
}

TEST_F(RunTrainTest, KeepBestPublishesTheBestEpoch) {
  spec_.epochs = 6;
  spec_.keep = Keep::kBest;
  SB_ASSERT_OK_AND_ASSIGN(const TrainResult result, RunTrain(spec_, context_));
  EXPECT_EQ(result.metrics.epoch, result.best_epoch);
  const fs::path& output = context_.paths().output_dir;
  SB_ASSERT_OK_AND_ASSIGN(const auto best, nn::SafetensorsFile::Open(output / "best.safetensors"));
  EXPECT_EQ(nn::WeightsSha256(best.tensors()), result.weights_sha256);
}

TEST_F(RunTrainTest, WithoutSplitEverythingIsTrainedOn) {
  spec_.split.clear();
  spec_.split_file.clear();
  SB_ASSERT_OK_AND_ASSIGN(const TrainResult result, RunTrain(spec_, context_));
  EXPECT_FALSE(result.metrics.val_loss);
  EXPECT_THAT(context_.EventsOf<LogLine>()[0].message, HasSubstr("24 training and 0 validation"));
}

TEST_F(RunTrainTest, GoesOnFromAnotherModel) {
  SB_ASSERT_OK_AND_ASSIGN(const TrainResult first, RunTrain(spec_, context_));
  FakeTaskContext second;
  spec_.initial_model_dir = context_.paths().output_dir;
  SB_ASSERT_OK_AND_ASSIGN(const TrainResult further, RunTrain(spec_, second));
  EXPECT_LT(further.metrics.loss, first.metrics.loss);
}

TEST_F(RunTrainTest, InitialModelMustFit) {
  SB_ASSERT_OK(RunTrain(spec_, context_));
  spec_.initial_model_dir = context_.paths().output_dir;
  FakeTaskContext other_size, other_classes;
  spec_.preprocessing.width = 11;
  EXPECT_THAT(RunTrain(spec_, other_size), StatusIs(kInvalid, AllOf(HasSubstr("9x10x3"), HasSubstr("9x11x3"))));
  const PreparedDataset other({"dark", "mid", "light"});
  TrainSpec spec = other.TrainSpec();
  spec.initial_model_dir = context_.paths().output_dir;
  EXPECT_THAT(RunTrain(spec, other_classes), StatusIs(kInvalid, AllOf(HasSubstr("other classes"), HasSubstr("light"))));
}

TEST_F(RunTrainTest, LossThatIsNoNumberHasTheReasonDiverged) {
  spec_.optimizer.lr = 1e38;
  spec_.preprocessing.center = image::Center::kNone;
  const absl::Status status = RunTrain(spec_, context_).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kOutOfRange, AllOf(HasSubstr("epoch 1, batch "), HasSubstr("--lr"))));
  EXPECT_EQ(ReasonOf(status), "DIVERGED");
}

TEST_F(RunTrainTest, UnstableLossWarns) {
  spec_.optimizer.lr = 50;
  spec_.preprocessing.center = image::Center::kNone;
  SB_ASSERT_OK(RunTrain(spec_, context_));
  EXPECT_THAT(context_.WarningsOf("unstable_loss"), ElementsAre(HasSubstr("mean_image")));
}

TEST_F(RunTrainTest, ClassWithoutImagesWarns) {
  const PreparedDataset dataset({"dark", "mid"});
  dataset.images().MakeFolder("nothing");
  IndexSpec index;
  index.dataset = "plants";
  index.root = dataset.images().root();
  FakeTaskContext indexing;
  SB_ASSERT_OK(RunIndex(index, indexing));
  TrainSpec spec = dataset.TrainSpec();
  spec.dataset_dir = indexing.paths().output_dir;
  spec.split_file.clear();
  SB_ASSERT_OK(RunTrain(spec, context_));
  EXPECT_THAT(context_.WarningsOf("class_without_images"), ElementsAre(HasSubstr("'nothing'")));
}

TEST_F(RunTrainTest, RefusesBadSettingsNamingThem) {
  const auto with = [&](const std::function<void(TrainSpec&)>& change) {
    TrainSpec spec = dataset_.TrainSpec();
    change(spec);
    FakeTaskContext context;
    return RunTrain(spec, context).status();
  };
  EXPECT_THAT(with([](TrainSpec& s) { s.arch = "vgg99"; }), StatusIs(kInvalid, AllOf(HasSubstr("vgg99"), HasSubstr("logistic"))));
  EXPECT_THAT(with([](TrainSpec& s) { s.optimizer.name = "lion"; }), StatusIs(kInvalid, AllOf(HasSubstr("lion"), HasSubstr("adam"))));
  EXPECT_THAT(with([](TrainSpec& s) { s.optimizer.lr = 0; }), StatusIs(kInvalid, HasSubstr("lr is 0")));
  EXPECT_THAT(with([](TrainSpec& s) { s.optimizer.lr = std::numeric_limits<double>::quiet_NaN(); }),
              StatusIs(kInvalid, HasSubstr("lr is nan")));
  EXPECT_THAT(with([](TrainSpec& s) { s.optimizer.momentum = 1; }), StatusIs(kInvalid, HasSubstr("momentum is 1")));
  EXPECT_THAT(with([](TrainSpec& s) { s.optimizer.nesterov = true; }), StatusIs(kInvalid, HasSubstr("nesterov")));
  EXPECT_THAT(with([](TrainSpec& s) { s.optimizer = {.name = "adam", .beta2 = 1}; }), StatusIs(kInvalid, HasSubstr("beta2 is 1")));
  EXPECT_THAT(with([](TrainSpec& s) { s.epochs = 0; }), StatusIs(kInvalid, HasSubstr("epochs is 0")));
  EXPECT_THAT(with([](TrainSpec& s) { s.batch_size = -3; }), StatusIs(kInvalid, HasSubstr("batch_size is -3")));
  EXPECT_THAT(with([](TrainSpec& s) { s.preprocessing.width = 5000; }), StatusIs(kInvalid, HasSubstr("width is 5000")));
  EXPECT_THAT(with([](TrainSpec& s) { s.preprocessing.rescale = 0; }), StatusIs(kInvalid, HasSubstr("rescale is 0")));
  EXPECT_THAT(with([](TrainSpec& s) { s.dataset_dir = "/nowhere"; }), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(with([](TrainSpec& s) { s.initial_model_dir = "/nowhere"; }), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(RunTrainTest, RefusesDataThatCannotBeTrainedOn) {
  const PreparedDataset single({"only"});
  EXPECT_THAT(RunTrain(single.TrainSpec(), context_), StatusIs(kInvalid, HasSubstr("at least 2 classes")));
  std::ifstream split(dataset_.split_file());
  std::string text((std::istreambuf_iterator<char>(split)), {});
  for (size_t at = text.find("\ttrain\t"); at != std::string::npos; at = text.find("\ttrain\t")) text.replace(at, 7, "\ttest\t");
  std::ofstream(dataset_.split_file()) << text;
  EXPECT_THAT(RunTrain(spec_, context_), StatusIs(kInvalid, HasSubstr("no image in its subset 'train'")));
}

TEST_F(RunTrainTest, FileChangedSinceIndexingIsNamed) {
  std::ofstream(dataset_.images().at("mid/3.png")) << "something else";
  EXPECT_THAT(RunTrain(spec_, context_), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("mid/3.png")));
}

TEST_F(RunTrainTest, AJobBoundToAnotherProcessorDoesNotRunHere) {
  context_.mutable_profile()->instruction_set = "altivec";
  EXPECT_THAT(RunTrain(spec_, context_), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("altivec")));
}

TEST_F(RunTrainTest, FitsFeaturewiseStandardisationToTheTrainingImages) {
  spec_.preprocessing.steps = R"([{"standardize": {"featurewise_std_normalization": true}}])";
  spec_.preprocessing.center = image::Center::kNone;
  SB_ASSERT_OK(RunTrain(spec_, context_));
  SB_ASSERT_OK_AND_ASSIGN(const nn::SavedModel model, nn::ReadModel(context_.paths().output_dir));
  EXPECT_EQ(model.preprocessing.featurewise, image::Standardize::kCenterAndScale);
  EXPECT_GT(model.preprocessing.mean[0], 0.1);
  EXPECT_LT(model.preprocessing.mean[0], 0.9);
  EXPECT_GT(model.preprocessing.std[0], 0.05);
  EXPECT_LT(model.preprocessing.std[0], 0.5);
  EXPECT_TRUE(model.preprocessing.steps.empty());
  // What goes on from there keeps them.
  spec_.initial_model_dir = context_.paths().output_dir;
  FakeTaskContext second;
  SB_ASSERT_OK(RunTrain(spec_, second));
  EXPECT_EQ(nn::ReadModel(second.paths().output_dir)->preprocessing, model.preprocessing);
}

TEST_F(RunTrainTest, StandardizesPicturesByThemselves) {
  spec_.preprocessing.steps = R"([{"standardize": {"samplewise_std_normalization": true}}])";
  SB_ASSERT_OK(RunTrain(spec_, context_));
  SB_ASSERT_OK_AND_ASSIGN(const nn::SavedModel model, nn::ReadModel(context_.paths().output_dir));
  EXPECT_EQ(model.preprocessing.samplewise, image::Standardize::kCenterAndScale);
  EXPECT_EQ(model.preprocessing.center, image::Center::kNone);
  EXPECT_TRUE(model.mean_image.empty());
}

TEST_F(RunTrainTest, WhitensAsALayerThatIsFittedToTheTrainingImages) {
  spec_.preprocessing.width = spec_.preprocessing.height = 4;
  spec_.preprocessing.steps = R"([{"standardize": {"zca_whitening": true, "zca_epsilon": 0.01}}])";
  const absl::StatusOr<TrainResult> result = RunTrain(spec_, context_);
  if (absl::IsUnimplemented(result.status())) GTEST_SKIP() << result.status().message();
  SB_ASSERT_OK(result.status());
  EXPECT_EQ(result->frozen_layer, "flatten") << "it runs once for each image";
  SB_ASSERT_OK_AND_ASSIGN(const nn::SavedModel model, nn::ReadModel(context_.paths().output_dir));
  EXPECT_EQ(model.preprocessing.featurewise, image::Standardize::kCenter);
  EXPECT_EQ(model.preprocessing.center, image::Center::kNone);
  const std::vector<float> matrix = nn::FloatsOf(nn::ViewsOf(model.weights).at("zca_whitening.weight"));
  ASSERT_EQ(matrix.size(), 48u * 48u);
  for (size_t i = 0; i < 48; ++i) {
    EXPECT_GT(matrix[i * 48 + i], 0);
    for (size_t j = 0; j < i; ++j) EXPECT_NEAR(matrix[i * 48 + j], matrix[j * 48 + i], 1e-3f * matrix[i * 48 + i]);
  }
  // What goes on from there keeps it; nobody else may ask for it.
  spec_.initial_model_dir = context_.paths().output_dir;
  FakeTaskContext second;
  EXPECT_THAT(RunTrain(spec_, second), StatusIs(kInvalid, HasSubstr("zca_whitening is for networks that are trained from random weights")));
  spec_.preprocessing.steps.reset();
  SB_ASSERT_OK(RunTrain(spec_, second));
  SB_ASSERT_OK_AND_ASSIGN(const nn::SavedModel longer, nn::ReadModel(second.paths().output_dir));
  EXPECT_EQ(longer.weights.at("zca_whitening.weight").data, model.weights.at("zca_whitening.weight").data);
}

TEST_F(RunTrainTest, SaysWhatIsWrongWithStandardisation) {
  const auto error = [&](const char* steps) {
    spec_.preprocessing.steps = steps;
    return RunTrain(spec_, context_).status();
  };
  EXPECT_THAT(error(R"([{"standardize": {"samplewise_centre": true}}])"),
              StatusIs(kInvalid, HasSubstr("pipeline[0].standardize.samplewise_centre is not known; did you mean 'samplewise_center'?")));
  EXPECT_THAT(error(R"([{"standardize": {"featurewise_center": 1}}])"), StatusIs(kInvalid, HasSubstr("it must be true or false")));
  EXPECT_THAT(error(R"([{"standardize": true}])"), StatusIs(kInvalid, HasSubstr("pipeline[0].standardize is true")));
  EXPECT_THAT(error(R"([{"standardize": {"zca_whitening": true, "zca_epsilon": 0}}])"),
              StatusIs(kInvalid, HasSubstr("pipeline[0].standardize.zca_epsilon is 0")));
  spec_.preprocessing.mean = {0.5, 0.5, 0.5};
  EXPECT_THAT(error(R"([{"standardize": {"featurewise_center": true}}])"), StatusIs(kInvalid, HasSubstr("leave mean and std out")));
  spec_.preprocessing.mean.clear();
  spec_.preprocessing.center = image::Center::kMeanImage;
  EXPECT_THAT(error(R"([{"standardize": {"samplewise_center": true}}])"), StatusIs(kInvalid, HasSubstr("center is mean_image")));
}

}  // namespace
}  // namespace seedbed::tasks
