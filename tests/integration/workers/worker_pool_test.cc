// The worker pool, the job manager and real worker processes together, over a UNIX socket.
#include "server/workers/worker_pool.h"

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <future>
#include <optional>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/jobs/job_manager.h"
#include "server/store/store.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temporary_directory.h"

namespace seedbed::workers {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr seconds kPatience{60};  // for anything to happen; a test that waits that long has failed

// A whole server but for its API, on a data root.
class MiniServer {
 public:
  MiniServer(const std::filesystem::path& root, milliseconds lease) : layout_(root) {
    EXPECT_THAT(layout_.Create(), testing::IsOk());
    store_ = *store::Store::Open(layout_.database());
    jobs::JobManagerOptions options;
    options.retry_backoff = milliseconds(10);
    options.min_free_bytes = 1;
    jobs_ = *jobs::JobManager::Create(store_.get(), &layout_, &SystemClock(), nullptr, options);
    report_ = *jobs_->Recover();

    WorkerPoolOptions pool;
    pool.slots = {{.name = "jobs-cpu", .device = "cpu"}};
    pool.program = SB_FAKE_WORKER;
    pool.server_address = "unix:" + layout_.socket().string();
    pool.lease = lease;
    pool.threads = 1;
    pool.restart_backoff = milliseconds(20);
    pool_ = *WorkerPool::Create(pool, &layout_, jobs_.get(), &SystemClock(), nullptr);
    grpc::ServerBuilder builder;
    builder.AddListeningPort(pool.server_address, grpc::InsecureServerCredentials());
    builder.RegisterService(pool_->service());
    server_ = builder.BuildAndStart();
    EXPECT_NE(server_, nullptr);
    ticker_ = std::thread([this] {
      while (!stopping_) {
        jobs_->Tick();
        std::this_thread::sleep_for(milliseconds(2));
      }
    });
    EXPECT_THAT(pool_->Start(report_.held), testing::IsOk());
  }

  // As if it were killed: its workers are left alone.
  ~MiniServer() {
    server_->Shutdown(std::chrono::system_clock::now());  // breaks the streams
    server_.reset();
    pool_.reset();
    stopping_ = true;
    ticker_.join();
  }

  jobs::JobManager& jobs() { return *jobs_; }
  WorkerPool& pool() { return *pool_; }
  const jobs::RecoveryReport& report() const { return report_; }

 private:
  const store::DataLayout layout_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<jobs::JobManager> jobs_;
  jobs::RecoveryReport report_;
  std::unique_ptr<WorkerPool> pool_;
  std::unique_ptr<grpc::Server> server_;
  std::atomic<bool> stopping_{false};
  std::thread ticker_;
};

class WorkerPoolTest : public ::testing::Test {
 protected:
  ~WorkerPoolTest() override {
    if (server_) server_->pool().Stop(seconds(10));
  }

  void StartServer(milliseconds lease = seconds(15)) { server_.emplace(directory_.path() / "data", lease); }
  void KillServer() { server_.reset(); }

  // An index job, conducted through the files of its folder.
  std::string Submit(const std::string& name) {
    std::filesystem::create_directories(FolderOf(name));
    v1::SubmitJobRequest request;
    request.mutable_spec()->mutable_index()->set_dataset(name);
    request.mutable_spec()->mutable_index()->set_root(FolderOf(name));
    std::promise<absl::StatusOr<v1::SubmitJobResponse>> answer;
    server_->jobs().Submit(request, [&](absl::StatusOr<v1::SubmitJobResponse> response) { answer.set_value(std::move(response)); });
    const absl::StatusOr<v1::SubmitJobResponse> response = answer.get_future().get();
    EXPECT_THAT(response, testing::IsOk());
    return response.ok() ? response->job().id() : "";
  }
  std::filesystem::path FolderOf(const std::string& name) const { return directory_.path() / "images" / name; }
  void Tell(const std::string& name, const std::string& command) { std::ofstream(FolderOf(name) / command) << ""; }

  template <typename Condition>
  static bool WaitFor(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(milliseconds(2));
    }
    return true;
  }
  v1::Job WaitForState(const std::string& job, v1::JobState state) {
    v1::Job found;
    EXPECT_TRUE(WaitFor([&] {
      found = server_->jobs().Get(job).value_or(v1::Job());
      return found.state() == state;
    })) << job
        << " is not " << v1::JobState_Name(state) << ": " << found.ShortDebugString();
    return found;
  }
  void WaitForSteps(const std::string& job, int steps) {
    EXPECT_TRUE(WaitFor([&] { return static_cast<int>(Logged(job).size()) >= steps; }));
  }
  std::vector<v1::Event> Events(const std::string& job) {
    return server_->jobs().ReadEvents(job, 0, 10'000).value_or(std::vector<v1::Event>());
  }
  std::vector<std::string> Logged(const std::string& job) {
    std::vector<std::string> lines;
    for (const v1::Event& event : Events(job)) {
      if (event.has_log()) lines.push_back(event.log().message());
    }
    return lines;
  }
  // Every step once and in order, and numbers without hole.
  void ExpectWholeLog(const std::string& job) {
    std::vector<std::string> steps;
    for (int step = 1; step <= 20; ++step) steps.push_back("step " + std::to_string(step));
    EXPECT_EQ(Logged(job), steps);
    int64_t seq = 0;
    for (const v1::Event& event : Events(job)) EXPECT_EQ(event.seq(), ++seq);
  }
  v1::Worker Worker() {
    const std::vector<v1::Worker> workers = server_->pool().List();
    return workers.empty() ? v1::Worker() : workers[0];
  }
  void WaitForWorker(v1::WorkerState state) {
    EXPECT_TRUE(WaitFor([&] { return Worker().state() == state; })) << Worker().ShortDebugString();
  }

  testing::TemporaryDirectory directory_;
  std::optional<MiniServer> server_;
};

TEST_F(WorkerPoolTest, RunsAJob) {
  StartServer();
  const std::string job = Submit("maize");
  Tell("maize", "finish");
  const v1::Job done = WaitForState(job, v1::JOB_STATE_SUCCEEDED);
  EXPECT_EQ(done.attempt(), 1);
  EXPECT_EQ(done.worker(), "jobs-cpu");
  EXPECT_EQ(done.result().index().images(), 20);
  ExpectWholeLog(job);
  WaitForWorker(v1::WORKER_STATE_IDLE);
  EXPECT_GT(Worker().pid(), 0);
  EXPECT_EQ(Worker().job_id(), "");
}

TEST_F(WorkerPoolTest, RunsJobsOneAfterTheOther) {
  StartServer();
  std::vector<std::string> jobs;
  for (const char* name : {"a", "b", "c"}) {
    jobs.push_back(Submit(name));
    Tell(name, "finish");
  }
  for (const std::string& job : jobs) {
    WaitForState(job, v1::JOB_STATE_SUCCEEDED);
    ExpectWholeLog(job);
  }
}

TEST_F(WorkerPoolTest, ACrashedWorkerIsReplacedAndItsJobGoesOn) {
  StartServer();
  const std::string job = Submit("maize");
  WaitForSteps(job, 3);
  const pid_t first_pid = Worker().pid();
  Tell("maize", "crash");
  EXPECT_TRUE(WaitFor([&] { return Worker().restarts() == 1; }));
  Tell("maize", "finish");
  const v1::Job done = WaitForState(job, v1::JOB_STATE_SUCCEEDED);
  EXPECT_EQ(done.attempt(), 2);
  EXPECT_NE(Worker().pid(), first_pid);
  EXPECT_THAT(Worker().last_exit(), HasSubstr("SIGKILL"));
  ExpectWholeLog(job);
  const std::vector<v1::Event> events = Events(job);
  EXPECT_TRUE(std::any_of(events.begin(), events.end(), [](const v1::Event& event) {
    return event.state().state() == v1::JOB_STATE_PENDING && event.state().reason() == v1::REASON_WORKER_CRASHED;
  }));
}

TEST_F(WorkerPoolTest, CancelReachesTheTask) {
  StartServer();
  const std::string job = Submit("maize");
  WaitForSteps(job, 1);
  server_->jobs().Cancel(job, [](const absl::StatusOr<v1::Job>&) {});
  WaitForState(job, v1::JOB_STATE_CANCELLED);
  WaitForWorker(v1::WORKER_STATE_IDLE);
}

TEST_F(WorkerPoolTest, AFrozenWorkerIsKilledAfterItsLease) {
  StartServer(milliseconds(500));
  const std::string job = Submit("maize");
  WaitForSteps(job, 1);
  const pid_t frozen = Worker().pid();
  ASSERT_EQ(::kill(frozen, SIGSTOP), 0);
  Tell("maize", "finish");
  const v1::Job done = WaitForState(job, v1::JOB_STATE_SUCCEEDED);
  EXPECT_EQ(done.attempt(), 2);
  EXPECT_NE(Worker().pid(), frozen);
  ExpectWholeLog(job);
}

TEST_F(WorkerPoolTest, StopDrainsAndTheNextServerGoesOn) {
  StartServer();
  const std::string job = Submit("maize");
  WaitForSteps(job, 1);
  const pid_t pid = Worker().pid();
  server_->pool().Stop(seconds(30));
  EXPECT_EQ(::kill(pid, 0), -1) << "no worker is left";
  const v1::Job drained = *server_->jobs().Get(job);
  EXPECT_EQ(drained.state(), v1::JOB_STATE_PENDING);
  EXPECT_EQ(Events(job).back().state().reason(), v1::REASON_DRAINED);
  KillServer();

  StartServer();
  Tell("maize", "finish");
  WaitForState(job, v1::JOB_STATE_SUCCEEDED);
  ExpectWholeLog(job);
}

TEST_F(WorkerPoolTest, StopKillsWhatDoesNotListen) {
  StartServer();
  const std::string job = Submit("maize");
  WaitForSteps(job, 1);
  ASSERT_EQ(::kill(Worker().pid(), SIGSTOP), 0);
  server_->pool().Stop(milliseconds(100));
  EXPECT_EQ(server_->jobs().Get(job)->state(), v1::JOB_STATE_PENDING);
  EXPECT_EQ(Events(job).back().state().reason(), v1::REASON_DRAINED);
}

TEST_F(WorkerPoolTest, AWorkerOutlivesItsServerAndIsAdopted) {
  StartServer();
  const std::string job = Submit("maize");
  WaitForSteps(job, 2);
  const pid_t pid = Worker().pid();
  KillServer();

  StartServer();
  EXPECT_EQ(server_->report().held.size(), 1u);
  WaitForWorker(v1::WORKER_STATE_BUSY);
  EXPECT_EQ(Worker().pid(), pid);
  Tell("maize", "finish");
  const v1::Job done = WaitForState(job, v1::JOB_STATE_SUCCEEDED);
  EXPECT_EQ(done.attempt(), 1) << "nothing was done twice";
  ExpectWholeLog(job);
}

TEST_F(WorkerPoolTest, AWorkerThatDiedMeanwhileIsReplaced) {
  StartServer();
  const std::string job = Submit("maize");
  WaitForSteps(job, 2);
  const pid_t pid = Worker().pid();
  KillServer();
  ASSERT_EQ(::kill(pid, SIGKILL), 0);

  StartServer();
  Tell("maize", "finish");
  EXPECT_EQ(WaitForState(job, v1::JOB_STATE_SUCCEEDED).attempt(), 2);
  ExpectWholeLog(job);
}

TEST_F(WorkerPoolTest, AWorkerWithoutServerEndsWithItsLease) {
  StartServer(milliseconds(500));
  const std::string job = Submit("maize");
  WaitForSteps(job, 1);
  const pid_t pid = Worker().pid();
  KillServer();
  // It is our child here, so it stays as a zombie until it is waited for.
  siginfo_t info = {};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED), 0);
  EXPECT_EQ(info.si_code, CLD_EXITED);
  EXPECT_EQ(info.si_status, 3);
}

TEST_F(WorkerPoolTest, SeveralServersInARowLoseNothing) {
  StartServer();
  const std::string job = Submit("maize");
  for (int i = 0; i < 5; ++i) {
    WaitForSteps(job, 3 * i);
    KillServer();
    StartServer();
  }
  Tell("maize", "finish");
  EXPECT_EQ(WaitForState(job, v1::JOB_STATE_SUCCEEDED).attempt(), 1);
  ExpectWholeLog(job);
}

}  // namespace
}  // namespace seedbed::workers
