// What durability costs: submissions through the manager against a bare loop of one INSERT per commit, on the same disk.
// "ratio" of BM_Submit is its rate over the bare loop's, measured just before in the same run.
#include <chrono>
#include <filesystem>
#include <thread>
#include <vector>

#include "benchmark/benchmark.h"
#include "core/base/mutex.h"
#include "server/jobs/job_manager.h"
#include "server/store/connection.h"
#include "tests/testing/temporary_directory.h"

namespace seedbed {
namespace {

// Jobs a client has in flight; and how many there are in all.
constexpr int kJobs = 1000;

v1::SubmitJobRequest IndexRequest(int number) {
  v1::SubmitJobRequest request;
  request.mutable_spec()->mutable_index()->set_dataset("d" + std::to_string(number));
  request.mutable_spec()->mutable_index()->set_root("/");
  request.set_request_id("r" + std::to_string(number));
  return request;
}

// One INSERT of a job-sized row per commit, as a loop without group commit would do it; rows per second.
double BareInsertsPerSecond(int rows) {
  const testing::TemporaryDirectory folder;
  const auto connection = store::Connection::Open(folder.path() / "bare.db", store::Connection::Mode::kWriter).value();
  connection->ExecuteScript("CREATE TABLE jobs (number INTEGER PRIMARY KEY, spec BLOB)").IgnoreError();
  const std::string spec = IndexRequest(1).SerializeAsString();
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < rows; ++i) connection->Execute("INSERT INTO jobs(spec) VALUES (?)", {store::Blob{spec}}).IgnoreError();
  return rows / std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

class Server {
 public:
  explicit Server(const std::filesystem::path& root) : layout_(root) {
    layout_.Create().IgnoreError();
    store_ = store::Store::Open(layout_.database()).value();
    jobs::JobManagerOptions options;
    options.min_free_bytes = 0;
    manager_ = jobs::JobManager::Create(store_.get(), &layout_, &SystemClock(), nullptr, options).value();
    manager_->Recover().status().IgnoreError();
  }
  jobs::JobManager& manager() { return *manager_; }

  // Submits one after the other from each client, every client waiting for its answer.
  void Submit(int clients, int jobs) {
    std::vector<std::thread> threads;
    for (int client = 0; client < clients; ++client) {
      threads.emplace_back([this, client, clients, jobs] {
        for (int i = client; i < jobs; i += clients) SubmitAndWait(IndexRequest(i));
      });
    }
    for (std::thread& thread : threads) thread.join();
  }

 private:
  void SubmitAndWait(const v1::SubmitJobRequest& request) {
    Mutex mutex;
    CondVar answered;
    bool done = false;
    manager_->Submit(request, [&](const absl::StatusOr<v1::SubmitJobResponse>& response) {
      if (!response.ok()) std::abort();
      MutexLock lock(&mutex);
      done = true;
      answered.NotifyOne();
    });
    MutexLock lock(&mutex);
    while (!done) answered.Wait(&mutex);
  }

  const store::DataLayout layout_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<jobs::JobManager> manager_;
};

// Durable submissions by a number of clients, each waiting for its answer before the next.
void BM_Submit(benchmark::State& state) {
  const int clients = static_cast<int>(state.range(0));
  const double bare = BareInsertsPerSecond(200);
  double total_seconds = 0;
  for (auto _ : state) {
    const testing::TemporaryDirectory folder;
    Server server(folder.path());
    const auto begin = std::chrono::steady_clock::now();
    server.Submit(clients, kJobs);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    state.SetIterationTime(seconds);
    total_seconds += seconds;
  }
  const double rate = kJobs * static_cast<double>(state.iterations()) / total_seconds;
  state.counters["jobs_per_s"] = rate;
  state.counters["bare_inserts_per_s"] = bare;
  state.counters["ratio"] = rate / bare;
}
BENCHMARK(BM_Submit)->Arg(1)->Arg(8)->Arg(64)->Iterations(1)->UseManualTime()->Unit(benchmark::kMillisecond);

// Listing 1,000 jobs in one page.
void BM_ListThousandJobs(benchmark::State& state) {
  const testing::TemporaryDirectory folder;
  Server server(folder.path());
  server.Submit(64, kJobs);
  v1::ListJobsRequest request;
  request.mutable_page()->set_page_size(kJobs);
  for (auto _ : state) {
    const auto response = server.manager().List(request);
    if (!response.ok() || response->jobs_size() != kJobs) std::abort();
    benchmark::DoNotOptimize(response->SerializeAsString());
  }
}
BENCHMARK(BM_ListThousandJobs)->Unit(benchmark::kMillisecond);

// A server that starts on a data root with 1,000 unfinished jobs.
void BM_OpenAndRecover(benchmark::State& state) {
  const testing::TemporaryDirectory folder;
  Server(folder.path()).Submit(64, kJobs);
  for (auto _ : state) {
    const Server server(folder.path());
    benchmark::DoNotOptimize(&server);
  }
}
BENCHMARK(BM_OpenAndRecover)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace seedbed

BENCHMARK_MAIN();
