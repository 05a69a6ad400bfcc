#include "server/api/status.h"

#include "client/lib/status.h"
#include "core/base/utf8.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"
#include "server/jobs/field_error.h"

namespace seedbed::api {
namespace {

// Of the details, the one of type T, if any.
template <typename T>
std::optional<T> DetailOf(const grpc::Status& status) {
  google::rpc::Status details;
  EXPECT_TRUE(details.ParseFromString(status.error_details()));
  for (const auto& any : details.details()) {
    T detail;
    if (any.UnpackTo(&detail)) return detail;
  }
  return std::nullopt;
}

TEST(Status, EveryCodeComesBackTheSameAtTheClient) {
  for (int code = 1; code <= 16; ++code) {
    const absl::Status sent(static_cast<absl::StatusCode>(code), "what to do");
    const absl::Status received = client::FromGrpc(ToGrpc(sent));
    EXPECT_EQ(received.code(), sent.code());
    EXPECT_EQ(received.message(), "what to do");
  }
  EXPECT_TRUE(ToGrpc(absl::OkStatus()).ok());
  EXPECT_EQ(ToGrpc(absl::Status(static_cast<absl::StatusCode>(77), "odd")).error_code(), grpc::StatusCode::UNKNOWN);
}

TEST(Status, FieldAndReasonTravelAsDetails) {
  absl::Status sent = jobs::FieldError("spec.train.epochs", "is -1, it must be 1 to 100000");
  sent.SetPayload("seedbed/reason", absl::Cord("DIVERGED"));
  const grpc::Status status = ToGrpc(sent);
  EXPECT_EQ(DetailOf<google::rpc::BadRequest>(status)->field_violations(0).field(), "spec.train.epochs");
  EXPECT_EQ(DetailOf<google::rpc::ErrorInfo>(status)->reason(), "DIVERGED");
  EXPECT_EQ(DetailOf<google::rpc::ErrorInfo>(status)->domain(), "seedbed");
  const absl::Status received = client::FromGrpc(status);
  EXPECT_EQ(client::PayloadOf(received, client::kFieldPayload), "spec.train.epochs");
  EXPECT_EQ(client::PayloadOf(received, client::kReasonPayload), "DIVERGED");
}

TEST(Status, OnlyErrorsThatPassTellWhenToRetry) {
  EXPECT_GT(DetailOf<google::rpc::RetryInfo>(ToGrpc(absl::UnavailableError("x")))->retry_delay().seconds(), 0);
  EXPECT_GT(DetailOf<google::rpc::RetryInfo>(ToGrpc(absl::ResourceExhaustedError("x")))->retry_delay().seconds(), 0);
  EXPECT_FALSE(DetailOf<google::rpc::RetryInfo>(ToGrpc(absl::NotFoundError("x"))));
}

TEST(Status, LongMessagesAndDetailsStayBelowGrpcsLimits) {
  absl::Status sent = jobs::FieldError(std::string(100'000, 'f'), std::string(100'000, 'm'));
  const grpc::Status status = ToGrpc(sent);
  EXPECT_LE(status.error_message().size(), 1024);
  EXPECT_FALSE(status.error_details().empty());
  EXPECT_LE(status.error_details().size(), 4096);
}

TEST(Status, MessagesAreUtf8EvenWhenCutOrBroken) {
  std::string text;
  while (text.size() < 3000) text += "\u00e4\u20ac";
  EXPECT_TRUE(IsUtf8(ToGrpc(absl::NotFoundError(text)).error_message()));
  EXPECT_EQ(ToGrpc(absl::NotFoundError("caf\xe9 closed")).error_message(), "caf\uFFFD closed");
}

}  // namespace
}  // namespace seedbed::api
