// seedbed visualize filter and class, run against a server whose answers the test writes.
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

class MaximizeProgram : public ProgramTest {
 protected:
  MaximizeProgram() {
    server_.SetScript([](FakeJob* job) {
      job->artifacts = {{"net-conv.png", "the sheet"}, {"net-conv-3.png", "the picture"}};
      v1::MaximizeResult* result = job->job.mutable_result()->mutable_maximize();
      result->mutable_sheet()->set_file("net-conv.png");
      result->mutable_sheet()->set_width(300);
      result->mutable_sheet()->set_height(200);
      v1::MaximizedPicture* picture = result->add_pictures();
      picture->set_target("conv 3");
      picture->set_file("net-conv-3.png");
      picture->set_activation(12.5);
      picture->set_start_activation(0.25);
      v1::Event event = seedbed::testing::ProgressEvent("maximize", 1, 2, 0);
      event.mutable_progress()->set_preview("half a sheet");
      job->log.insert(job->log.begin() + 1, event);
    });
  }
  v1::MaximizeSpec Submitted() const { return server_.submissions().back().spec().maximize(); }
  std::string Content(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(Path(name)).rdbuf();
    return text.str();
  }
};

TEST_F(MaximizeProgram, SendsWhatWasSaidOfFilters) {
  const ProgramOutput result = Run({"visualize",
                                    "filter",
                                    "net:2",
                                    "--layer",
                                    "conv",
                                    "--filters",
                                    "110,3,0-4",
                                    "--filters",
                                    "9",
                                    "--mode",
                                    "reference",
                                    "--steps",
                                    "20",
                                    "--step-size",
                                    "0.5",
                                    "--size",
                                    "64x48",
                                    "--seed",
                                    "7",
                                    "--batch-size",
                                    "4",
                                    "--live",
                                    Path("live.png").string(),
                                    "--detach"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "maximize-1\n");
  const v1::MaximizeSpec spec = Submitted();
  EXPECT_EQ(spec.model(), "net:2");
  EXPECT_EQ(spec.layer(), "conv");
  EXPECT_THAT(spec.filters(), ElementsAre(110, 3, 0, 1, 2, 4, 9));
  EXPECT_EQ(spec.mode(), v1::MAXIMIZE_MODE_REFERENCE);
  EXPECT_EQ(spec.steps(), 20);
  EXPECT_EQ(spec.step_size(), 0.5);
  EXPECT_EQ(spec.width(), 64);
  EXPECT_EQ(spec.height(), 48);
  EXPECT_EQ(spec.seed(), 7u);
  EXPECT_EQ(spec.batch_size(), 4);
  EXPECT_EQ(spec.preview_every(), 20);
}

TEST_F(MaximizeProgram, SendsWhatWasSaidOfClasses) {
  const ProgramOutput result =
      Run({"visualize", "class", "net", "--classes", "Maize, 184", "--classes", "Shepherd’s Purse", "--score", "softmax", "--detach"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const v1::MaximizeSpec spec = Submitted();
  EXPECT_THAT(spec.classes(), ElementsAre("Maize", "184", "Shepherd’s Purse"));
  EXPECT_EQ(spec.score(), v1::CLASS_SCORE_KIND_SOFTMAX);
  EXPECT_EQ(spec.mode(), v1::MAXIMIZE_MODE_UNSPECIFIED);
  EXPECT_FALSE(spec.has_step_size());
  EXPECT_EQ(spec.preview_every(), 0);
}

TEST_F(MaximizeProgram, FetchesTheSheetAndThePictures) {
  ProgramOutput result = Run({"visualize", "filter", "net", "--layer", "conv", "--filters", "3", "--out", Path("pictures").string()});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("conv 3"), HasSubstr("0.25"), HasSubstr("12.5"), HasSubstr("300x200")));
  EXPECT_EQ(Content("pictures/net-conv.png"), "the sheet");
  EXPECT_EQ(Content("pictures/net-conv-3.png"), "the picture");
  result =
      Run({"visualize", "filter", "net", "--layer", "conv", "--filters", "3", "--out", Path("one/sheet.png").string(), "--output", "json"});
  EXPECT_EQ(json::parse(result.out)["file"], Path("one/sheet.png").string());
  EXPECT_THAT(json::parse(result.out)["files"], IsEmpty());
  EXPECT_EQ(json::parse(result.out)["pictures"][0]["activation"], 12.5);
  EXPECT_EQ(Content("one/sheet.png"), "the sheet");
  EXPECT_FALSE(std::filesystem::exists(Path("one/net-conv-3.png")));
}

TEST_F(MaximizeProgram, LeavesTheFinishedSheetInTheLiveFile) {
  const ProgramOutput result = Run({"visualize", "filter", "net", "--layer", "conv", "--filters", "3", "--live", Path("live.png").string(),
                                    "--out", Path("sheet.png").string()});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(Content("live.png"), "the sheet");
}

TEST_F(MaximizeProgram, ALiveFileThatCannotBeWrittenCostsNothing) {
  const std::vector<std::string> arguments = {"visualize", "filter", "net", "--layer", "conv", "--filters", "3"};
  const auto run = [&](const std::string& live, const std::string& out) {
    std::vector<std::string> all = arguments;
    all.insert(all.end(), {"--live", Path(live).string(), "--out", Path(out).string()});
    return Run(all);
  };
  EXPECT_EQ(run("new/folder/live.png", "a.png").exit_code, 0);
  EXPECT_EQ(Content("new/folder/live.png"), "the sheet");
  EXPECT_THAT(run("new", "b.png").err, HasSubstr("--live: "));
  EXPECT_FALSE(std::filesystem::exists(Path("b.png"))) << "known before the job began";
}

TEST_F(MaximizeProgram, RefusesWrongUsage) {
  EXPECT_EQ(Run({"visualize", "filter", "net", "--layer", "conv"}).exit_code, 2);
  EXPECT_EQ(Run({"visualize", "class", "net"}).exit_code, 2);
  for (const char* list : {"three", "3-", "5-2", "-1", "1,,x", "0-300"}) {
    const ProgramOutput result = Run({"visualize", "filter", "net", "--layer", "conv", std::string("--filters=") + list});
    EXPECT_EQ(result.exit_code, 2) << list;
    EXPECT_THAT(result.err, HasSubstr("--filters")) << list;
  }
  EXPECT_EQ(Run({"visualize", "class", "net", "--classes", "a", "--score", "sigmoid"}).exit_code, 2);
  EXPECT_EQ(Run({"visualize", "class", "net", "--classes", "a", "--mode", "wild"}).exit_code, 2);
  EXPECT_EQ(Run({"visualize", "class", "net", "--classes", "a", "--step-size", "big"}).exit_code, 2);
  EXPECT_THAT(server_.submissions(), IsEmpty());
}

}  // namespace
}  // namespace seedbed::cli
