#include <fstream>

#include "tests/unit/server/api/api_fixture.h"

namespace seedbed::api {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class JobServiceTest : public ApiTest {
 protected:
  absl::StatusOr<std::string> ReadArtifact(const std::string& job, const std::string& name, int64_t offset = 0) {
    v1::ReadArtifactRequest request;
    request.set_id(job);
    request.set_name(name);
    request.set_offset(offset);
    grpc::ClientContext context;
    const auto stream = jobs_->ReadArtifact(&context, request);
    std::string content;
    for (v1::ReadArtifactResponse response; stream->Read(&response);) content += response.chunk();
    const absl::Status status = client::FromGrpc(stream->Finish());
    if (!status.ok()) return status;
    return content;
  }

  // An evaluate job that succeeded, with its artifact confusion.csv.
  std::string Evaluated() {
    MakeDataset("seeds");
    MakeModel("seeds", "m");
    Submit(jobs::EvaluateJob("m", "seeds"));
    return Complete();
  }

  // Keeps the store's writer busy until destroyed: what waits for it waits.
  class StuckStore {
   public:
    explicit StuckStore(store::Store* store) {
      store->Write([this](store::Writer&) { return released_.get_future().wait(), absl::OkStatus(); },
                   [this](const absl::Status&) { done_.set_value(); });
    }
    ~StuckStore() {
      released_.set_value();
      done_.get_future().wait();
    }

   private:
    std::promise<void> released_;
    std::promise<void> done_;
  };
};

TEST_F(JobServiceTest, SubmitsGetsListsAndCancels) {
  SB_ASSERT_OK_AND_ASSIGN(const v1::SubmitJobResponse submitted, SubmitOverApi(jobs::IndexJob("seeds")));
  const std::string id = submitted.job().id();
  v1::GetJobRequest get;
  get.set_id(id);
  SB_ASSERT_OK_AND_ASSIGN(const auto got, Invoke<v1::GetJobResponse>([&](auto... a) { return jobs_->GetJob(a...); }, get));
  EXPECT_EQ(got.job().state(), v1::JOB_STATE_PENDING);
  SB_ASSERT_OK_AND_ASSIGN(const auto listed,
                          Invoke<v1::ListJobsResponse>([&](auto... a) { return jobs_->ListJobs(a...); }, v1::ListJobsRequest()));
  ASSERT_EQ(listed.jobs_size(), 1);
  EXPECT_EQ(listed.jobs(0).id(), id);
  v1::CancelJobRequest cancel;
  cancel.set_id(id);
  SB_ASSERT_OK_AND_ASSIGN(const auto cancelled, Invoke<v1::CancelJobResponse>([&](auto... a) { return jobs_->CancelJob(a...); }, cancel));
  EXPECT_EQ(cancelled.job().state(), v1::JOB_STATE_CANCELLED);
  EXPECT_EQ(Metric(R"(seedbed_rpc_requests_total{code="OK",method="JobService/SubmitJob"})"), 1);
}

TEST_F(JobServiceTest, ErrorsNameTheField) {
  const auto refused = SubmitOverApi(jobs::IndexJob("Not A Name"));
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(client::PayloadOf(refused.status(), client::kFieldPayload), "spec.index.dataset");
  EXPECT_EQ(Metric(R"(seedbed_rpc_requests_total{code="INVALID_ARGUMENT",method="JobService/SubmitJob"})"), 1);
}

TEST_F(JobServiceTest, UnknownJobsAreNotFound) {
  v1::GetJobRequest get;
  get.set_id("train-77");
  EXPECT_THAT(Invoke<v1::GetJobResponse>([&](auto... a) { return jobs_->GetJob(a...); }, get),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("train-77")));
  EXPECT_THAT(ReadArtifact("train-77", "x"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("train-77")));
}

TEST_F(JobServiceTest, AnExpiredDeadlineEndsTheCallThoughItsBodyIsStuck) {
  {
    const StuckStore stuck(store_.get());
    EXPECT_THAT(SubmitOverApi(jobs::IndexJob("seeds"), std::chrono::milliseconds(100)), StatusIs(absl::StatusCode::kDeadlineExceeded));
    AwaitMetric("seedbed_rpc_in_flight", 0);
  }
  // Its late answer has hurt nobody.
  SB_EXPECT_OK(SubmitOverApi(jobs::IndexJob("others")));
}

TEST_F(JobServiceTest, AStoppingServerDoesNotWaitForAStuckCall) {
  const StuckStore stuck(store_.get());
  std::thread caller([this] { EXPECT_FALSE(SubmitOverApi(jobs::IndexJob("seeds")).ok()); });
  AwaitMetric("seedbed_rpc_in_flight", 1);
  EXPECT_THAT(server_->Unfinished(), ElementsAre("JobService/SubmitJob: 1"));
  const auto begin = std::chrono::steady_clock::now();
  server_->Stop(std::chrono::milliseconds(100));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  caller.join();
}

TEST_F(JobServiceTest, ListsAndReadsArtifacts) {
  const std::string job = Evaluated();
  v1::ListArtifactsRequest request;
  request.set_id(job);
  SB_ASSERT_OK_AND_ASSIGN(const auto listed,
                          Invoke<v1::ListArtifactsResponse>([&](auto... a) { return jobs_->ListArtifacts(a...); }, request));
  ASSERT_EQ(listed.artifacts_size(), 1);
  EXPECT_EQ(listed.artifacts(0).name(), "confusion.csv");
  EXPECT_THAT(ReadArtifact(job, "confusion.csv"), testing::IsOkAndHolds(std::string("1,2\n")));
  EXPECT_THAT(ReadArtifact(job, "confusion.csv", 2), testing::IsOkAndHolds(std::string("2\n")));
  EXPECT_THAT(ReadArtifact(job, "confusion.csv", 4), testing::IsOkAndHolds(std::string()));
  EXPECT_THAT(ReadArtifact(job, "confusion.csv", 5), StatusIs(absl::StatusCode::kOutOfRange));
  EXPECT_THAT(ReadArtifact(job, "absent.csv"), StatusIs(absl::StatusCode::kNotFound, AllOf(HasSubstr(job), HasSubstr("absent.csv"))));
}

TEST_F(JobServiceTest, ArtifactNamesStayBelowTheJobsFolder) {
  const std::string job = Evaluated();
  std::ofstream(layout_.root() / "secret") << "token";
  std::filesystem::create_symlink(layout_.root() / "secret", layout_.artifacts(job) / "link");
  for (const char* name : {"../../secret", "/etc/passwd", "", "a/../../b", "./x"}) {
    EXPECT_THAT(ReadArtifact(job, name), StatusIs(absl::StatusCode::kInvalidArgument)) << name;
  }
  EXPECT_THAT(ReadArtifact(job, "link"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(JobServiceTest, LargeArtifactsComeInPieces) {
  const std::string job = Evaluated();
  std::string content(3'000'001, 'x');
  for (size_t i = 0; i < content.size(); i += 1000) content[i] = static_cast<char>('a' + i / 1000 % 26);
  std::ofstream(layout_.artifacts(job) / "large.bin") << content;
  SB_ASSERT_OK_AND_ASSIGN(const std::string read, ReadArtifact(job, "large.bin"));
  EXPECT_TRUE(read == content);
}

}  // namespace
}  // namespace seedbed::api
