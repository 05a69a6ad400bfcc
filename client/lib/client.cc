#include "client/lib/client.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "client/lib/backoff.h"
#include "client/lib/channel.h"
#include "client/lib/request_id.h"
#include "client/lib/status.h"
#include "core/base/status_macros.h"

namespace seedbed::client {
namespace {

constexpr int kLargestPage = 1000;

}  // namespace

absl::StatusOr<std::unique_ptr<Client>> Client::Create(const ClientOptions& options) {
  SB_ASSIGN_OR_RETURN(std::shared_ptr<grpc::Channel> channel, MakeChannel(options));
  return std::make_unique<Client>(std::move(channel), options);
}

Client::Client(std::shared_ptr<grpc::Channel> channel, ClientOptions options)
    : options_(std::move(options)),
      channel_(std::move(channel)),
      dataset_stub_(v1::DatasetService::NewStub(channel_)),
      job_stub_(v1::JobService::NewStub(channel_)),
      model_stub_(v1::ModelService::NewStub(channel_)),
      feature_stub_(v1::FeatureService::NewStub(channel_)),
      network_stub_(v1::NetworkService::NewStub(channel_)),
      admin_stub_(v1::AdminService::NewStub(channel_)) {}

template <typename Stub, typename Request, typename Response>
absl::StatusOr<Response> Client::Call(Stub* stub, Method<Stub, Request, Response> method, const Request& request) {
  const auto deadline = std::chrono::system_clock::now() + options_.call_timeout;
  Backoff backoff(options_.retry, RandomSeed());
  for (int attempt = 1;; ++attempt) {
    grpc::ClientContext context;
    context.set_deadline(deadline);
    Response response;
    const grpc::Status status = (stub->*method)(&context, request, &response);
    if (status.ok()) {
      was_connected_ = true;
      return response;
    }
    absl::Status error = FromGrpc(status, options_.server);
    if (!absl::IsUnavailable(error)) return error;
    if (!was_connected_ && PayloadOf(error, kNoServerPayload).has_value()) return error;
    const auto pause = backoff.Next();
    if (attempt >= options_.retry.max_attempts || std::chrono::system_clock::now() + pause >= deadline) return error;
    std::this_thread::sleep_for(pause);
  }
}

template <typename Stub, typename Request, typename Response, typename Item>
absl::StatusOr<std::vector<Item>> Client::ListAll(Stub* stub, Method<Stub, Request, Response> method, Request request,
                                                  google::protobuf::RepeatedPtrField<Item>* (Response::*items)(), int limit) {
  std::vector<Item> all;
  do {
    const int missing = limit == 0 ? kLargestPage : limit - static_cast<int>(all.size());
    request.mutable_page()->set_page_size(std::min(missing, kLargestPage));
    SB_ASSIGN_OR_RETURN(Response page, Call(stub, method, request));
    auto& page_items = *(page.*items)();
    std::move(page_items.begin(), page_items.end(), std::back_inserter(all));
    request.mutable_page()->set_page_token(page.next_page_token());
  } while (!request.page().page_token().empty() && (limit == 0 || static_cast<int>(all.size()) < limit));
  return all;
}

absl::StatusOr<v1::GetDatasetResponse> Client::GetDataset(const std::string& name, int version) {
  v1::GetDatasetRequest request;
  request.set_name(name);
  request.set_version(version);
  return Call(dataset_stub_.get(), &v1::DatasetService::Stub::GetDataset, request);
}

absl::StatusOr<std::vector<v1::Dataset>> Client::ListDatasets() {
  return ListAll(dataset_stub_.get(), &v1::DatasetService::Stub::ListDatasets, v1::ListDatasetsRequest(),
                 &v1::ListDatasetsResponse::mutable_datasets, 0);
}

absl::Status Client::DeleteDataset(const std::string& name) {
  v1::DeleteDatasetRequest request;
  request.set_name(name);
  request.set_request_id(NewRequestId());
  return Call(dataset_stub_.get(), &v1::DatasetService::Stub::DeleteDataset, request).status();
}

absl::StatusOr<v1::Split> Client::GetSplit(const std::string& dataset, const std::string& name) {
  v1::GetSplitRequest request;
  request.set_dataset(dataset);
  request.set_name(name);
  SB_ASSIGN_OR_RETURN(v1::GetSplitResponse response, Call(dataset_stub_.get(), &v1::DatasetService::Stub::GetSplit, request));
  return std::move(*response.mutable_split());
}

absl::StatusOr<std::vector<std::string>> Client::FindMissingBlobs(const std::vector<std::string>& sha256) {
  v1::FindMissingBlobsRequest request;
  request.mutable_sha256()->Assign(sha256.begin(), sha256.end());
  SB_ASSIGN_OR_RETURN(const v1::FindMissingBlobsResponse response,
                      Call(dataset_stub_.get(), &v1::DatasetService::Stub::FindMissingBlobs, request));
  return std::vector<std::string>(response.sha256().begin(), response.sha256().end());
}

absl::StatusOr<v1::Job> Client::SubmitJob(const v1::JobSpec& spec) {
  v1::SubmitJobRequest request;
  *request.mutable_spec() = spec;
  request.set_request_id(NewRequestId());
  SB_ASSIGN_OR_RETURN(v1::SubmitJobResponse response, Call(job_stub_.get(), &v1::JobService::Stub::SubmitJob, request));
  return std::move(*response.mutable_job());
}

absl::StatusOr<v1::Plan> Client::PlanJob(const v1::JobSpec& spec) {
  v1::SubmitJobRequest request;
  *request.mutable_spec() = spec;
  request.set_validate_only(true);
  SB_ASSIGN_OR_RETURN(v1::SubmitJobResponse response, Call(job_stub_.get(), &v1::JobService::Stub::SubmitJob, request));
  return std::move(*response.mutable_plan());
}

absl::StatusOr<v1::Job> Client::GetJob(const std::string& id) {
  v1::GetJobRequest request;
  request.set_id(id);
  SB_ASSIGN_OR_RETURN(v1::GetJobResponse response, Call(job_stub_.get(), &v1::JobService::Stub::GetJob, request));
  return std::move(*response.mutable_job());
}

absl::StatusOr<std::vector<v1::Job>> Client::ListJobs(const JobFilter& filter) {
  v1::ListJobsRequest request;
  for (const v1::JobState state : filter.states) request.add_states(state);
  for (const v1::JobKind kind : filter.kinds) request.add_kinds(kind);
  return ListAll(job_stub_.get(), &v1::JobService::Stub::ListJobs, std::move(request), &v1::ListJobsResponse::mutable_jobs, filter.limit);
}

absl::StatusOr<v1::Job> Client::CancelJob(const std::string& id) {
  v1::CancelJobRequest request;
  request.set_id(id);
  SB_ASSIGN_OR_RETURN(v1::CancelJobResponse response, Call(job_stub_.get(), &v1::JobService::Stub::CancelJob, request));
  return std::move(*response.mutable_job());
}

absl::StatusOr<std::vector<v1::Artifact>> Client::ListArtifacts(const std::string& id) {
  v1::ListArtifactsRequest request;
  request.set_id(id);
  SB_ASSIGN_OR_RETURN(const v1::ListArtifactsResponse response, Call(job_stub_.get(), &v1::JobService::Stub::ListArtifacts, request));
  return std::vector<v1::Artifact>(response.artifacts().begin(), response.artifacts().end());
}

std::unique_ptr<JobWatch> Client::WatchJob(const std::string& id, WatchOptions options) {
  options.retry = options_.retry;
  return std::make_unique<JobWatch>(job_stub_.get(), options_.server, id, std::move(options));
}

absl::StatusOr<v1::Model> Client::GetModel(const std::string& name, int version) {
  v1::GetModelRequest request;
  request.set_name(name);
  request.set_version(version);
  SB_ASSIGN_OR_RETURN(v1::GetModelResponse response, Call(model_stub_.get(), &v1::ModelService::Stub::GetModel, request));
  return std::move(*response.mutable_model());
}

absl::StatusOr<std::vector<v1::Model>> Client::ListModels(const std::string& name) {
  v1::ListModelsRequest request;
  request.set_name(name);
  return ListAll(model_stub_.get(), &v1::ModelService::Stub::ListModels, std::move(request), &v1::ListModelsResponse::mutable_models, 0);
}

absl::Status Client::DeleteModel(const std::string& name, int version) {
  v1::DeleteModelRequest request;
  request.set_name(name);
  request.set_version(version);
  request.set_request_id(NewRequestId());
  return Call(model_stub_.get(), &v1::ModelService::Stub::DeleteModel, request).status();
}

absl::StatusOr<v1::GetFeaturesResponse> Client::GetFeatures(const std::string& name) {
  v1::GetFeaturesRequest request;
  request.set_name(name);
  return Call(feature_stub_.get(), &v1::FeatureService::Stub::GetFeatures, request);
}

absl::StatusOr<std::vector<v1::FeatureSet>> Client::ListFeatures() {
  return ListAll(feature_stub_.get(), &v1::FeatureService::Stub::ListFeatures, v1::ListFeaturesRequest(),
                 &v1::ListFeaturesResponse::mutable_features, 0);
}

absl::Status Client::DeleteFeatures(const std::string& name) {
  v1::DeleteFeaturesRequest request;
  request.set_name(name);
  request.set_request_id(NewRequestId());
  return Call(feature_stub_.get(), &v1::FeatureService::Stub::DeleteFeatures, request).status();
}

absl::StatusOr<v1::SummarizeNetworkResponse> Client::SummarizeNetwork(const v1::SummarizeNetworkRequest& request) {
  return Call(network_stub_.get(), &v1::NetworkService::Stub::SummarizeNetwork, request);
}

absl::StatusOr<v1::GetServerInfoResponse> Client::GetServerInfo() {
  return Call(admin_stub_.get(), &v1::AdminService::Stub::GetServerInfo, v1::GetServerInfoRequest());
}

absl::StatusOr<std::vector<v1::Worker>> Client::ListWorkers() {
  SB_ASSIGN_OR_RETURN(const v1::ListWorkersResponse response,
                      Call(admin_stub_.get(), &v1::AdminService::Stub::ListWorkers, v1::ListWorkersRequest()));
  return std::vector<v1::Worker>(response.workers().begin(), response.workers().end());
}

}  // namespace seedbed::client
