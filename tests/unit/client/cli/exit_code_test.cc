#include "client/cli/exit_code.h"

#include <csignal>
#include <utility>

#include "gtest/gtest.h"

namespace seedbed::cli {
namespace {

TEST(ExitCodeFor, FollowsTheDocumentedTable) {
  using absl::StatusCode;
  const std::pair<StatusCode, int> table[] = {
      {StatusCode::kOk, 0},
      {StatusCode::kUnknown, 1},
      {StatusCode::kAborted, 1},
      {StatusCode::kFailedPrecondition, 1},
      {StatusCode::kAlreadyExists, 1},
      {StatusCode::kInternal, 1},
      {StatusCode::kDataLoss, 1},
      {StatusCode::kUnavailable, 3},
      {StatusCode::kNotFound, 4},
      {StatusCode::kInvalidArgument, 5},
      {StatusCode::kOutOfRange, 5},
      {StatusCode::kUnauthenticated, 6},
      {StatusCode::kPermissionDenied, 6},
      {StatusCode::kResourceExhausted, 7},
      {StatusCode::kUnimplemented, 8},
      {StatusCode::kDeadlineExceeded, 124},
      {StatusCode::kCancelled, 130},
  };
  for (const auto& [code, exit_code] : table) EXPECT_EQ(ExitCodeFor(absl::Status(code, "x")), exit_code) << absl::StatusCodeToString(code);
}

TEST(ExitCodeFor, TellsUsageFromBadInput) { EXPECT_EQ(ExitCodeFor(UsageError("no such option")), 2); }

TEST(ExitCodeFor, TellsInterruptionFromTermination) {
  EXPECT_EQ(ExitCodeFor(InterruptedError(SIGINT)), 130);
  EXPECT_EQ(ExitCodeFor(InterruptedError(SIGTERM)), 143);
}

TEST(WithHint, KeepsCodeAndMessage) {
  const absl::Status status = WithHint(absl::NotFoundError("no job"), "seedbed job ls");
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(), "no job");
  EXPECT_EQ(HintOf(status), "seedbed job ls");
  EXPECT_EQ(HintOf(absl::NotFoundError("no job")), "");
}

}  // namespace
}  // namespace seedbed::cli
