#include "client/lib/channel.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status_matchers.h"

namespace seedbed::client {
namespace {

using seedbed::testing::IsOkAndHolds;
using seedbed::testing::StatusIs;
using ::testing::HasSubstr;

TEST(GrpcTarget, KnowsAddressesNamesAndSockets) {
  EXPECT_THAT(GrpcTarget("127.0.0.1:8461"), IsOkAndHolds("ipv4:127.0.0.1:8461"));
  EXPECT_THAT(GrpcTarget("[::1]:8461"), IsOkAndHolds("ipv6:[::1]:8461"));
  EXPECT_THAT(GrpcTarget("trainer.example:8461"), IsOkAndHolds("dns:trainer.example:8461"));
  EXPECT_THAT(GrpcTarget("unix:/run/seedbedd.sock"), IsOkAndHolds("unix:/run/seedbedd.sock"));
}

TEST(GrpcTarget, RefusesWhatIsNoAddress) {
  for (const char* text : {"", "localhost", "localhost:", ":8461", "localhost:0", "localhost:65536", "localhost:http", "unix:"}) {
    EXPECT_THAT(GrpcTarget(text), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("HOST:PORT"))) << text;
  }
}

}  // namespace
}  // namespace seedbed::client
