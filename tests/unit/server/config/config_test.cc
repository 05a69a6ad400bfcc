#include "server/config/config.h"

#include <fstream>

#include "gmock/gmock.h"
#include "google/protobuf/util/message_differencer.h"
#include "google/protobuf/util/time_util.h"
#include "gtest/gtest.h"
#include "server/config/setting.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temporary_directory.h"

namespace seedbed::config {
namespace {

using ::google::protobuf::util::TimeUtil;
using ::seedbed::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ConfigTest : public ::testing::Test {
 protected:
  ConfigTest() {
    sources_.system_file = folder_.path() / "system.yaml";
    sources_.environment = {{"HOME", "/home/ada"}, {"XDG_CONFIG_HOME", folder_.path().string()}};
    sources_.program_folder = "/opt/seedbed/bin";
  }

  void UseFile(const std::string& content) {
    std::ofstream(folder_.path() / "settings.yaml") << content;
    sources_.file = folder_.path() / "settings.yaml";
  }

  std::string ErrorOfFile(const std::string& content) {
    UseFile(content);
    const auto loaded = LoadConfig(sources_);
    EXPECT_THAT(loaded, StatusIs(absl::StatusCode::kInvalidArgument));
    return std::string(loaded.status().message());
  }

  std::string ErrorOfFlag(const std::string& path, const std::string& text) {
    sources_.flags = {{path, {text}, "--flag"}};
    const auto loaded = LoadConfig(sources_);
    EXPECT_THAT(loaded, StatusIs(absl::StatusCode::kInvalidArgument)) << path << " = " << text;
    return std::string(loaded.status().message());
  }

  testing::TemporaryDirectory folder_;
  ConfigSources sources_;
};

TEST_F(ConfigTest, EverySettingHasADefaultAndAnOrigin) {
  SB_ASSERT_OK_AND_ASSIGN(const LoadedConfig loaded, LoadConfig(sources_));
  for (const Setting& setting : AllSettings()) EXPECT_EQ(loaded.origins.at(setting.path), "default") << setting.path;
  EXPECT_EQ(loaded.config.listen(), "127.0.0.1:8461");
  EXPECT_EQ(loaded.config.metrics(), "127.0.0.1:8462");
  EXPECT_EQ(loaded.config.data_root(), "/home/ada/.local/share/seedbed");
  EXPECT_EQ(loaded.config.workers().program(), "/opt/seedbed/bin/seedbed-worker");
  EXPECT_EQ(TimeUtil::DurationToMilliseconds(loaded.config.workers().lease()), 15'000);
  EXPECT_EQ(loaded.config.store().min_free_bytes(), int64_t{512} << 20);
  EXPECT_THAT(loaded.warnings, IsEmpty());
}

TEST_F(ConfigTest, FlagBeatsEnvironmentBeatsFileBeatsDefault) {
  UseFile("devices: none\nworkers:\n  lease: 2s\n  threads: 3\n  max_attempts: 7\n");
  sources_.environment["SEEDBED_WORKERS_LEASE"] = "3s";
  sources_.environment["SEEDBED_WORKERS_THREADS"] = "4";
  sources_.flags = {{"workers.lease", {"500ms"}, "--lease"}};
  SB_ASSERT_OK_AND_ASSIGN(const LoadedConfig loaded, LoadConfig(sources_));
  EXPECT_EQ(TimeUtil::DurationToMilliseconds(loaded.config.workers().lease()), 500);
  EXPECT_EQ(loaded.origins.at("workers.lease"), "--lease");
  EXPECT_EQ(loaded.config.workers().threads(), 4);
  EXPECT_EQ(loaded.origins.at("workers.threads"), "SEEDBED_WORKERS_THREADS");
  EXPECT_EQ(loaded.config.workers().max_attempts(), 7);
  EXPECT_EQ(loaded.origins.at("workers.max_attempts"), sources_.file->string() + ":5");
  EXPECT_EQ(loaded.config.devices(), "none");
  EXPECT_EQ(loaded.origins.at("workers.retry_backoff"), "default");
}

TEST_F(ConfigTest, ReadsTheUsersFileBeforeTheSystems) {
  std::ofstream(sources_.system_file) << "devices: none\n";
  EXPECT_EQ(LoadConfig(sources_)->config.devices(), "none");
  std::filesystem::create_directories(folder_.path() / "seedbed");
  std::ofstream(folder_.path() / "seedbed" / "seedbedd.yaml") << "devices: cpu\n";
  EXPECT_EQ(LoadConfig(sources_)->config.devices(), "cpu");
  std::ofstream(folder_.path() / "named.yaml") << "devices: cuda:0\n";
  sources_.environment["SEEDBED_CONFIG"] = (folder_.path() / "named.yaml").string();
  EXPECT_EQ(LoadConfig(sources_)->config.devices(), "cuda:0");
}

TEST_F(ConfigTest, ANamedFileMustExist) {
  sources_.file = folder_.path() / "absent.yaml";
  EXPECT_THAT(LoadConfig(sources_), StatusIs(absl::StatusCode::kNotFound, HasSubstr("absent.yaml")));
}

TEST_F(ConfigTest, AnEmptyFileSetsNothing) {
  UseFile("# only a comment\n");
  SB_EXPECT_OK(LoadConfig(sources_));
}

TEST_F(ConfigTest, EmptyMetricsTurnsThemOff) {
  sources_.flags = {{"metrics", {""}, "--metrics"}};
  SB_ASSERT_OK_AND_ASSIGN(const LoadedConfig loaded, LoadConfig(sources_));
  EXPECT_EQ(loaded.config.metrics(), "");
}

TEST_F(ConfigTest, ListsComeFromYamlSequencesAndFromCommas) {
  UseFile("allowed_roots: [/a, /b c]\n");
  EXPECT_THAT(LoadConfig(sources_)->config.allowed_roots(), ElementsAre("/a", "/b c"));
  sources_.environment["SEEDBED_ALLOWED_ROOTS"] = "/x,/y";
  EXPECT_THAT(LoadConfig(sources_)->config.allowed_roots(), ElementsAre("/x", "/y"));
}

TEST_F(ConfigTest, UnknownKeyNamesFileLineKeyAndTheNearestKnownOne) {
  EXPECT_THAT(ErrorOfFile("listen: 127.0.0.1:1\nworkers:\n  leese: 1s\n"),
              AllOf(HasSubstr("settings.yaml:3"), HasSubstr("workers.leese"), HasSubstr("did you mean 'lease'")));
  EXPECT_THAT(ErrorOfFile("colour: green\n"), AllOf(HasSubstr("settings.yaml:1"), HasSubstr("known are"), HasSubstr("data_root")));
}

TEST_F(ConfigTest, BrokenFilesAreRefusedWithTheLine) {
  EXPECT_THAT(ErrorOfFile("listen: [1\n"), HasSubstr("settings.yaml:"));
  EXPECT_THAT(ErrorOfFile("- a\n- b\n"), HasSubstr("expected keys and values"));
  EXPECT_THAT(ErrorOfFile("workers: 3\n"), HasSubstr("expected keys below it"));
  EXPECT_THAT(ErrorOfFile("devices: cpu\ndevices: none\n"), AllOf(HasSubstr(":2"), HasSubstr("given twice")));
  EXPECT_THAT(ErrorOfFile("devices: {a: b}\n"), HasSubstr("has no value"));
  EXPECT_THAT(ErrorOfFile("devices: [cpu, none]\n"), AllOf(HasSubstr("settings.yaml:1"), HasSubstr("one value")));
  EXPECT_THAT(ErrorOfFile("workers:\n  threads: many\n"), AllOf(HasSubstr("settings.yaml:2"), HasSubstr("no whole number")));
  EXPECT_THAT(ErrorOfFile("listen: \"\\xff\"\n"), HasSubstr("listen"));
}

TEST_F(ConfigTest, EnvironmentVariablesThatLookLikeSettingsMustBeOnes) {
  sources_.environment["SEEDBED_WORKERS_LEESE"] = "1s";
  EXPECT_THAT(LoadConfig(sources_), StatusIs(absl::StatusCode::kInvalidArgument,
                                             AllOf(HasSubstr("SEEDBED_WORKERS_LEESE"), HasSubstr("did you mean SEEDBED_WORKERS_LEASE"))));
  sources_.environment.erase("SEEDBED_WORKERS_LEESE");
  sources_.environment["SEEDBED_DATAROOT"] = "/x";
  EXPECT_THAT(LoadConfig(sources_), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("SEEDBED_DATA_ROOT")));
}

TEST_F(ConfigTest, VariablesOfOtherProgramsAreLeftAlone) {
  sources_.environment["SEEDBED_SERVER"] = "127.0.0.1:1";
  sources_.environment["SEEDBED_SAMPLE_DIR"] = "/data";
  sources_.environment["SEEDBED_TEST_ANYTHING"] = "1";
  sources_.environment["SEEDBED_GREENHOUSE_HUMIDITY"] = "60";
  SB_ASSERT_OK_AND_ASSIGN(const LoadedConfig loaded, LoadConfig(sources_));
  EXPECT_THAT(loaded.warnings, ElementsAre(HasSubstr("SEEDBED_GREENHOUSE_HUMIDITY")));
}

TEST_F(ConfigTest, OnlyLoopbackAddressesAreAccepted) {
  for (const char* good : {"127.0.0.1:0", "localhost:9000", "[::1]:9000", "127.8.8.8:65535"}) {
    sources_.flags = {{"listen", {good}, "--listen"}};
    SB_EXPECT_OK(LoadConfig(sources_));
  }
  for (const char* bad : {"0.0.0.0:8461", "192.168.1.4:8461", "[::]:8461", "example.org:80"}) {
    EXPECT_THAT(ErrorOfFlag("listen", bad), AllOf(HasSubstr("not encrypted"), HasSubstr("--flag")));
    EXPECT_THAT(ErrorOfFlag("metrics", bad), HasSubstr("not encrypted"));
  }
  for (const char* bad : {"", "127.0.0.1", ":8461", "127.0.0.1:", "127.0.0.1:70000", "127.0.0.1:-1", "::1:80"}) {
    EXPECT_THAT(ErrorOfFlag("listen", bad), HasSubstr("HOST:PORT"));
  }
  EXPECT_THAT(ErrorOfFlag("metrics", "127.0.0.1:8461"), HasSubstr("another port"));
}

TEST_F(ConfigTest, ValuesOutOfRangeAreRefusedWithTheRange) {
  EXPECT_THAT(ErrorOfFlag("workers.lease", "199ms"), HasSubstr("workers.lease = 199ms (--flag): must be 200ms to 10m"));
  EXPECT_THAT(ErrorOfFlag("workers.lease", "11m"), HasSubstr("must be"));
  EXPECT_THAT(ErrorOfFlag("workers.lease", "soon"), HasSubstr("15s"));
  EXPECT_THAT(ErrorOfFlag("workers.threads", "-1"), HasSubstr("0 to 1024"));
  EXPECT_THAT(ErrorOfFlag("workers.threads", "3000000000"), HasSubstr("too large"));
  EXPECT_THAT(ErrorOfFlag("log.format", "xml"), HasSubstr("text or json"));
  EXPECT_THAT(ErrorOfFlag("log.level", "loud"), HasSubstr("debug, info"));
  EXPECT_THAT(ErrorOfFlag("allowed_roots", "images"), HasSubstr("absolute"));
  EXPECT_THAT(ErrorOfFlag("limits.max_message_bytes", "1KiB"), HasSubstr("must be"));
  EXPECT_THAT(ErrorOfFlag("data_root", ""), HasSubstr("absolute"));
}

TEST_F(ConfigTest, PrintsAFileThatGivesTheSameSettingsBack) {
  sources_.flags = {{"workers.lease", {"1500ms"}, "--lease"},
                    {"store.min_free_bytes", {"1.5GiB"}, "--min-free"},
                    {"metrics", {""}, "--metrics"},
                    {"allowed_roots", {"/a", "/b: #c"}, "--allow-root"}};
  SB_ASSERT_OK_AND_ASSIGN(const LoadedConfig loaded, LoadConfig(sources_));
  const std::string printed = FormatConfig(loaded);
  EXPECT_THAT(printed, AllOf(HasSubstr("lease: 1500ms  # --lease"), HasSubstr("min_free_bytes: 1536MiB  # --min-free"),
                             HasSubstr("devices: auto  # default")));
  sources_.flags.clear();
  UseFile(printed);
  SB_ASSERT_OK_AND_ASSIGN(const LoadedConfig again, LoadConfig(sources_));
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(loaded.config, again.config)) << printed;
}

}  // namespace
}  // namespace seedbed::config
