#include "server/worker/worker_options.h"

#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "server/worker/runtime.h"
#include "server/workers/worker_contract.h"

namespace seedbed::worker {
namespace {

std::variant<WorkerOptions, int> Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "seedbed-worker");
  return ParseWorkerOptions(static_cast<int>(arguments.size()), arguments.data());
}

TEST(WorkerOptionsTest, TakesAll) {
  const auto parsed = Parse({"--role", "jobs", "--slot", "jobs-cuda1", "--device", "cuda:1", "--server", "unix:/run/s.sock", "--lock-fd",
                             "3", "--threads", "4", "--cache-max-bytes", "20000000000"});
  ASSERT_TRUE(std::holds_alternative<WorkerOptions>(parsed));
  const WorkerOptions& options = std::get<WorkerOptions>(parsed);
  EXPECT_EQ(options.slot, "jobs-cuda1");
  EXPECT_EQ(options.device, "cuda:1");
  EXPECT_EQ(options.server, "unix:/run/s.sock");
  EXPECT_EQ(options.lock_fd, 3);
  EXPECT_EQ(options.threads, 4);
  EXPECT_EQ(options.cache_max_bytes, 20'000'000'000u);
}

TEST(WorkerOptionsTest, WrongUsageHasItsExitCode) {
  const std::vector<std::vector<const char*>> wrong = {{},
                                                       {"--role", "jobs", "--slot", "s"},
                                                       {"--role", "dance", "--slot", "s", "--server", "unix:/s"},
                                                       {"--role", "jobs", "--slot", "s", "--server", "unix:/s", "--threads", "many"}};
  for (const auto& arguments : wrong) {
    const auto parsed = Parse(arguments);
    ASSERT_TRUE(std::holds_alternative<int>(parsed));
    EXPECT_EQ(std::get<int>(parsed), workers::kExitUsage);
  }
}

TEST(WorkerOptionsTest, HelpIsNoError) {
  const auto parsed = Parse({"--help"});
  ASSERT_TRUE(std::holds_alternative<int>(parsed));
  EXPECT_EQ(std::get<int>(parsed), 0);
}

TEST(ProfileTest, SaysWhatDecidesTheBits) {
  const v1::ExecutionProfile profile = ProfileOf("cuda:1", 3);
  EXPECT_EQ(profile.device(), "cuda");
  EXPECT_EQ(profile.threads(), 3);
  EXPECT_EQ(profile.precision(), "float32");
  EXPECT_FALSE(profile.instruction_set().empty());
  EXPECT_FALSE(profile.version().empty());
  const int all = ProfileOf("cpu", 0).threads();
  EXPECT_GE(all, 1);
  EXPECT_LE(all, static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace
}  // namespace seedbed::worker
