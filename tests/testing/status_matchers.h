// gMock matchers for absl::Status and absl::StatusOr, which abseil 20220623 does not bring.
#pragma once

#include <ostream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"

namespace seedbed::testing {

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& value) {
  return value.status();
}

MATCHER(IsOk, "is OK") {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).ok();
}

// StatusIs(absl::StatusCode::kNotFound, HasSubstr("maize"))
MATCHER_P2(StatusIs, code, message_matcher,
           "has code " + absl::StatusCodeToString(code) + " and a message that " +
               ::testing::DescribeMatcher<std::string>(message_matcher)) {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).code() == code &&
         ::testing::ExplainMatchResult(message_matcher, std::string(StatusOf(arg).message()), result_listener);
}
template <typename Code>
auto StatusIs(Code code) {
  return StatusIs(code, ::testing::_);
}

// IsOkAndHolds(Eq(3)), for StatusOr<T>.
MATCHER_P(IsOkAndHolds, value_matcher, "is OK and holds a value that matches") {
  *result_listener << StatusOf(arg).ToString();
  return arg.ok() && ::testing::ExplainMatchResult(value_matcher, *arg, result_listener);
}

}  // namespace seedbed::testing

#define SB_ASSERT_OK(expr) ASSERT_THAT((expr), ::seedbed::testing::IsOk())
#define SB_EXPECT_OK(expr) EXPECT_THAT((expr), ::seedbed::testing::IsOk())
// Declares or assigns `lhs`; fails the test when `expr` is an error.
#define SB_ASSERT_OK_AND_ASSIGN(lhs, expr) SB_ASSERT_OK_AND_ASSIGN_IMPL(SB_TEST_CONCAT(sb_test_value_, __LINE__), lhs, expr)
#define SB_TEST_CONCAT_INNER(a, b) a##b
#define SB_TEST_CONCAT(a, b) SB_TEST_CONCAT_INNER(a, b)
#define SB_ASSERT_OK_AND_ASSIGN_IMPL(variable, lhs, expr) \
  auto variable = (expr);                                 \
  SB_ASSERT_OK(variable);                                 \
  lhs = std::move(variable).value()
