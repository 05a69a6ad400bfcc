// The C++ client of a Seedbed server.
//
//   SB_ASSIGN_OR_RETURN(auto client, seedbed::client::Client::Create({.server = "127.0.0.1:8461"}));
//   SB_ASSIGN_OR_RETURN(v1::Job job, client->SubmitJob(spec));
//   auto watch = client->WatchJob(job.id(), {});
//   while (true) {
//     SB_ASSIGN_OR_RETURN(std::optional<v1::Event> event, watch->Next());
//     if (!event.has_value()) break;
//     ...
//   }
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/lib/job_watch.h"
#include "client/lib/options.h"
#include "grpcpp/channel.h"
#include "seedbed/v1/admin.grpc.pb.h"
#include "seedbed/v1/dataset.grpc.pb.h"
#include "seedbed/v1/features.grpc.pb.h"
#include "seedbed/v1/job.grpc.pb.h"
#include "seedbed/v1/model.grpc.pb.h"
#include "seedbed/v1/network.grpc.pb.h"

namespace seedbed::client {

struct JobFilter {
  std::vector<v1::JobState> states = {};  // empty: all
  std::vector<v1::JobKind> kinds = {};    // empty: all
  int limit = 0;                          // newest so many; 0: all
};

// Thread-safe. Every call has a deadline (ClientOptions::call_timeout). UNAVAILABLE is tried again a few times, with growing pauses;
// changes carry a request id, so that trying again does nothing twice. A refused first contact is reported at once. Errors have the
// server's code and message, and the payloads of status.h. Connecting is lazy: the constructor does nothing on the network.
class Client {
 public:
  // INVALID_ARGUMENT for a bad address.
  static absl::StatusOr<std::unique_ptr<Client>> Create(const ClientOptions& options);
  // Over a channel of the caller's, such as Server::InProcessChannel() in tests.
  Client(std::shared_ptr<grpc::Channel> channel, ClientOptions options);

  const ClientOptions& options() const { return options_; }

  // --- Datasets. version 0 is the newest.
  absl::StatusOr<v1::GetDatasetResponse> GetDataset(const std::string& name, int version = 0);
  absl::StatusOr<std::vector<v1::Dataset>> ListDatasets();
  absl::Status DeleteDataset(const std::string& name);
  absl::StatusOr<v1::Split> GetSplit(const std::string& dataset, const std::string& name);
  // Of the named contents (at most 100,000), those the server lacks.
  absl::StatusOr<std::vector<std::string>> FindMissingBlobs(const std::vector<std::string>& sha256);

  // --- Jobs.
  absl::StatusOr<v1::Job> SubmitJob(const v1::JobSpec& spec);
  // What the job would do and need; nothing is stored.
  absl::StatusOr<v1::Plan> PlanJob(const v1::JobSpec& spec);
  absl::StatusOr<v1::Job> GetJob(const std::string& id);
  // Newest first.
  absl::StatusOr<std::vector<v1::Job>> ListJobs(const JobFilter& filter);
  absl::StatusOr<v1::Job> CancelJob(const std::string& id);
  absl::StatusOr<std::vector<v1::Artifact>> ListArtifacts(const std::string& id);
  // The client must outlive the watch. WatchOptions::retry is taken from ClientOptions.
  std::unique_ptr<JobWatch> WatchJob(const std::string& id, WatchOptions options);

  // --- Models. version 0 is the newest (for DeleteModel: all versions).
  absl::StatusOr<v1::Model> GetModel(const std::string& name, int version = 0);
  // The newest version of each model, or all versions of `name`.
  absl::StatusOr<std::vector<v1::Model>> ListModels(const std::string& name = "");
  absl::Status DeleteModel(const std::string& name, int version = 0);

  // --- Features.
  absl::StatusOr<v1::GetFeaturesResponse> GetFeatures(const std::string& name);
  absl::StatusOr<std::vector<v1::FeatureSet>> ListFeatures();
  absl::Status DeleteFeatures(const std::string& name);

  // --- Networks that nobody has made yet.
  absl::StatusOr<v1::SummarizeNetworkResponse> SummarizeNetwork(const v1::SummarizeNetworkRequest& request);

  // --- The service itself.
  absl::StatusOr<v1::GetServerInfoResponse> GetServerInfo();
  absl::StatusOr<std::vector<v1::Worker>> ListWorkers();

  // For upload.h and download.h, which use the streams.
  v1::DatasetService::Stub* dataset_stub() { return dataset_stub_.get(); }
  v1::JobService::Stub* job_stub() { return job_stub_.get(); }
  v1::ModelService::Stub* model_stub() { return model_stub_.get(); }

 private:
  template <typename Stub, typename Request, typename Response>
  using Method = grpc::Status (Stub::*)(grpc::ClientContext*, const Request&, Response*);
  // One unary call with deadline and retries.
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Call(Stub* stub, Method<Stub, Request, Response> method, const Request& request);
  template <typename Stub, typename Request, typename Response, typename Item>
  absl::StatusOr<std::vector<Item>> ListAll(Stub* stub, Method<Stub, Request, Response> method, Request request,
                                            google::protobuf::RepeatedPtrField<Item>* (Response::*items)(), int limit);

  const ClientOptions options_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<v1::DatasetService::Stub> dataset_stub_;
  const std::unique_ptr<v1::JobService::Stub> job_stub_;
  const std::unique_ptr<v1::ModelService::Stub> model_stub_;
  const std::unique_ptr<v1::FeatureService::Stub> feature_stub_;
  const std::unique_ptr<v1::NetworkService::Stub> network_stub_;
  const std::unique_ptr<v1::AdminService::Stub> admin_stub_;
  std::atomic<bool> was_connected_ = false;
};

}  // namespace seedbed::client
