// seedbed report, compare and job watch --plot, run against a server whose answers the test writes.
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/client/cli/program_fixture.h"

namespace seedbed::cli {
namespace {

using nlohmann::json;
using seedbed::testing::EpochEvent;
using seedbed::testing::FakeJob;
using seedbed::testing::ProgramOutput;
using seedbed::testing::StateEvent;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kHistory[] = "epoch,loss,accuracy,val_loss,val_accuracy,lr,seconds,images_per_second\n1,2,0.5,2.5,0.25,0.01,3,100\n";

class ReportTest : public ProgramTest {
 protected:
  ReportTest() {
    Add("train-1", v1::JOB_KIND_TRAIN, v1::JOB_STATE_SUCCEEDED, {{"report.html", "<html>"}, {"history.csv", kHistory}});
    Add("train-2", v1::JOB_KIND_TRAIN, v1::JOB_STATE_RUNNING, {});
    Add("index-3", v1::JOB_KIND_INDEX, v1::JOB_STATE_SUCCEEDED, {});
    for (const char* name : {"baseline", "strong"}) {
      v1::Model model;
      model.set_name(name);
      model.set_version(1);
      model.set_job_id("train-1");
      model.set_parameters(813);
      model.mutable_metrics()->set_val_accuracy(0.25);
      server_.AddModel(model, {});
    }
  }
  void Add(const std::string& id, v1::JobKind kind, v1::JobState state, std::map<std::string, std::string> artifacts) {
    FakeJob job;
    job.job.set_id(id);
    job.job.set_kind(kind);
    job.job.set_state(state);
    job.artifacts = std::move(artifacts);
    server_.AddJob(job);
  }
  std::string Content(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(Path(name)).rdbuf();
    return text.str();
  }
};

TEST_F(ReportTest, FetchesThatOfAJobOrOfTheJobThatMadeAModel) {
  EXPECT_EQ(Run({"report", "train-1", "--out", Path("job.html").string()}).exit_code, 0);
  EXPECT_EQ(Content("job.html"), "<html>");
  const ProgramOutput result = Run({"report", "baseline:1", "--out", directory_.path().string(), "--output", "json"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const json document = json::parse(result.out);
  EXPECT_EQ(document["job"], "train-1");
  EXPECT_EQ(document["file"], Path("train-1.html").string());
  EXPECT_EQ(Content("train-1.html"), "<html>");
}

TEST_F(ReportTest, SaysWhyThereIsNone) {
  const std::string out = Path("x.html").string();
  ProgramOutput result = Run({"report", "index-3", "--out", out});
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_THAT(result.err, AllOf(HasSubstr("of kind INDEX, which leaves no report"), HasSubstr("TRAIN and EVALUATE")));
  result = Run({"report", "train-2", "--out", out});
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_THAT(result.err, AllOf(HasSubstr("job train-2 is RUNNING"), HasSubstr("seedbed job watch train-2")));
  result = Run({"report", "nothing", "--out", out});
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_THAT(result.err, HasSubstr("neither a job nor a model 'nothing'"));
  EXPECT_FALSE(std::filesystem::exists(out));
}

TEST_F(ReportTest, ComparesModels) {
  const ProgramOutput result = Run({"compare", "baseline", "strong:1", "--out", Path("c.html").string()});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("baseline:1"), HasSubstr("strong:1"), HasSubstr("0.2500")));
  EXPECT_THAT(Content("c.html"), AllOf(HasSubstr("Comparison of models"), HasSubstr("baseline:1 validation")));
  const json document = json::parse(Run({"compare", "baseline", "strong", "--output", "json"}).out);
  EXPECT_EQ(document["models"][1]["model"], "strong:1");
  EXPECT_EQ(document["models"][1]["epochs"], 1);
  EXPECT_EQ(Run({"compare", "baseline"}).exit_code, 2);
  EXPECT_EQ(Run({"compare", "baseline", "nothing"}).exit_code, 4);
}

TEST_F(ReportTest, DrawsTheCurvesOfAJob) {
  AddJob("train-9", {EpochEvent(1, 1, 2), EpochEvent(2, 2, 2), StateEvent(3, v1::JOB_STATE_SUCCEEDED)});
  const ProgramOutput result = Run({"job", "watch", "train-9", "--plot"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("loss"), HasSubstr("accuracy"), HasSubstr("Epoch 2/2")));
  EXPECT_EQ(Run({"job", "watch", "train-9", "--plot", "--output", "json"}).exit_code, 2);
  EXPECT_EQ(Run({"job", "watch", "train-9", "--plot", "--after-seq", "1"}).exit_code, 2);
}

}  // namespace
}  // namespace seedbed::cli
