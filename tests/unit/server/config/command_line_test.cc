#include "server/config/command_line.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace seedbed::config {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;

std::variant<CommandLine, int> Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "seedbedd");
  return ParseCommandLine(static_cast<int>(arguments.size()), arguments.data());
}

TEST(CommandLine, TurnsFlagsIntoSettings) {
  const auto parsed = Parse({"--listen", "127.0.0.1:0", "--metrics=", "--allow-root", "/a", "--allow-root", "/b", "--config", "x.yaml"});
  const auto& line = std::get<CommandLine>(parsed);
  EXPECT_EQ(line.action, CommandLine::Action::kServe);
  EXPECT_EQ(line.config_file, "x.yaml");
  EXPECT_EQ(std::get<CommandLine>(Parse({"--metrics", ""})).flags.at(0).texts, std::vector<std::string>{""});
  EXPECT_THAT(line.flags, ElementsAre(Field(&Given::texts, ElementsAre("127.0.0.1:0")), Field(&Given::texts, ElementsAre("")),
                                      Field(&Given::texts, ElementsAre("/a", "/b"))));
}

TEST(CommandLine, PrintsOrChecksOnDemand) {
  EXPECT_EQ(std::get<CommandLine>(Parse({"--print-config"})).action, CommandLine::Action::kPrintConfig);
  EXPECT_EQ(std::get<CommandLine>(Parse({"--check-config"})).action, CommandLine::Action::kCheckConfig);
}

TEST(CommandLine, WrongUsageIsExitCode2OnStderr) {
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(std::get<int>(Parse({"--lisen", "x"})), 2);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("--lisen"));
  EXPECT_EQ(std::get<int>(Parse({"--listen"})), 2);
  EXPECT_EQ(std::get<int>(Parse({"serve"})), 2);
}

TEST(CommandLine, HelpHasExamplesAndExitCode0) {
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(std::get<int>(Parse({"--help"})), 0);
  EXPECT_THAT(::testing::internal::GetCapturedStdout(), HasSubstr("Examples:"));
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(std::get<int>(Parse({"--version"})), 0);
  EXPECT_THAT(::testing::internal::GetCapturedStdout(), HasSubstr("seedbedd "));
}

}  // namespace
}  // namespace seedbed::config
