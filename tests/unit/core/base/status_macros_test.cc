#include "core/base/status_macros.h"

#include <memory>

#include "gtest/gtest.h"
#include "tests/testing/status_matchers.h"

namespace seedbed {
namespace {

using ::seedbed::testing::IsOkAndHolds;
using ::seedbed::testing::StatusIs;
using ::testing::Eq;

absl::StatusOr<std::unique_ptr<int>> Half(int value) {
  if (value % 2 != 0) return absl::InvalidArgumentError("odd");
  return std::make_unique<int>(value / 2);
}

absl::StatusOr<int> Quarter(int value) {
  SB_ASSIGN_OR_RETURN(const std::unique_ptr<int> half, Half(value));
  SB_ASSIGN_OR_RETURN(std::unique_ptr<int> quarter, Half(*half));
  return *quarter;
}

absl::Status Check(int value) {
  SB_RETURN_IF_ERROR(Quarter(value).status());
  return absl::OkStatus();
}

TEST(StatusMacros, ReturnTheFirstError) {
  EXPECT_THAT(Quarter(12), IsOkAndHolds(Eq(3)));
  EXPECT_THAT(Quarter(6), StatusIs(absl::StatusCode::kInvalidArgument, Eq("odd")));
  SB_EXPECT_OK(Check(4));
  EXPECT_THAT(Check(3), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(Annotate, PutsTheContextFirstAndKeepsCodeAndPayloads) {
  absl::Status status = absl::NotFoundError("no such file");
  status.SetPayload("url", absl::Cord("payload"));
  const absl::Status annotated = Annotate(status, "dataset maize");
  EXPECT_THAT(annotated, StatusIs(absl::StatusCode::kNotFound, Eq("dataset maize: no such file")));
  EXPECT_EQ(annotated.GetPayload("url"), absl::Cord("payload"));
  SB_EXPECT_OK(Annotate(absl::OkStatus(), "anything"));
}

}  // namespace
}  // namespace seedbed
