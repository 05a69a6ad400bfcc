// seedbed visualize explain and activations, run against a server whose answers the test writes.
#include "core/base/digest.h"
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

class ExplainTest : public ProgramTest {
 protected:
  ExplainTest() {
    server_.SetScript([](FakeJob* job) {
      job->artifacts = {{"flowers-gradcam.png", "the sheet"}, {"7-gradcam-overlay.png", "over"}, {"7-gradcam.npy", "numbers"}};
      v1::ExplainResult* result = job->job.mutable_result()->mutable_explain();
      result->mutable_sheet()->set_file("flowers-gradcam.png");
      result->mutable_sheet()->set_width(800);
      result->mutable_sheet()->set_height(600);
      result->mutable_sheet()->set_bytes(9);
      v1::ExplainedImage* image = result->add_images();
      image->set_name("Maize/7.png");
      image->set_class_name("Maize");
      image->set_probability(0.75);
      image->add_files("7-gradcam-overlay.png");
      image->add_files("7-gradcam.npy");
    });
  }
  v1::ExplainSpec Submitted() const { return server_.submissions().back().spec().explain(); }
  std::string Content(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(Path(name)).rdbuf();
    return text.str();
  }
};

TEST_F(ExplainTest, SendsWhatWasSaid) {
  ProgramOutput result = Run({"visualize", "explain", "flowers:3", "Maize/7.png", "Wheat/1.png", "--dataset", "seedlings:2", "--method",
                              "gradcam", "--class", "Maize", "--layer", "conv5", "--detach"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "explain-1\n");
  v1::ExplainSpec spec = Submitted();
  EXPECT_EQ(spec.model(), "flowers:3");
  EXPECT_EQ(spec.dataset(), "seedlings");
  EXPECT_EQ(spec.dataset_version(), 2);
  EXPECT_THAT(spec.images(), ElementsAre("Maize/7.png", "Wheat/1.png"));
  EXPECT_EQ(spec.uploads_size(), 0);
  EXPECT_EQ(spec.attribution().method(), v1::Attribution::METHOD_GRADCAM);
  EXPECT_EQ(spec.attribution().class_name(), "Maize");
  EXPECT_EQ(spec.attribution().layer(), "conv5");
  Run({"visualize", "explain", "m", "a/b.png", "--dataset", "d", "--method", "smoothgrad", "--samples", "20", "--noise", "0.2", "--seed",
       "7", "--detach"});
  spec = Submitted();
  EXPECT_EQ(spec.attribution().samples(), 20);
  EXPECT_EQ(spec.attribution().noise(), 0.2);
  EXPECT_EQ(spec.attribution().seed(), 7);
  Run({"visualize", "explain", "m", "a/b.png", "--dataset", "d", "--method", "integrated_gradients", "--steps", "9", "--detach"});
  EXPECT_EQ(Submitted().attribution().steps(), 9);
  Run({"visualize", "explain", "m", "a/b.png", "--dataset", "d", "--method", "occlusion", "--window", "9", "--stride", "3", "--detach"});
  EXPECT_EQ(Submitted().attribution().window(), 9);
  EXPECT_EQ(Submitted().attribution().stride(), 3);
  Run({"visualize", "explain", "m", "a/b.png", "--dataset", "d", "--detach"});
  EXPECT_EQ(Submitted().attribution().method(), v1::Attribution::METHOD_UNSPECIFIED);
  EXPECT_FALSE(Submitted().attribution().has_noise());
}

TEST_F(ExplainTest, SendsActivations) {
  const ProgramOutput result =
      Run({"visualize", "activations", "m", "a/b.png", "--dataset", "d", "--layer", "conv1", "--channels", "110,3,0-2", "--detach"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(Submitted().activations().layer(), "conv1");
  EXPECT_THAT(Submitted().activations().channels(), ElementsAre(110, 3, 0, 1, 2));
  Run({"visualize", "activations", "m", "a/b.png", "--dataset", "d", "--count", "16", "--detach"});
  EXPECT_EQ(Submitted().activations().count(), 16);
}

TEST_F(ExplainTest, UploadsImagesOfThisMachine) {
  Write("photo.jpg", "a photo");
  const ProgramOutput result = Run({"visualize", "explain", "flowers", Path("photo.jpg").string(), "--out", Path("sheet.png").string()});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(server_.blobs(), ElementsAre(std::pair(Sha256Hex("a photo"), "a photo")));
  ASSERT_EQ(Submitted().uploads_size(), 1);
  EXPECT_EQ(Submitted().uploads(0).name(), Path("photo.jpg").string());
  EXPECT_EQ(Submitted().uploads(0).sha256(), Sha256Hex("a photo"));
  EXPECT_THAT(Submitted().images(), IsEmpty());
  EXPECT_EQ(Content("sheet.png"), "the sheet");
}

TEST_F(ExplainTest, FetchesTheSheetOrAllFiles) {
  ProgramOutput result = Run({"visualize", "explain", "flowers", "Maize/7.png", "--dataset", "d", "--out", Path("one.png").string()});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("Maize/7.png"), HasSubstr("0.7500"), HasSubstr(Path("one.png").string()), HasSubstr("800x600")));
  EXPECT_EQ(Content("one.png"), "the sheet");
  result = Run({"visualize", "explain", "flowers", "Maize/7.png", "--dataset", "d", "--out", Path("maps").string(), "--output", "json"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(json::parse(result.out)["file"], Path("maps/flowers-gradcam.png").string());
  EXPECT_EQ(json::parse(result.out)["images"][0]["class_name"], "Maize");
  EXPECT_EQ(Content("maps/flowers-gradcam.png"), "the sheet");
  EXPECT_EQ(Content("maps/7-gradcam.npy"), "numbers");
  EXPECT_EQ(Run({"visualize", "explain", "flowers", "Maize/7.png", "--dataset", "d", "--out", Path("maps").string()}).exit_code, 0)
      << "a second time, into the same folder";
}

TEST_F(ExplainTest, SaysThatThereAreMoreSheets) {
  server_.SetScript([](FakeJob* job) {
    job->artifacts = {{"m-gradcam.png", "the sheet"}, {"m-gradcam-2.png", "the second"}};
    job->job.mutable_result()->mutable_explain()->mutable_sheet()->set_file("m-gradcam.png");
  });
  const std::vector<std::string> arguments = {"visualize", "explain", "m", "Maize/7.png", "--dataset", "d", "--out"};
  const auto run = [&](const std::string& out) {
    std::vector<std::string> all = arguments;
    all.push_back(Path(out).string());
    return Run(all);
  };
  ProgramOutput result = run("one.png");
  EXPECT_THAT(result.out, HasSubstr("one.png: the first of 2 sheets"));
  EXPECT_THAT(result.err, HasSubstr("--out FOLDER fetches all sheets"));
  result = run("all");
  EXPECT_EQ(Content("all/m-gradcam-2.png"), "the second");
  EXPECT_EQ(result.err, "");
}

TEST_F(ExplainTest, LooksWhetherPicturesCanBeWrittenBeforeTheJobBegins) {
  const auto run = [&](const std::string& out) { return Run({"visualize", "explain", "m", "a/b.png", "--dataset", "d", "--out", out}); };
  EXPECT_THAT(run("-").err, HasSubstr("--out: pictures do not go to standard output"));
  EXPECT_THAT(run(Path("x.jpg").string()).err, HasSubstr("PNG files, not .jpg"));
  Write("file", "no folder");
  EXPECT_THAT(run(Path("file/x.png").string()).err, HasSubstr("--out: "));
  EXPECT_THAT(server_.submissions(), IsEmpty());
  EXPECT_EQ(run(Path("new/folder/X.PNG").string()).exit_code, 0);
  EXPECT_EQ(Content("new/folder/X.PNG"), "the sheet");
}

TEST_F(ExplainTest, RefusesWrongUsage) {
  EXPECT_EQ(Run({"visualize", "explain", "flowers"}).exit_code, 2);
  EXPECT_EQ(Run({"visualize", "explain", "m", "a.png", "--dataset", "d", "--method", "magic"}).exit_code, 2);
  EXPECT_EQ(Run({"visualize", "explain", "m", "a.png", "--dataset", "d", "--steps", "many"}).exit_code, 2);
  const ProgramOutput missing = Run({"visualize", "explain", "m", Path("none.png").string()});
  EXPECT_EQ(missing.exit_code, 4);
  EXPECT_THAT(missing.err, AllOf(HasSubstr("there is no file"), HasSubstr("--dataset")));
  EXPECT_THAT(Run({"visualize", "explain", "m", Path("").string()}).err, HasSubstr("is not a file"));
  for (const char* channels : {"a", "3-", "-3", "5-2", "1,,2", "0-1024", "1.5"}) {
    const ProgramOutput result = Run({"visualize", "activations", "m", "a/b.png", "--dataset", "d", "--channels", channels});
    EXPECT_EQ(result.exit_code, 2) << channels;
    EXPECT_THAT(result.err, HasSubstr("--channels")) << channels;
  }
  EXPECT_THAT(server_.submissions(), IsEmpty());
}

}  // namespace
}  // namespace seedbed::cli
