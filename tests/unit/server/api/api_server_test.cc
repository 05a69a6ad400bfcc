#include "server/api/api_server.h"

#include <sys/stat.h>

#include <set>

#include "server/api/unary_call.h"
#include "tests/unit/server/api/api_fixture.h"
#include "tests/unit/server/api/wire.h"

namespace seedbed::api {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

class ApiServerTest : public ApiTest {};

TEST_F(ApiServerTest, HealthFollowsSetServing) {
  const auto health = [&](const std::string& service) { return CheckHealth(channel_, service); };
  for (const char* name :
       {"", "seedbed.v1.DatasetService", "seedbed.v1.JobService", "seedbed.v1.ModelService", "seedbed.v1.AdminService"}) {
    server_->SetServing(false);
    EXPECT_EQ(health(name), Health::kNotServing) << name;
    server_->SetServing(true);
    EXPECT_EQ(health(name), Health::kServing) << name;
  }
  EXPECT_EQ(health("seedbed.v1.Nothing"), Health::kUnknown);
}

TEST_F(ApiServerTest, IsNotServingUntilToldSo) {
  server_.reset();
  server_ = ApiServer::Start({}, backend()).value();
  EXPECT_EQ(CheckHealth(Connect(server_->address()), ""), Health::kNotServing);
}

TEST_F(ApiServerTest, ReflectionListsTheServices) {
  EXPECT_THAT(ListServices(channel_), IsSupersetOf({"seedbed.v1.DatasetService", "seedbed.v1.JobService", "seedbed.v1.ModelService",
                                                    "seedbed.v1.AdminService", "grpc.health.v1.Health"}));
}

TEST_F(ApiServerTest, ServesTheUnixSocketWhichIsPrivate) {
  struct stat info {};
  ASSERT_EQ(::stat(layout_.socket().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700);
  const auto stub = v1::JobService::NewStub(Connect("unix:" + layout_.socket().string()));
  SB_EXPECT_OK(Invoke<v1::ListJobsResponse>([&](auto... a) { return stub->ListJobs(a...); }, v1::ListJobsRequest()));
}

TEST_F(ApiServerTest, ATakenPortIsRefusedWithAdvice) {
  const store::DataLayout other(folder_.path() / "other");
  SB_ASSERT_OK(other.Create());
  Backend elsewhere = backend();
  elsewhere.layout = &other;
  ApiServerOptions options;
  options.port = server_->port();
  EXPECT_THAT(ApiServer::Start(options, elsewhere).status(), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("--listen")));
}

TEST_F(ApiServerTest, ALongSocketPathIsRefusedWithAdvice) {
  const store::DataLayout deep(folder_.path() / std::string(120, 'd'));
  SB_ASSERT_OK(deep.Create());
  Backend elsewhere = backend();
  elsewhere.layout = &deep;
  EXPECT_THAT(ApiServer::Start({}, elsewhere).status(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("--data-root")));
}

TEST_F(ApiServerTest, OversizeMessagesAreRefused) {
  server_.reset();
  ApiServerOptions options;
  options.max_message_bytes = 1 << 20;
  StartServer(options);
  v1::FindMissingBlobsRequest request;
  for (int i = 0; i < 20'000; ++i) request.add_sha256(std::string(64, 'a'));
  EXPECT_THAT(Invoke<v1::FindMissingBlobsResponse>([&](auto... a) { return datasets_->FindMissingBlobs(a...); }, request),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("larger than max")));
}

TEST_F(ApiServerTest, StopEndsAnIdleServerAtOnceAndMayBeRepeated) {
  const auto begin = std::chrono::steady_clock::now();
  server_->Stop(std::chrono::seconds(10));
  server_->Stop(std::chrono::seconds(10));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  EXPECT_THAT(SubmitOverApi(jobs::IndexJob("seeds")), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(ApiServerTest, EveryMethodIsKnownToTheMetrics) {
  const std::vector<std::string> methods = AllMethods();
  const std::set<std::string> names(methods.begin(), methods.end());
  EXPECT_EQ(names.size(), methods.size());
  EXPECT_TRUE(names.contains("JobService/WatchJob"));
  EXPECT_TRUE(names.contains("WorkerService/Attach"));
  for (const std::string& method : methods) EXPECT_NE(metrics_.rpc().Find(method), nullptr) << method;
}

// A service whose body throws.
class ThrowingService final : public v1::AdminService::CallbackService {
 public:
  explicit ThrowingService(Guard* guard) : guard_(guard) {}
  grpc::ServerUnaryReactor* Drain(grpc::CallbackServerContext*, const v1::DrainRequest* request, v1::DrainResponse* response) override {
    return Answer(guard_, "AdminService/Drain", request, response,
                  [](const v1::DrainRequest&) -> absl::StatusOr<v1::DrainResponse> { throw std::runtime_error("a secret path"); });
  }

 private:
  Guard* const guard_;
};

TEST_F(ApiServerTest, AnExceptionBecomesInternalAndALineInTheLog) {
  std::ostringstream text;
  {
    log::Logger logger({.stream = &text});
    Guard guard(&metrics_.rpc(), &logger);
    ThrowingService service(&guard);
    grpc::ServerBuilder builder;
    builder.RegisterService(&service);
    const auto server = builder.BuildAndStart();
    const auto stub = v1::AdminService::NewStub(server->InProcessChannel({}));
    const auto answer = Invoke<v1::DrainResponse>([&](auto... a) { return stub->Drain(a...); }, v1::DrainRequest());
    EXPECT_THAT(answer, StatusIs(absl::StatusCode::kInternal, ::testing::Not(HasSubstr("secret"))));
    server->Shutdown(std::chrono::system_clock::now());
  }
  EXPECT_THAT(text.str(), HasSubstr("a secret path"));
  EXPECT_EQ(Metric(R"(seedbed_rpc_requests_total{code="INTERNAL",method="AdminService/Drain"})"), 1);
}

}  // namespace
}  // namespace seedbed::api
