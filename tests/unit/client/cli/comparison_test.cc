#include "client/cli/comparison.h"

#include "gmock/gmock.h"
#include "tests/testing/status_matchers.h"

namespace seedbed::cli {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr char kHeader[] = "epoch,loss,accuracy,val_loss,val_accuracy,lr,seconds,images_per_second\n";

ComparedModel Trained(const std::string& name) {
  ComparedModel compared;
  compared.model.set_name(name);
  compared.model.set_version(2);
  compared.model.set_arch("logistic");
  compared.model.set_parameters(810'012);
  compared.model.set_bytes(3'240'000);
  compared.model.mutable_metrics()->set_val_accuracy(0.75);
  compared.model.mutable_metrics()->set_val_loss(0.5);
  compared.epochs = {{.loss = 2, .accuracy = 0.2, .val_loss = 2.1, .val_accuracy = 0.3, .lr = 0.01, .seconds = 40},
                     {.loss = 1, .accuracy = 0.6, .val_loss = 1.5, .val_accuracy = 0.75, .lr = 0.01, .seconds = 35}};
  return compared;
}

v1::Job Evaluation(const std::string& id, const std::string& model, int version) {
  v1::Job job;
  job.set_id(id);
  job.set_state(v1::JOB_STATE_SUCCEEDED);
  job.mutable_spec()->mutable_evaluate()->set_dataset("seedlings");
  job.mutable_spec()->mutable_evaluate()->set_dataset_version(1);
  job.mutable_spec()->mutable_evaluate()->set_split("default");
  v1::EvaluateResult* result = job.mutable_result()->mutable_evaluate();
  result->set_model(model);
  result->set_model_version(version);
  result->set_images(144);
  result->set_accuracy(0.8125);
  result->set_top5(1);
  result->set_loss(0.625);
  return job;
}

TEST(ParseHistory, ReadsWhatATrainingWrites) {
  SB_ASSERT_OK_AND_ASSIGN(const auto epochs,
                          ParseHistory(std::string(kHeader) + "1,2.5,0.1,2.4,0.2,0.01,3,100\n2,1.5,0.4,,,0.001,2.5,100\n"));
  ASSERT_THAT(epochs, SizeIs(2));
  EXPECT_EQ(epochs[0].val_loss, 2.4);
  EXPECT_EQ(epochs[1].val_loss, std::nullopt);
  EXPECT_EQ(epochs[1].loss, 1.5);
  EXPECT_EQ(epochs[1].lr, 0.001);
  EXPECT_EQ(epochs[1].seconds, 2.5);
}

TEST(ParseHistory, RefusesAnythingElse) {
  EXPECT_THAT(ParseHistory(""), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(ParseHistory("epoch,loss\n1,2\n"), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(ParseHistory(std::string(kHeader) + "1,2\n"), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("line 2")));
  EXPECT_THAT(ParseHistory(std::string(kHeader) + "1,x,0,0,0,0,0,0\n"), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(NewestEvaluation, IsOfThisVersionAndSucceeded) {
  v1::Model model;
  model.set_name("a");
  model.set_version(2);
  v1::Job failed = Evaluation("evaluate-4", "a", 2);
  failed.set_state(v1::JOB_STATE_FAILED);
  const std::vector<v1::Job> jobs{failed, Evaluation("evaluate-3", "a", 1), Evaluation("evaluate-2", "a", 2),
                                  Evaluation("evaluate-1", "a", 2)};
  EXPECT_EQ(NewestEvaluation(jobs, model)->id(), "evaluate-2");
  model.set_version(3);
  EXPECT_EQ(NewestEvaluation(jobs, model), std::nullopt);
}

TEST(RenderComparison, ShowsWhatThereIs) {
  ComparedModel imported;
  imported.model.set_name("vgg");
  imported.model.set_version(1);
  ComparedModel trained = Trained("a");
  trained.evaluation = Evaluation("evaluate-2", "a", 2);
  const std::string text = RenderComparison({trained, imported});
  EXPECT_THAT(
      text, HasSubstr("a:2    logistic     810,012       2   0.7500    0.5000  seedlings:1 default validation     144    0.8125  1.0000"));
  EXPECT_THAT(text, HasSubstr("1 min 15 s"));
  EXPECT_THAT(text, HasSubstr("vgg:1"));
}

TEST(ComparisonToJson, NullWhereThereIsNothingToSay) {
  ComparedModel imported;
  imported.model.set_name("vgg");
  imported.model.set_version(1);
  const Json json = ComparisonToJson({imported, Trained("a")});
  EXPECT_TRUE(json["models"][0]["epochs"].is_null());
  EXPECT_TRUE(json["models"][0]["evaluation"].is_null());
  EXPECT_TRUE(json["models"][0]["training_seconds"].is_null());
  EXPECT_EQ(json["models"][1]["epochs"], 2);
  EXPECT_EQ(json["models"][1]["training_seconds"], 75.0);
}

TEST(ComparisonReport, LaysCurvesOverEachOther) {
  const report::Report report = ComparisonReport({Trained("a"), Trained("b")});
  EXPECT_THAT(std::get<report::Table>(report.sections[0].content).rows, SizeIs(2));
  bool found = false;
  for (const report::Section& section : report.sections) {
    if (section.title != "Loss") continue;
    found = true;
    EXPECT_THAT(std::get<report::Chart>(section.content).series, SizeIs(4));
  }
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace seedbed::cli
