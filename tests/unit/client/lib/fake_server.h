// A server whose answers a test writes: all services over real gRPC, no state but what the test gives.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/base/mutex.h"
#include "grpcpp/server.h"
#include "seedbed/v1/admin.grpc.pb.h"
#include "seedbed/v1/dataset.grpc.pb.h"
#include "seedbed/v1/features.pb.h"
#include "seedbed/v1/job.grpc.pb.h"
#include "seedbed/v1/model.grpc.pb.h"
#include "seedbed/v1/network.pb.h"

namespace seedbed::testing {

// A job and what its log says. Events with seq 0 are live progress.
struct FakeJob {
  v1::Job job;
  std::vector<v1::Event> log;
  std::map<std::string, std::string> artifacts;  // name -> content
};

v1::Event StateEvent(int64_t seq, v1::JobState state, v1::Reason reason = v1::REASON_UNSPECIFIED, const std::string& message = "");
v1::Event EpochEvent(int64_t seq, int epoch, int epochs, double loss = 1.9489);
v1::Event LogEvent(int64_t seq, const std::string& message);
v1::Event ProgressEvent(const std::string& phase, int64_t done, int64_t total, double rate);

// Listens on a free port of 127.0.0.1 (or on `address`) until destroyed. Thread-safe.
class FakeServer {
 public:
  explicit FakeServer(const std::string& address = "127.0.0.1:0");
  ~FakeServer();

  const std::string& address() const { return address_; }
  int port() const { return port_; }

  // --- What the test decides.
  void AddJob(FakeJob job) ABSL_LOCKS_EXCLUDED(mutex_);
  // Appends to a job's log and wakes its watchers.
  void AppendEvent(const std::string& job_id, v1::Event event) ABSL_LOCKS_EXCLUDED(mutex_);
  // Breaks the next streams with UNAVAILABLE, each after so many messages; -1 ends one with OK before the terminal event.
  void CutStreams(std::vector<int> after_messages) ABSL_LOCKS_EXCLUDED(mutex_);
  // The next unary calls fail with this status.
  void FailCalls(int calls, grpc::Status status) ABSL_LOCKS_EXCLUDED(mutex_);
  // Makes of a submitted job what it will be; by default it succeeds at once. The id is given ("train-1").
  void SetScript(std::function<void(FakeJob*)> script) ABSL_LOCKS_EXCLUDED(mutex_);
  void AddDataset(v1::GetDatasetResponse dataset) ABSL_LOCKS_EXCLUDED(mutex_);
  void AddModel(v1::Model model, std::map<std::string, std::string> files) ABSL_LOCKS_EXCLUDED(mutex_);
  void AddFeatures(v1::FeatureSet features) ABSL_LOCKS_EXCLUDED(mutex_);
  // What SummarizeNetwork answers.
  void SetSummary(v1::SummarizeNetworkResponse summary) ABSL_LOCKS_EXCLUDED(mutex_);
  void SetPlan(v1::Plan plan) ABSL_LOCKS_EXCLUDED(mutex_);
  v1::GetServerInfoResponse* info() { return &info_; }  // before the first call only

  // --- What the clients did.
  std::vector<v1::SubmitJobRequest> submissions() const ABSL_LOCKS_EXCLUDED(mutex_);
  std::vector<v1::SummarizeNetworkRequest> summaries() const ABSL_LOCKS_EXCLUDED(mutex_);
  std::vector<v1::WatchJobRequest> watches() const ABSL_LOCKS_EXCLUDED(mutex_);
  std::vector<std::string> cancelled() const ABSL_LOCKS_EXCLUDED(mutex_);
  std::map<std::string, std::string> blobs() const ABSL_LOCKS_EXCLUDED(mutex_);
  int calls() const ABSL_LOCKS_EXCLUDED(mutex_);
  // Blocks until somebody watches a job and has got all there is.
  void WaitForWatcher() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  class Datasets;
  class Jobs;
  class Models;
  class Features;
  class Networks;
  class Admin;

  std::unique_ptr<grpc::Service> MakeFeatureService();
  std::unique_ptr<grpc::Service> MakeNetworkService();

  // Status of a unary call: what the test ordered, else OK.
  grpc::Status Begin() ABSL_LOCKS_EXCLUDED(mutex_);
  grpc::Status Watch(grpc::ServerContext* context, const v1::WatchJobRequest& request, grpc::ServerWriter<v1::WatchJobResponse>* writer)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Messages after which the stream that begins now is to break; no value: never.
  int TakeCutLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  v1::GetServerInfoResponse info_;
  mutable Mutex mutex_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  int idle_watchers_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::string, FakeJob> jobs_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> job_order_ ABSL_GUARDED_BY(mutex_);
  std::vector<int> cuts_ ABSL_GUARDED_BY(mutex_);
  int failing_calls_ ABSL_GUARDED_BY(mutex_) = 0;
  grpc::Status failure_ ABSL_GUARDED_BY(mutex_);
  std::function<void(FakeJob*)> script_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, v1::GetDatasetResponse> datasets_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, v1::Model> models_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::map<std::string, std::string>> model_files_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, v1::FeatureSet> features_ ABSL_GUARDED_BY(mutex_);
  v1::SummarizeNetworkResponse summary_ ABSL_GUARDED_BY(mutex_);
  std::vector<v1::SummarizeNetworkRequest> summaries_ ABSL_GUARDED_BY(mutex_);
  v1::Plan plan_ ABSL_GUARDED_BY(mutex_);
  std::vector<v1::SubmitJobRequest> submissions_ ABSL_GUARDED_BY(mutex_);
  std::vector<v1::WatchJobRequest> watches_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> cancelled_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::string> blobs_ ABSL_GUARDED_BY(mutex_);
  int calls_ ABSL_GUARDED_BY(mutex_) = 0;

  std::vector<std::unique_ptr<grpc::Service>> services_;
  int port_ = 0;
  std::string address_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace seedbed::testing
