#include "client/lib/client.h"

#include <chrono>

#include "client/lib/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status_matchers.h"
#include "tests/unit/client/lib/fake_server.h"

namespace seedbed::client {
namespace {

using seedbed::testing::FakeServer;
using seedbed::testing::StatusIs;
using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Ne;
using ::testing::SizeIs;

const grpc::Status kBusy(grpc::StatusCode::UNAVAILABLE, "loading");

ClientOptions FastOptions(const std::string& address) {
  ClientOptions options;
  options.server = address;
  options.retry = {.max_attempts = 4, .first_delay = milliseconds(1), .max_delay = milliseconds(2)};
  return options;
}

std::unique_ptr<Client> Connect(const FakeServer& server) { return Client::Create(FastOptions(server.address())).value(); }

v1::JobSpec TrainSpecOf(const std::string& dataset) {
  v1::JobSpec spec;
  spec.mutable_train()->set_dataset(dataset);
  return spec;
}

TEST(Client, ReportsARefusedFirstContactAtOnce) {
  std::string address;
  {
    const FakeServer server;
    address = server.address();
  }
  ClientOptions options;
  options.server = address;
  const auto client = Client::Create(options).value();
  const auto begin = std::chrono::steady_clock::now();
  const auto info = client->GetServerInfo();
  EXPECT_THAT(info, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("no server at " + address + " (connection refused)")));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds(1000));
}

TEST(Client, RetriesWhenUnavailableWithOneRequestId) {
  FakeServer server;
  server.FailCalls(2, kBusy);
  const auto client = Connect(server);
  SB_ASSERT_OK_AND_ASSIGN(const v1::Job job, client->SubmitJob(TrainSpecOf("seedlings")));
  EXPECT_EQ(job.id(), "train-1");
  const auto submissions = server.submissions();
  ASSERT_THAT(submissions, SizeIs(3));
  EXPECT_THAT(submissions[0].request_id(), SizeIs(32));
  EXPECT_EQ(submissions[0].request_id(), submissions[2].request_id());
}

TEST(Client, GivesEachMutationAnIdOfItsOwn) {
  FakeServer server;
  const auto client = Connect(server);
  SB_ASSERT_OK(client->SubmitJob(TrainSpecOf("a")));
  SB_ASSERT_OK(client->SubmitJob(TrainSpecOf("a")));
  EXPECT_THAT(server.submissions()[0].request_id(), Ne(server.submissions()[1].request_id()));
}

TEST(Client, GivesUpAfterTheLastAttempt) {
  FakeServer server;
  server.FailCalls(100, kBusy);
  EXPECT_THAT(Connect(server)->GetServerInfo(), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("loading")));
  EXPECT_EQ(server.calls(), 4);
}

TEST(Client, DoesNotRepeatWhatCannotGetBetter) {
  FakeServer server;
  server.FailCalls(1, {grpc::StatusCode::INVALID_ARGUMENT, "epochs must be at least 1"});
  EXPECT_THAT(Connect(server)->SubmitJob(TrainSpecOf("a")), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(server.calls(), 1);
}

TEST(Client, DoesNotPauseBeyondTheDeadline) {
  FakeServer server;
  server.FailCalls(100, kBusy);
  ClientOptions options = FastOptions(server.address());
  options.retry = {.max_attempts = 1000, .first_delay = std::chrono::hours(1), .max_delay = std::chrono::hours(1)};
  EXPECT_THAT(Client::Create(options).value()->GetServerInfo(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(server.calls(), 1);
}

TEST(Client, ListsAllPages) {
  FakeServer server;
  for (const char* name : {"a", "b", "c"}) {
    v1::GetDatasetResponse dataset;
    dataset.mutable_dataset()->set_name(name);
    server.AddDataset(dataset);
  }
  SB_ASSERT_OK_AND_ASSIGN(const std::vector<v1::Dataset> datasets, Connect(server)->ListDatasets());
  ASSERT_THAT(datasets, SizeIs(3));
  EXPECT_EQ(datasets[2].name(), "c");
}

TEST(Client, ListsShowsAndDeletesFeatures) {
  FakeServer server;
  v1::FeatureSet features;
  features.set_name("maize-vgg16");
  features.set_layer("block5_pool");
  server.AddFeatures(features);
  const auto client = Connect(server);
  SB_ASSERT_OK_AND_ASSIGN(const std::vector<v1::FeatureSet> all, client->ListFeatures());
  ASSERT_THAT(all, SizeIs(1));
  SB_ASSERT_OK_AND_ASSIGN(const v1::GetFeaturesResponse one, client->GetFeatures("maize-vgg16"));
  EXPECT_EQ(one.features().layer(), "block5_pool");
  EXPECT_THAT(one.path(), HasSubstr("maize-vgg16.zarr"));
  SB_ASSERT_OK(client->DeleteFeatures("maize-vgg16"));
  EXPECT_THAT(client->GetFeatures("maize-vgg16"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("maize-vgg16")));
}

TEST(Client, RefusesABadAddress) {
  ClientOptions options;
  options.server = "nowhere";
  EXPECT_THAT(Client::Create(options), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(Client, PlansWithoutSubmitting) {
  FakeServer server;
  v1::Plan plan;
  plan.set_training_images(336);
  server.SetPlan(plan);
  SB_ASSERT_OK_AND_ASSIGN(const v1::Plan answer, Connect(server)->PlanJob(TrainSpecOf("seedlings")));
  EXPECT_EQ(answer.training_images(), 336);
  EXPECT_TRUE(server.submissions()[0].validate_only());
}

}  // namespace
}  // namespace seedbed::client
