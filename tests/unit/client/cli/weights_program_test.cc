// The commands that import weights, against a server whose answers the test writes.
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "client/cli/model_import.h"
#include "core/base/digest.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status_matchers.h"
#include "tests/unit/client/cli/http_server.h"
#include "tests/unit/client/cli/program_fixture.h"

namespace seedbed::cli {
namespace {

using nlohmann::json;
using seedbed::testing::FakeJob;
using seedbed::testing::HttpServer;
using seedbed::testing::ProgramOutput;
using seedbed::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kContent[] = "weights, as far as the client knows";

class WeightsProgramTest : public ProgramTest {
 protected:
  WeightsProgramTest() {
    ::setenv("XDG_CACHE_HOME", Path("cache").c_str(), 1);
    ::setenv("no_proxy", "127.0.0.1", 1);
    server_.SetScript([](FakeJob* job) {
      v1::ImportModelResult* result = job->job.mutable_result()->mutable_import_model();
      result->set_model("backbone");
      result->set_version(1);
      result->set_naming("torchvision");
      result->set_parameters(11'176'512);
      result->set_weights_sha256("abc");
    });
    v1::Model model;
    model.set_name("backbone");
    model.set_version(1);
    model.set_arch("resnet18");
    model.set_job_id("import_model-1");
    server_.AddModel(std::move(model), {});
    Write("net.safetensors", kContent);
  }
  ProgramOutput Import(const std::vector<std::string>& more, const std::string& weights) const {
    std::vector<std::string> arguments{"model", "import", "backbone", "--arch", "resnet18", "--weights", weights};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Run(arguments);
  }
  std::string WriteCatalogue(const std::string& url, const std::string& more = "") const {
    Write("catalogue.yaml",
          absl::StrCat("- name: net\n  arch: resnet18\n  url: ", url, "\n  licence: MIT\n  bytes: ", sizeof kContent - 1,
                       "\n  sha256: ", Sha256Hex(kContent), "\n  preset: imagenet\n  size: 224\n  with_top: true\n", more));
    return Path("catalogue.yaml");
  }
  v1::ImportModelSpec Submitted() const { return server_.submissions().back().spec().import_model(); }

  HttpServer host_;
};

TEST_F(WeightsProgramTest, UploadsAndImportsAFile) {
  const ProgramOutput result = Import({"--rescale", "0.5", "--size", "96x64", "--priority", "3"}, Path("net.safetensors"));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "model backbone:1, 11,176,512 parameters named as torchvision names them, weights abc\n");
  EXPECT_THAT(result.err, HasSubstr("seedbed train --dataset DATASET --arch resnet18 --weights backbone --trainable head"));
  EXPECT_EQ(server_.blobs().at(Sha256Hex(kContent)), kContent);
  EXPECT_EQ(Submitted().weights_sha256(), Sha256Hex(kContent));
  EXPECT_EQ(Submitted().source(), Path("net.safetensors"));
  EXPECT_EQ(Submitted().preprocessing().rescale(), 0.5);
  EXPECT_EQ(Submitted().preprocessing().width(), 96);
  EXPECT_EQ(Submitted().preprocessing().height(), 64);
  EXPECT_FALSE(Submitted().with_top());
  EXPECT_EQ(server_.submissions().back().spec().priority(), 3);
}

TEST_F(WeightsProgramTest, PullsByName) {
  host_.Set("/net.safetensors", {.content = kContent});
  Write("names.txt", "a\nb\n");
  const std::string catalogue = WriteCatalogue(host_.Url("/net.safetensors"), "  classes: names.txt\n");
  const ProgramOutput result = Run({"weights", "pull", "net", "--with-top", "--as", "backbone", "--size", "150", "--catalogue", catalogue});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr(absl::StrCat("Fetching ", host_.Url("/net.safetensors"))));
  EXPECT_EQ(Submitted().model(), "backbone");
  EXPECT_EQ(Submitted().preprocessing().preset(), "imagenet");
  EXPECT_EQ(Submitted().preprocessing().width(), 150);
  EXPECT_TRUE(Submitted().with_top());
  EXPECT_THAT(Submitted().classes(), ElementsAre("a", "b"));
  const ProgramOutput again = Run({"--output", "json", "weights", "pull", "net", "--catalogue", catalogue});
  EXPECT_EQ(json::parse(again.out)["name"], "backbone");
  EXPECT_EQ(Submitted().model(), "net");
  EXPECT_EQ(Submitted().classes_size(), 0);
  EXPECT_THAT(Run({"weights", "ls", "--catalogue", catalogue}).out,
              AllOf(HasSubstr("NAME  ARCH"), HasSubstr("net   resnet18  35 B  MIT      imagenet  yes  backbone:1")));
}

TEST_F(WeightsProgramTest, KeepsSecretsOfUrls) {
  host_.Set("/net.safetensors?token=secret", {.content = kContent});
  const ProgramOutput result = Import({}, host_.Url("/net.safetensors?token=secret"));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out + result.err, Not(HasSubstr("secret")));
  EXPECT_EQ(Submitted().source(), host_.Url("/net.safetensors"));
}

TEST_F(WeightsProgramTest, HasAnExitCodeForEveryFault) {
  host_.Set("/stalls", {.content = kContent, .stall_after = 3});
  host_.Set("/net", {.content = kContent});
  const struct {
    std::vector<std::string> more;
    std::string weights;
    int exit_code;
    std::string says;
  } table[] = {
      {{"--stall-timeout", "1s"}, host_.Url("/stalls"), 3, "the download stalls"},
      {{}, host_.Url("/none"), 4, "404"},
      {{}, Path("none.safetensors"), 4, "none.safetensors"},
      {{"--sha256", std::string(64, '0')}, host_.Url("/net"), 5, "wrong content"},
      {{}, "ftp://host/net", 5, "expected https://"},
      {{"--sha256", "xyz"}, Path("net.safetensors"), 2, "--sha256: 'xyz' is no SHA-256"},
      {{"--stall-timeout", "soon"}, host_.Url("/net"), 2, "--stall-timeout"},
      {{"--size", "big"}, Path("net.safetensors"), 2, "--size: expected a size"},
      {{"--interpolation", "none"}, Path("net.safetensors"), 2, "--interpolation: expected one of"},
      {{"--classes", "names.txt"}, Path("net.safetensors"), 2, "--classes needs --with-top"},
      {{}, "pip:name==1", 2, "seedbed weights pull"},
  };
  for (const auto& entry : table) {
    const ProgramOutput result = Import(entry.more, entry.weights);
    EXPECT_EQ(result.exit_code, entry.exit_code) << result.err;
    EXPECT_THAT(result.err, HasSubstr(entry.says));
  }
  EXPECT_TRUE(server_.submissions().empty());
  const std::string catalogue = WriteCatalogue("https://host/net.pth");
  EXPECT_EQ(Run({"weights", "pull", "nett", "--catalogue", catalogue}).exit_code, 4);
  EXPECT_EQ(Run({"weights", "ls", "--catalogue", Path("none.yaml")}).exit_code, 4);
  Write("catalogue.yaml", "- nme: x\n");
  EXPECT_EQ(Run({"weights", "ls", "--catalogue", catalogue}).exit_code, 5);
}

TEST_F(WeightsProgramTest, ReadsNamesOfClasses) {
  Write("names.txt", "black-grass\r\nShepherd’s Purse\r\n");
  SB_ASSERT_OK_AND_ASSIGN(const auto names, ReadClassNames(Path("names.txt")));
  EXPECT_THAT(names, ElementsAre("black-grass", "Shepherd’s Purse"));
  const std::pair<const char*, const char*> table[] = {{"", "names.txt:1: a class's name is missing"},
                                                       {"a\n\nb\n", "names.txt:2: a class's name is missing"},
                                                       {"a\nb\na\n", "names.txt:3: there are two"}};
  for (const auto& [content, message] : table) {
    Write("names.txt", content);
    EXPECT_THAT(ReadClassNames(Path("names.txt")), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(message)));
  }
}

}  // namespace
}  // namespace seedbed::cli
