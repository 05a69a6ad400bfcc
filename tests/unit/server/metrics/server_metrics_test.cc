#include "server/metrics/server_metrics.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/time_util.h"
#include "gtest/gtest.h"
#include "server/metrics/metrics_endpoint.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/status_matchers.h"
#include "tests/unit/server/metrics/exposition.h"

namespace seedbed::metrics {
namespace {

using ::google::protobuf::util::TimeUtil;
using ::seedbed::testing::StatusIs;
using ::testing::HasSubstr;

class ServerMetricsTest : public ::testing::Test {
 protected:
  static v1::Job TrainJob(const std::string& id) {
    v1::Job job;
    job.set_id(id);
    job.set_kind(v1::JOB_KIND_TRAIN);
    return job;
  }

  void Move(const v1::Job& job, v1::JobState from, v1::JobState to) {
    v1::StateChange change;
    change.set_state(to);
    metrics_.jobs().OnTransition(job, from, change);
  }

  double Value(const std::string& series) {
    const Samples samples = Scrape(metrics_);
    const auto it = samples.find(series);
    EXPECT_NE(it, samples.end()) << series;
    return it == samples.end() ? -1 : it->second;
  }

  testing::FakeClock clock_;
  ServerMetrics metrics_{
      {.version = "0.1.0", .revision = "abc", .worker_slots = {"jobs-cpu"}, .rpc_methods = {"JobService/SubmitJob", "JobService/WatchJob"}},
      &clock_};
};

TEST_F(ServerMetricsTest, EverySeriesExistsFromTheStart) {
  const Samples samples = Scrape(metrics_);
  for (const char* series :
       {R"(seedbed_jobs{kind="train",state="running"})", R"(seedbed_jobs{kind="index",state="waiting"})",
        R"(seedbed_jobs_finished_total{kind="split",outcome="failed"})", R"(seedbed_job_duration_seconds_count{kind="evaluate"})",
        R"(seedbed_job_queue_wait_seconds_bucket{kind="train",le="60"})", "seedbed_training_epochs_total",
        R"(seedbed_training_images_total{phase="train"})", R"(seedbed_training_images_total{phase="validation"})",
        R"(seedbed_worker_loss{worker="jobs-cpu"})", R"(seedbed_worker_accuracy_ratio{worker="jobs-cpu"})",
        R"(seedbed_worker_epoch{worker="jobs-cpu"})", R"(seedbed_rpc_duration_seconds_count{method="JobService/SubmitJob"})",
        "seedbed_rpc_in_flight", R"(seedbed_workers{state="unhealthy"})", R"(seedbed_worker_up{worker="jobs-cpu"})",
        R"(seedbed_worker_restarts_total{worker="jobs-cpu"})", "seedbed_watchers", "seedbed_events_appended_total",
        "seedbed_store_commit_duration_seconds_count"}) {
    ASSERT_TRUE(samples.contains(series)) << series;
    EXPECT_EQ(samples.at(series), 0) << series;
  }
  EXPECT_EQ(samples.at(R"(seedbed_build_info{revision="abc",version="0.1.0"})"), 1);
  EXPECT_LT(samples.size(), 2000);
}

TEST_F(ServerMetricsTest, ProcessMetricsAreThoseOfThisProcess) {
  EXPECT_GT(Value("process_resident_memory_bytes"), 1 << 20);
  EXPECT_GT(Value("process_open_fds"), 2);
  EXPECT_GE(Value("process_max_fds"), Value("process_open_fds"));
  EXPECT_GE(Value("process_cpu_seconds_total"), 0);
  const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  EXPECT_NEAR(Value("process_start_time_seconds"), now, 600);
}

TEST_F(ServerMetricsTest, FollowsAJobThroughItsLife) {
  v1::Job job = TrainJob("train-1");
  Move(job, v1::JOB_STATE_UNSPECIFIED, v1::JOB_STATE_PENDING);
  EXPECT_EQ(Value(R"(seedbed_jobs{kind="train",state="pending"})"), 1);
  clock_.Advance(std::chrono::seconds(3));
  Move(job, v1::JOB_STATE_PENDING, v1::JOB_STATE_ASSIGNED);
  EXPECT_EQ(Value(R"(seedbed_job_queue_wait_seconds_sum{kind="train"})"), 3);
  Move(job, v1::JOB_STATE_ASSIGNED, v1::JOB_STATE_RUNNING);
  *job.mutable_start_time() = TimeUtil::SecondsToTimestamp(100);
  *job.mutable_end_time() = TimeUtil::SecondsToTimestamp(120);
  Move(job, v1::JOB_STATE_RUNNING, v1::JOB_STATE_SUCCEEDED);
  EXPECT_EQ(Value(R"(seedbed_jobs{kind="train",state="pending"})"), 0);
  EXPECT_EQ(Value(R"(seedbed_jobs{kind="train",state="running"})"), 0);
  EXPECT_EQ(Value(R"(seedbed_jobs{kind="train",state="succeeded"})"), 1);
  EXPECT_EQ(Value(R"(seedbed_jobs_finished_total{kind="train",outcome="succeeded"})"), 1);
  EXPECT_EQ(Value(R"(seedbed_job_duration_seconds_sum{kind="train"})"), 20);
  EXPECT_EQ(Value("seedbed_events_appended_total"), 4);
}

TEST_F(ServerMetricsTest, CountsJobsOfAnEarlierServerAndTheirWholeWait) {
  metrics_.jobs().SetCount(v1::JOB_KIND_TRAIN, v1::JOB_STATE_PENDING, 2);
  v1::Job job = TrainJob("train-1");
  *job.mutable_create_time() = TimeUtil::MicrosecondsToTimestamp(clock_.WallMicros() - 5'000'000);
  Move(job, v1::JOB_STATE_PENDING, v1::JOB_STATE_ASSIGNED);
  EXPECT_EQ(Value(R"(seedbed_jobs{kind="train",state="pending"})"), 1);
  EXPECT_EQ(Value(R"(seedbed_job_queue_wait_seconds_sum{kind="train"})"), 5);
}

TEST_F(ServerMetricsTest, AJobCancelledBeforeItRanHasNoDuration) {
  const v1::Job job = TrainJob("train-1");
  Move(job, v1::JOB_STATE_UNSPECIFIED, v1::JOB_STATE_PENDING);
  Move(job, v1::JOB_STATE_PENDING, v1::JOB_STATE_CANCELLED);
  EXPECT_EQ(Value(R"(seedbed_jobs_finished_total{kind="train",outcome="cancelled"})"), 1);
  EXPECT_EQ(Value(R"(seedbed_job_duration_seconds_count{kind="train"})"), 0);
  EXPECT_EQ(Value(R"(seedbed_job_queue_wait_seconds_count{kind="train"})"), 0);
}

TEST_F(ServerMetricsTest, EpochsShowOnTheirWorker) {
  v1::Event event;
  event.set_seq(4);
  event.mutable_epoch()->set_epoch(2);
  event.mutable_epoch()->set_loss(1.5);
  event.mutable_epoch()->set_accuracy(0.25);
  event.mutable_epoch()->set_images(336);
  event.mutable_epoch()->set_val_images(144);
  metrics_.jobs().OnEvent("train-1", "jobs-cpu", event);
  metrics_.jobs().OnEvent("train-1", "a-slot-of-yesterday", event);
  EXPECT_EQ(Value("seedbed_training_epochs_total"), 2);
  EXPECT_EQ(Value(R"(seedbed_training_images_total{phase="train"})"), 672);
  EXPECT_EQ(Value(R"(seedbed_training_images_total{phase="validation"})"), 288);
  EXPECT_EQ(Value(R"(seedbed_worker_loss{worker="jobs-cpu"})"), 1.5);
  EXPECT_EQ(Value(R"(seedbed_worker_accuracy_ratio{worker="jobs-cpu"})"), 0.25);
  EXPECT_EQ(Value(R"(seedbed_worker_epoch{worker="jobs-cpu"})"), 2);
}

TEST_F(ServerMetricsTest, CountsWorkersByStateAndTheirRestarts) {
  v1::Worker worker;
  worker.set_slot("jobs-cpu");
  worker.set_state(v1::WORKER_STATE_IDLE);
  metrics_.workers().OnWorkerState(worker);
  EXPECT_EQ(Value(R"(seedbed_worker_up{worker="jobs-cpu"})"), 1);
  worker.set_state(v1::WORKER_STATE_RESTARTING);
  worker.set_restarts(2);
  metrics_.workers().OnWorkerState(worker);
  metrics_.workers().OnWorkerState(worker);
  EXPECT_EQ(Value(R"(seedbed_worker_up{worker="jobs-cpu"})"), 0);
  EXPECT_EQ(Value(R"(seedbed_workers{state="idle"})"), 0);
  EXPECT_EQ(Value(R"(seedbed_workers{state="restarting"})"), 1);
  EXPECT_EQ(Value(R"(seedbed_worker_restarts_total{worker="jobs-cpu"})"), 2);
}

TEST_F(ServerMetricsTest, CountsRpcsByMethodAndCode) {
  RpcMetrics::Method* method = metrics_.rpc().Find("JobService/SubmitJob");
  ASSERT_NE(method, nullptr);
  EXPECT_EQ(metrics_.rpc().Find("JobService/Nothing"), nullptr);
  method->Started();
  EXPECT_EQ(Value("seedbed_rpc_in_flight"), 1);
  method->Finished(5, std::chrono::milliseconds(250));
  EXPECT_EQ(Value("seedbed_rpc_in_flight"), 0);
  EXPECT_EQ(Value(R"(seedbed_rpc_requests_total{code="NOT_FOUND",method="JobService/SubmitJob"})"), 1);
  EXPECT_EQ(Value(R"(seedbed_rpc_duration_seconds_sum{method="JobService/SubmitJob"})"), 0.25);
  method->Started();
  method->Finished(99, std::chrono::milliseconds(0));
  EXPECT_EQ(Value(R"(seedbed_rpc_requests_total{code="UNKNOWN",method="JobService/SubmitJob"})"), 1);
}

TEST_F(ServerMetricsTest, ReadsTheDiskWhenAskedAndForgetsItsSources) {
  metrics_.SetSources([] { return 4096; }, [] { return int64_t{1} << 40; });
  EXPECT_EQ(Value("seedbed_store_bytes"), 4096);
  EXPECT_EQ(Value(R"(seedbed_disk_free_bytes{volume="data_root"})"), 1099511627776);
  metrics_.ForgetSources();
  EXPECT_FALSE(Scrape(metrics_).contains("seedbed_store_bytes"));
}

TEST_F(ServerMetricsTest, TwoServersDoNotMix) {
  ServerMetrics other({}, &clock_);
  metrics_.OnCommit(std::chrono::milliseconds(1));
  EXPECT_EQ(Scrape(other).at("seedbed_store_commit_duration_seconds_count"), 0);
}

TEST_F(ServerMetricsTest, MayBeScrapedWhileItCounts) {
  std::thread writer([this] {
    for (int i = 0; i < 200; ++i) {
      const v1::Job job = TrainJob(absl::StrCat("train-", i));
      Move(job, v1::JOB_STATE_UNSPECIFIED, v1::JOB_STATE_PENDING);
      Move(job, v1::JOB_STATE_PENDING, v1::JOB_STATE_CANCELLED);
    }
  });
  for (int i = 0; i < 20; ++i) Scrape(metrics_);
  writer.join();
  EXPECT_EQ(Value(R"(seedbed_jobs{kind="train",state="cancelled"})"), 200);
}

std::string HttpGet(int port, const std::string& path) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  const std::string request = absl::StrCat("GET ", path, " HTTP/1.0\r\n\r\n");
  EXPECT_EQ(::write(fd, request.data(), request.size()), static_cast<ssize_t>(request.size()));
  std::string answer;
  char buffer[4096];
  for (ssize_t n; (n = ::read(fd, buffer, sizeof(buffer))) > 0;) answer.append(buffer, static_cast<size_t>(n));
  ::close(fd);
  return answer;
}

TEST_F(ServerMetricsTest, IsServedOverHttpOnAFreePort) {
  SB_ASSERT_OK_AND_ASSIGN(const auto endpoint, MetricsEndpoint::Start("localhost", 0, metrics_));
  ASSERT_GT(endpoint->port(), 0);
  const std::string answer = HttpGet(endpoint->port(), "/metrics");
  EXPECT_THAT(answer, HasSubstr("200 OK"));
  EXPECT_THAT(answer, HasSubstr("seedbed_watchers 0"));
  EXPECT_THAT(HttpGet(endpoint->port(), "/other"), HasSubstr("404"));
  EXPECT_THAT(MetricsEndpoint::Start("127.0.0.1", endpoint->port(), metrics_),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("--metrics")));
}

}  // namespace
}  // namespace seedbed::metrics
