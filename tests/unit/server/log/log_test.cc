#include "server/log/log.h"

#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace seedbed::log {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

template <typename Body>
std::string Logged(Options options, Body body) {
  std::ostringstream stream;
  options.stream = &stream;
  {
    Logger logger(options);
    body(logger);
  }
  return stream.str();
}

TEST(Logger, WritesOneTextLineWithFieldsInOrder) {
  const std::string line = Logged({}, [](Logger& logger) {
    logger.Info("job_state", {{"job", "train-12"}, {"attempt", 2}, {"seconds", 1.5}});
  });
  EXPECT_THAT(line, MatchesRegex("[0-9T:.-]+Z info job_state job=train-12 attempt=2 seconds=1.5\n"));
}

TEST(Logger, QuotesValuesSoThatNoValueCanForgeALineOrAField) {
  const std::string line = Logged({}, [](Logger& logger) { logger.Error("x", {{"message", "a b\nc=\"d\""}, {"empty", ""}}); });
  EXPECT_THAT(line, EndsWith(R"(error x message="a b\nc=\"d\"" empty="")"
                             "\n"));
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
}

TEST(Logger, WritesJsonThatParsesEvenForInvalidUtf8) {
  const std::string line = Logged({.format = Format::kJson}, [](Logger& logger) {
    logger.Warning("x", {{"path", "bad\xff\nname"}, {"count", 3}});
  });
  const auto json = nlohmann::json::parse(line);
  EXPECT_EQ(json["level"], "warning");
  EXPECT_EQ(json["event"], "x");
  EXPECT_EQ(json["count"], 3);
  EXPECT_THAT(json["path"].get<std::string>(), HasSubstr("name"));
}

TEST(Logger, LeavesOutLinesBelowItsLevel) {
  const std::string lines = Logged({.level = Level::kWarning}, [](Logger& logger) {
    logger.Info("quiet");
    logger.Warning("loud");
  });
  EXPECT_THAT(lines, EndsWith("warning loud\n"));
  EXPECT_THAT(lines, ::testing::Not(HasSubstr("quiet")));
}

TEST(Logger, KeepsLinesWholeWhenManyThreadsWrite) {
  const std::string lines = Logged({}, [](Logger& logger) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&logger] {
        for (int n = 0; n < 100; ++n) logger.Info("tick", {{"n", n}});
      });
    }
    for (std::thread& thread : threads) thread.join();
  });
  std::istringstream stream(lines);
  int count = 0;
  for (std::string line; std::getline(stream, line); ++count) EXPECT_THAT(line, MatchesRegex(".*Z info tick n=[0-9]+"));
  EXPECT_EQ(count, 400);
}

}  // namespace
}  // namespace seedbed::log
