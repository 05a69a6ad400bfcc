#include "client/lib/status.h"

#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"
#include "tests/testing/status_matchers.h"

namespace seedbed::client {
namespace {

using seedbed::testing::IsOk;
using seedbed::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::Optional;
using ::testing::StrEq;

TEST(FromGrpc, KeepsCodeAndMessage) {
  EXPECT_THAT(FromGrpc(grpc::Status::OK), IsOk());
  EXPECT_THAT(FromGrpc({grpc::StatusCode::NOT_FOUND, "no dataset"}), StatusIs(absl::StatusCode::kNotFound, StrEq("no dataset")));
}

TEST(FromGrpc, TurnsDetailsIntoPayloads) {
  google::rpc::BadRequest bad_request;
  bad_request.add_field_violations()->set_field("spec.train.epochs");
  google::rpc::ErrorInfo error_info;
  error_info.set_reason("OUT_OF_RANGE");
  google::rpc::Status details;
  details.add_details()->PackFrom(bad_request);
  details.add_details()->PackFrom(error_info);
  const absl::Status status = FromGrpc({grpc::StatusCode::INVALID_ARGUMENT, "epochs", details.SerializeAsString()});
  EXPECT_THAT(PayloadOf(status, kFieldPayload), Optional(StrEq("spec.train.epochs")));
  EXPECT_THAT(PayloadOf(status, kReasonPayload), Optional(StrEq("OUT_OF_RANGE")));
}

TEST(FromGrpc, IgnoresDetailsItCannotRead) {
  EXPECT_THAT(FromGrpc({grpc::StatusCode::INTERNAL, "odd", "\xff\xff not a message"}), StatusIs(absl::StatusCode::kInternal));
}

TEST(FromGrpc, SaysWhyThereIsNoServer) {
  const grpc::Status refused(grpc::StatusCode::UNAVAILABLE,
                             "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:1: Failed to connect to remote "
                             "host: Connection refused");
  const absl::Status status = FromGrpc(refused, "127.0.0.1:1");
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable, StrEq("no server at 127.0.0.1:1 (connection refused)")));
  EXPECT_THAT(PayloadOf(status, kNoServerPayload), Optional(StrEq("127.0.0.1:1")));
}

TEST(FromGrpc, LeavesWhatAServerSaidWhenItIsUnavailable) {
  const absl::Status status = FromGrpc({grpc::StatusCode::UNAVAILABLE, "the server is draining"}, "127.0.0.1:1");
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("draining")));
  EXPECT_FALSE(PayloadOf(status, kNoServerPayload).has_value());
}

}  // namespace
}  // namespace seedbed::client
