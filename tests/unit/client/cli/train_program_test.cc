// seedbed train, run against a server whose answers the test writes.
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/client/cli/program_fixture.h"

namespace seedbed::cli {
namespace {

using nlohmann::json;
using seedbed::testing::EpochEvent;
using seedbed::testing::FakeJob;
using seedbed::testing::ProgramOutput;
using seedbed::testing::ProgressEvent;
using seedbed::testing::StateEvent;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

class TrainTest : public ProgramTest {
 protected:
  TrainTest() {
    server_.SetScript([](FakeJob* job) {
      if (!job->job.spec().has_train()) return;
      job->log = {StateEvent(1, v1::JOB_STATE_PENDING),
                  StateEvent(2, v1::JOB_STATE_RUNNING),
                  ProgressEvent("epoch 1/2", 100, 336, 500),
                  EpochEvent(3, 1, 2),
                  EpochEvent(4, 2, 2),
                  StateEvent(5, v1::JOB_STATE_SUCCEEDED)};
      job->job.mutable_result()->mutable_train()->set_model("baseline");
      job->job.mutable_result()->mutable_train()->set_version(1);
      job->job.mutable_result()->mutable_train()->set_weights_sha256("cafe");
    });
  }
  const std::vector<std::string> basic_{"train",  "--dataset", "seedlings", "--split", "default",
                                        "--arch", "logistic",  "--model",   "baseline"};

  std::vector<std::string> With(std::vector<std::string> more) const {
    more.insert(more.begin(), basic_.begin(), basic_.end());
    return more;
  }
};

TEST_F(TrainTest, PrintsPlainLinesWithoutATerminal) {
  const ProgramOutput result = Run(basic_);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const std::string metrics = " - 1s - loss: 1.9489 - acc: 0.3598 - val_loss: 1.7644 - val_acc: 0.3984\n";
  EXPECT_EQ(result.out, "Job train-1: logistic on seedlings (split default), model baseline\nEpoch 1/2\n" + metrics + "Epoch 2/2\n" +
                            metrics + "model baseline:1, weights cafe\n");
  EXPECT_THAT(result.out + result.err, Not(HasSubstr("\r")));
}

TEST_F(TrainTest, StreamsJsonLines) {
  const std::vector<json> lines = Lines(Run(With({"--output", "json"})).out);
  ASSERT_THAT(lines, SizeIs(7));
  EXPECT_EQ(lines[0]["type"], "job");
  EXPECT_EQ(lines[0]["id"], "train-1");
  EXPECT_EQ(lines[1]["type"], "state");
  EXPECT_EQ(lines[3]["type"], "progress");
  EXPECT_FALSE(lines[3].contains("seq"));
  EXPECT_EQ(lines[4]["type"], "epoch");
  EXPECT_EQ(lines[4]["val_accuracy"], 0.3984);
  EXPECT_EQ(lines[6]["state"], "SUCCEEDED");
}

TEST_F(TrainTest, SendsFlagsAboveTheRecipe) {
  Write("recipe.yaml", "dataset: other\nsplit: default\nmodel: baseline\nepochs: 5\nlr: 0.5\n");
  Run({"train", "-f", Path("recipe.yaml").string(), "--epochs", "7", "--no-shuffle", "--size", "100x80", "--job-timeout", "1h", "--label",
       "a=b", "--detach"});
  const v1::JobSpec spec = server_.submissions().at(0).spec();
  EXPECT_EQ(spec.train().dataset(), "other");
  EXPECT_EQ(spec.train().arch(), "logistic");
  EXPECT_EQ(spec.train().epochs(), 7);
  EXPECT_EQ(spec.train().optimizer().lr(), 0.5);
  EXPECT_FALSE(spec.train().shuffle());
  EXPECT_EQ(spec.train().preprocessing().height(), 80);
  EXPECT_EQ(spec.timeout().seconds(), 3600);
  EXPECT_EQ(spec.labels().at("a"), "b");
}

TEST_F(TrainTest, NamesWhatIsWrongInARecipe) {
  Write("recipe.yaml", "dataset: other\nepoch: 5\n");
  const ProgramOutput result = Run({"train", "-f", Path("recipe.yaml").string()});
  EXPECT_EQ(result.exit_code, 5);
  EXPECT_EQ(result.err, "seedbed: recipe.yaml:2: unknown key 'epoch'; did you mean 'epochs'?\n");
  EXPECT_EQ(Run({"train", "-f", "/nowhere.yaml"}).exit_code, 4);
  EXPECT_EQ(Run(With({"--epochs", "ten"})).exit_code, 2);
  EXPECT_THAT(server_.submissions(), IsEmpty());
}

TEST_F(TrainTest, DryRunSubmitsNothingAndTellsOrigins) {
  v1::Plan plan;
  plan.set_training_images(336);
  plan.set_steps_per_epoch(11);
  plan.set_parameters(810'012);
  plan.set_cache_bytes(2'000);
  plan.set_free_bytes(1'000);
  server_.SetPlan(plan);
  Write("recipe.yaml", "dataset: seedlings\nmodel: baseline\nlr: 0.5\n");
  const ProgramOutput result = Run({"train", "-f", Path("recipe.yaml").string(), "--epochs", "7", "--dry-run"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("steps per epoch        11"), HasSubstr("810,012"), HasSubstr("MORE THAN IS FREE"),
                                ContainsRegex("epochs +7 +flag"), HasSubstr("recipe.yaml:3")));
  ASSERT_THAT(server_.submissions(), SizeIs(1));
  EXPECT_TRUE(server_.submissions()[0].validate_only());
  const json document = json::parse(Run({"train", "-f", Path("recipe.yaml").string(), "--dry-run", "--output", "json"}).out);
  EXPECT_EQ(document["plan"]["training_images"], 336);
  EXPECT_EQ(document["configuration"]["lr"]["origin"], "recipe.yaml:3");
  EXPECT_EQ(document["configuration"]["arch"]["origin"], "default");
}

TEST_F(TrainTest, MakesDatasetAndSplitOfAPlainFolder) {
  const ProgramOutput result = Run({"train", Path("Plant Photos").string(), "--arch", "logistic"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, StartsWith("Job train-3: logistic on plant-photos (split default), model plant-photos-logistic\n"
                                     "Job index-1: index " +
                                     Path("Plant Photos").string() +
                                     " as dataset plant-photos\n"
                                     "Job split-2: split plant-photos, 0.1 of each class to validation\n"));
  const auto submissions = server_.submissions();
  ASSERT_THAT(submissions, SizeIs(3));
  EXPECT_EQ(submissions[0].spec().index().root(), Path("Plant Photos").string());
  EXPECT_EQ(submissions[1].spec().split().fraction(), 0.1);
  EXPECT_THAT(submissions[1].spec().depends_on(), ElementsAre("index-1"));
  EXPECT_THAT(submissions[2].spec().depends_on(), ElementsAre("index-1", "split-2"));
}

TEST_F(TrainTest, ReusesDatasetAndSplitOfTheSameFolder) {
  v1::GetDatasetResponse dataset = Seedlings("/data/seedlings");
  v1::Split* split = dataset.add_splits();
  split->set_name("default");
  split->set_dataset_version(1);
  server_.AddDataset(dataset);
  EXPECT_EQ(Run({"train", "/data/seedlings"}).exit_code, 0);
  ASSERT_THAT(server_.submissions(), SizeIs(1));
  EXPECT_EQ(server_.submissions()[0].spec().train().split(), "default");
  const ProgramOutput other = Run({"train", "/other/seedlings"});
  EXPECT_EQ(other.exit_code, 1);
  EXPECT_THAT(other.err, AllOf(HasSubstr("dataset seedlings is that of /data/seedlings"), HasSubstr("--dataset NAME")));
}

TEST_F(TrainTest, EstimatesAFolderThatIsNotIndexed) {
  for (int i = 0; i < 30; ++i) Write("photos/maize/" + std::to_string(i) + ".png", "x");
  for (int i = 0; i < 4; ++i) Write("photos/charlock/" + std::to_string(i) + ".jpg", "x");
  v1::SummarizeNetworkResponse network;
  network.set_parameters(301 * 2);
  network.set_trainable_parameters(301 * 2);
  for (const int extent : {10, 20, 3}) network.add_input_shape(extent);
  server_.SetSummary(network);
  const json document = json::parse(Run({"train", Path("photos").string(), "--size", "20x10", "--dry-run", "--output", "json"}).out);
  EXPECT_EQ(document["jobs"].size(), 3);
  EXPECT_EQ(document["plan"]["training_images"], 30);
  EXPECT_EQ(document["plan"]["validation_images"], 4);
  EXPECT_EQ(document["plan"]["split"]["subsets"][1]["per_class"], json({1, 3}));
  EXPECT_EQ(document["plan"]["steps_per_epoch"], 1);
  EXPECT_EQ(document["plan"]["parameters"], 301 * 2);
  EXPECT_EQ(document["plan"]["cache_bytes"], 34 * 600);
  EXPECT_EQ(document["configuration"]["size"]["value"], "20x10");
  ASSERT_THAT(server_.summaries(), SizeIs(1));
  EXPECT_EQ(server_.summaries()[0].train().arch(), "logistic");
  EXPECT_EQ(server_.summaries()[0].classes(), 2);
  EXPECT_EQ(server_.summaries()[0].train().preprocessing().width(), 20);
  EXPECT_EQ(document["configuration"]["lr"]["value"], "0.01");
  EXPECT_THAT(server_.submissions(), IsEmpty());
}

}  // namespace
}  // namespace seedbed::cli
