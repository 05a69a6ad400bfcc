#include "tests/unit/client/lib/fake_server.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <ranges>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/digest.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server_builder.h"

namespace seedbed::testing {
namespace {

constexpr size_t kArtifactChunk = 1000;  // small, so that files take several messages
constexpr int kNoCut = -2;
constexpr int kEndEarly = -1;

grpc::Status NotFound(const std::string& what) { return {grpc::StatusCode::NOT_FOUND, absl::StrCat("there is no ", what)}; }

v1::JobKind KindOf(const v1::JobSpec& spec) {
  switch (spec.task_case()) {
    case v1::JobSpec::kIndex:
      return v1::JOB_KIND_INDEX;
    case v1::JobSpec::kSplit:
      return v1::JOB_KIND_SPLIT;
    case v1::JobSpec::kTrain:
      return v1::JOB_KIND_TRAIN;
    case v1::JobSpec::kEvaluate:
      return v1::JOB_KIND_EVALUATE;
    case v1::JobSpec::kImportModel:
      return v1::JOB_KIND_IMPORT_MODEL;
    case v1::JobSpec::kExtract:
      return v1::JOB_KIND_EXTRACT;
    case v1::JobSpec::kEditModel:
      return v1::JOB_KIND_EDIT_MODEL;
    case v1::JobSpec::kExport:
      return v1::JOB_KIND_EXPORT;
    case v1::JobSpec::kVisualize:
      return v1::JOB_KIND_VISUALIZE;
    case v1::JobSpec::kClean:
      return v1::JOB_KIND_CLEAN;
    case v1::JobSpec::kMaximize:
      return v1::JOB_KIND_MAXIMIZE;
    case v1::JobSpec::kExplain:
      return v1::JOB_KIND_EXPLAIN;
    case v1::JobSpec::kExplore:
      return v1::JOB_KIND_EXPLORE;
    case v1::JobSpec::TASK_NOT_SET:
      break;
  }
  return v1::JOB_KIND_UNSPECIFIED;
}

v1::Artifact DescribeFile(const std::string& name, const std::string& content) {
  v1::Artifact artifact;
  artifact.set_name(name);
  artifact.set_media_type("application/octet-stream");
  artifact.set_bytes(static_cast<int64_t>(content.size()));
  artifact.set_sha256(Sha256Hex(content));
  return artifact;
}

bool Ended(const std::vector<v1::Event>& log) {
  return !log.empty() && log.back().has_state() && log.back().state().state() >= v1::JOB_STATE_SUCCEEDED;
}

}  // namespace

v1::Event StateEvent(int64_t seq, v1::JobState state, v1::Reason reason, const std::string& message) {
  v1::Event event;
  event.set_seq(seq);
  event.mutable_time()->set_seconds(1'700'000'000 + seq);
  event.mutable_state()->set_state(state);
  event.mutable_state()->set_attempt(1);
  event.mutable_state()->set_reason(reason);
  event.mutable_state()->set_message(message);
  return event;
}

v1::Event EpochEvent(int64_t seq, int epoch, int epochs, double loss) {
  v1::Event event;
  event.set_seq(seq);
  event.mutable_time()->set_seconds(1'700'000'000 + seq);
  v1::EpochMetrics& metrics = *event.mutable_epoch();
  metrics.set_epoch(epoch);
  metrics.set_epochs(epochs);
  metrics.set_loss(loss);
  metrics.set_accuracy(0.3598);
  metrics.set_val_loss(1.7644);
  metrics.set_val_accuracy(0.3984);
  metrics.set_lr(0.01);
  metrics.set_seconds(1.2);
  metrics.set_images_per_second(4000);
  return event;
}

v1::Event LogEvent(int64_t seq, const std::string& message) {
  v1::Event event;
  event.set_seq(seq);
  event.mutable_log()->set_message(message);
  return event;
}

v1::Event ProgressEvent(const std::string& phase, int64_t done, int64_t total, double rate) {
  v1::Event event;
  event.mutable_progress()->set_phase(phase);
  event.mutable_progress()->set_done(done);
  event.mutable_progress()->set_total(total);
  event.mutable_progress()->set_unit("images");
  event.mutable_progress()->set_rate(rate);
  return event;
}

class FakeServer::Datasets final : public v1::DatasetService::Service {
 public:
  explicit Datasets(FakeServer* server) : server_(*server) {}

  grpc::Status FindMissingBlobs(grpc::ServerContext*, const v1::FindMissingBlobsRequest* request,
                                v1::FindMissingBlobsResponse* response) override {
    if (grpc::Status status = server_.Begin(); !status.ok()) return status;
    MutexLock lock(&server_.mutex_);
    for (const std::string& sha256 : request->sha256()) {
      if (!server_.blobs_.contains(sha256)) response->add_sha256(sha256);
    }
    return grpc::Status::OK;
  }

  grpc::Status UploadBlobs(grpc::ServerContext*, grpc::ServerReader<v1::UploadBlobsRequest>* reader,
                           v1::UploadBlobsResponse* response) override {
    int cut = 0;
    {
      MutexLock lock(&server_.mutex_);
      cut = server_.TakeCutLocked();
    }
    v1::UploadBlobsRequest::Header header;
    std::string content;
    int messages = 0;
    for (v1::UploadBlobsRequest request; reader->Read(&request); ++messages) {
      if (messages == cut) return {grpc::StatusCode::UNAVAILABLE, "cut"};
      if (request.has_header()) {
        header = request.header();
        content.clear();
      }
      content += request.chunk();
      if (static_cast<int64_t>(content.size()) < header.bytes()) continue;
      if (Sha256Hex(content) != header.sha256()) return {grpc::StatusCode::INVALID_ARGUMENT, "broken content " + header.sha256()};
      MutexLock lock(&server_.mutex_);
      server_.blobs_[header.sha256()] = content;
      response->set_stored(response->stored() + 1);
    }
    return grpc::Status::OK;
  }

  grpc::Status GetDataset(grpc::ServerContext*, const v1::GetDatasetRequest* request, v1::GetDatasetResponse* response) override {
    if (grpc::Status status = server_.Begin(); !status.ok()) return status;
    MutexLock lock(&server_.mutex_);
    const auto found = server_.datasets_.find(request->name());
    if (found == server_.datasets_.end()) return NotFound("dataset " + request->name());
    *response = found->second;
    return grpc::Status::OK;
  }

  // One dataset a page.
  grpc::Status ListDatasets(grpc::ServerContext*, const v1::ListDatasetsRequest* request, v1::ListDatasetsResponse* response) override {
    if (grpc::Status status = server_.Begin(); !status.ok()) return status;
    MutexLock lock(&server_.mutex_);
    const auto found = server_.datasets_.upper_bound(request->page().page_token());
    if (found == server_.datasets_.end()) return grpc::Status::OK;
    *response->add_datasets() = found->second.dataset();
    if (std::next(found) != server_.datasets_.end()) response->set_next_page_token(found->first);
    return grpc::Status::OK;
  }

  grpc::Status DeleteDataset(grpc::ServerContext*, const v1::DeleteDatasetRequest* request, v1::DeleteDatasetResponse*) override {
    if (grpc::Status status = server_.Begin(); !status.ok()) return status;
    MutexLock lock(&server_.mutex_);
    return server_.datasets_.erase(request->name()) == 1 ? grpc::Status::OK : NotFound("dataset " + request->name());
  }

  grpc::Status GetSplit(grpc::ServerContext*, const v1::GetSplitRequest* request, v1::GetSplitResponse* response) override {
    if (grpc::Status status = server_.Begin(); !status.ok()) return status;
    MutexLock lock(&server_.mutex_);
    for (const v1::Split& split : server_.datasets_[request->dataset()].splits()) {
      if (split.name() == request->name()) *response->mutable_split() = split;
    }
    return response->has_split() ? grpc::Status::OK : NotFound("split " + request->name());
  }

 private:
  FakeServer& server_;
};

class FakeServer::Jobs final : public v1::JobService::Service {
 public:
  explicit Jobs(FakeServer* server) : server_(*server) {}

  grpc::Status SubmitJob(grpc::ServerContext*, const v1::SubmitJobRequest* request, v1::SubmitJobResponse* response) override {
    {
      MutexLock lock(&server_.mutex_);
      server_.submissions_.push_back(*request);
    }
    if (grpc::Status status = server_.Begin(); !status.ok()) return status;
    MutexLock lock(&server_.mutex_);
    if (request->validate_only()) {
      *response->mutable_plan() = server_.plan_;
      *response->mutable_plan()->mutable_effective_spec() = request->spec();
      return grpc::Status::OK;
    }
    FakeJob fake;
    const v1::JobKind kind = KindOf(request->spec());
    fake.job.set_id(
        absl::StrCat(absl::AsciiStrToLower(v1::JobKind_Name(kind).substr(std::string("JOB_KIND_").size())), "-", server_.jobs_.size() + 1));
    fake.job.set_kind(kind);
    fake.job.set_state(v1::JOB_STATE_PENDING);
    *fake.job.mutable_spec() = request->spec();
    *response->mutable_job() = fake.job;
    fake.log = {StateEvent(1, v1::JOB_STATE_PENDING), StateEvent(2, v1::JOB_STATE_RUNNING), StateEvent(3, v1::JOB_STATE_SUCCEEDED)};
    if (server_.script_) server_.script_(&fake);
    server_.job_order_.push_back(fake.job.id());
    server_.jobs_[fake.job.id()] = std::move(fake);
    return grpc::Status::OK;
  }

  grpc::Status GetJob(grpc::ServerContext*, const v1::GetJobRequest* request, v1::GetJobResponse* response) override {
    if (grpc::Status status = server_.Begin(); !status.ok()) return status;
    MutexLock lock(&server_.mutex_);
    if (!server_.jobs_.contains(request->id())) return NotFound("job " + request->id());
    *response->mutable_job() = server_.jobs_[request->id()].job;
    return grpc::Status::OK;
  }

  grpc::Status ListJobs(grpc::ServerContext*, const v1::ListJobsRequest* request, v1::ListJobsResponse* response) override {
    if (grpc::Status status = server_.Begin(); !status.ok()) return status;
    MutexLock lock(&server_.mutex_);
    for (auto& id : std::views::reverse(server_.job_order_)) {
      const v1::Job& job = server_.jobs_[id].job;
      const auto& states = request->states();
      if (states.empty() || std::find(states.begin(), states.end(), job.state()) != states.end()) *response->add_jobs() = job;
    }
    return grpc::Status::OK;
  }

  grpc::Status CancelJob(grpc::ServerContext*, const v1::CancelJobRequest* request, v1::CancelJobResponse* response) override {
    if (grpc::Status status = server_.Begin(); !status.ok()) return status;
    MutexLock lock(&server_.mutex_);
    if (!server_.jobs_.contains(request->id())) return NotFound("job " + request->id());
    server_.cancelled_.push_back(request->id());
    *response->mutable_job() = server_.jobs_[request->id()].job;
    return grpc::Status::OK;
  }

  grpc::Status WatchJob(grpc::ServerContext* context, const v1::WatchJobRequest* request,
                        grpc::ServerWriter<v1::WatchJobResponse>* writer) override {
    return server_.Watch(context, *request, writer);
  }

  grpc::Status ListArtifacts(grpc::ServerContext*, const v1::ListArtifactsRequest* request, v1::ListArtifactsResponse* response) override {
    if (grpc::Status status = server_.Begin(); !status.ok()) return status;
    MutexLock lock(&server_.mutex_);
    if (!server_.jobs_.contains(request->id())) return NotFound("job " + request->id());
    for (const auto& [name, content] : server_.jobs_[request->id()].artifacts) *response->add_artifacts() = DescribeFile(name, content);
    return grpc::Status::OK;
  }

  grpc::Status ReadArtifact(grpc::ServerContext*, const v1::ReadArtifactRequest* request,
                            grpc::ServerWriter<v1::ReadArtifactResponse>* writer) override {
    std::string content;
    int cut = 0;
    {
      MutexLock lock(&server_.mutex_);
      cut = server_.TakeCutLocked();
      content = server_.jobs_[request->id()].artifacts[request->name()];
    }
    int messages = 0;
    for (auto offset = static_cast<size_t>(request->offset()); offset < content.size(); offset += kArtifactChunk, ++messages) {
      if (messages == cut) return {grpc::StatusCode::UNAVAILABLE, "cut"};
      v1::ReadArtifactResponse response;
      response.set_chunk(content.substr(offset, kArtifactChunk));
      writer->Write(response);
    }
    return grpc::Status::OK;
  }

 private:
  FakeServer& server_;
};

class FakeServer::Models final : public v1::ModelService::Service {
 public:
  explicit Models(FakeServer* server) : server_(*server) {}

  grpc::Status GetModel(grpc::ServerContext*, const v1::GetModelRequest* request, v1::GetModelResponse* response) override {
    if (grpc::Status status = server_.Begin(); !status.ok()) return status;
    MutexLock lock(&server_.mutex_);
    if (!server_.models_.contains(request->name())) return NotFound("model " + request->name());
    *response->mutable_model() = server_.models_[request->name()];
    return grpc::Status::OK;
  }

  grpc::Status ListModels(grpc::ServerContext*, const v1::ListModelsRequest*, v1::ListModelsResponse* response) override {
    if (grpc::Status status = server_.Begin(); !status.ok()) return status;
    MutexLock lock(&server_.mutex_);
    for (const auto& [name, model] : server_.models_) *response->add_models() = model;
    return grpc::Status::OK;
  }

  grpc::Status DeleteModel(grpc::ServerContext*, const v1::DeleteModelRequest* request, v1::DeleteModelResponse*) override {
    if (grpc::Status status = server_.Begin(); !status.ok()) return status;
    MutexLock lock(&server_.mutex_);
    return server_.models_.erase(request->name()) == 1 ? grpc::Status::OK : NotFound("model " + request->name());
  }

  grpc::Status ExportModel(grpc::ServerContext*, const v1::ExportModelRequest* request,
                           grpc::ServerWriter<v1::ExportModelResponse>* writer) override {
    MutexLock lock(&server_.mutex_);
    if (!server_.models_.contains(request->name())) return NotFound("model " + request->name());
    for (const auto& [name, content] : server_.model_files_[request->name()]) {
      v1::ExportModelResponse response;
      *response.mutable_header() = DescribeFile(name, content);
      writer->Write(response);
      response.set_chunk(content);
      if (!content.empty()) writer->Write(response);
    }
    return grpc::Status::OK;
  }

 private:
  FakeServer& server_;
};

class FakeServer::Admin final : public v1::AdminService::Service {
 public:
  explicit Admin(FakeServer* server) : server_(*server) {}

  grpc::Status GetServerInfo(grpc::ServerContext*, const v1::GetServerInfoRequest*, v1::GetServerInfoResponse* response) override {
    if (grpc::Status status = server_.Begin(); !status.ok()) return status;
    *response = server_.info_;
    return grpc::Status::OK;
  }

  grpc::Status ListWorkers(grpc::ServerContext*, const v1::ListWorkersRequest*, v1::ListWorkersResponse* response) override {
    if (grpc::Status status = server_.Begin(); !status.ok()) return status;
    *response->mutable_workers() = server_.info_.workers();
    return grpc::Status::OK;
  }

 private:
  FakeServer& server_;
};

FakeServer::FakeServer(const std::string& address) {
  services_.push_back(std::make_unique<Datasets>(this));
  services_.push_back(std::make_unique<Jobs>(this));
  services_.push_back(std::make_unique<Models>(this));
  services_.push_back(MakeFeatureService());
  services_.push_back(MakeNetworkService());
  services_.push_back(std::make_unique<Admin>(this));
  grpc::ServerBuilder builder;
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // As the real server: clients may ping this often.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.SetMaxReceiveMessageSize(64 << 20);
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port_);
  for (const auto& service : services_) builder.RegisterService(service.get());
  server_ = builder.BuildAndStart();
  address_ = absl::StrCat("127.0.0.1:", port_);
}

FakeServer::~FakeServer() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now());
}

void FakeServer::AddJob(FakeJob job) {
  MutexLock lock(&mutex_);
  job_order_.push_back(job.job.id());
  jobs_[job.job.id()] = std::move(job);
}

void FakeServer::AppendEvent(const std::string& job_id, v1::Event event) {
  MutexLock lock(&mutex_);
  jobs_[job_id].log.push_back(std::move(event));
  changed_.NotifyAll();
}

void FakeServer::CutStreams(std::vector<int> after_messages) {
  MutexLock lock(&mutex_);
  cuts_ = std::move(after_messages);
}

void FakeServer::FailCalls(int calls, grpc::Status status) {
  MutexLock lock(&mutex_);
  failing_calls_ = calls;
  failure_ = std::move(status);
}

void FakeServer::SetScript(std::function<void(FakeJob*)> script) {
  MutexLock lock(&mutex_);
  script_ = std::move(script);
}

void FakeServer::AddDataset(v1::GetDatasetResponse dataset) {
  MutexLock lock(&mutex_);
  datasets_[dataset.dataset().name()] = std::move(dataset);
}

void FakeServer::AddModel(v1::Model model, std::map<std::string, std::string> files) {
  MutexLock lock(&mutex_);
  model_files_[model.name()] = std::move(files);
  models_[model.name()] = std::move(model);
}

void FakeServer::SetPlan(v1::Plan plan) {
  MutexLock lock(&mutex_);
  plan_ = std::move(plan);
}

std::vector<v1::SubmitJobRequest> FakeServer::submissions() const {
  MutexLock lock(&mutex_);
  return submissions_;
}

std::vector<v1::WatchJobRequest> FakeServer::watches() const {
  MutexLock lock(&mutex_);
  return watches_;
}

std::vector<std::string> FakeServer::cancelled() const {
  MutexLock lock(&mutex_);
  return cancelled_;
}

std::map<std::string, std::string> FakeServer::blobs() const {
  MutexLock lock(&mutex_);
  return blobs_;
}

int FakeServer::calls() const {
  MutexLock lock(&mutex_);
  return calls_;
}

void FakeServer::WaitForWatcher() {
  MutexLock lock(&mutex_);
  while (idle_watchers_ == 0) changed_.Wait(&mutex_);
}

grpc::Status FakeServer::Begin() {
  MutexLock lock(&mutex_);
  ++calls_;
  if (failing_calls_ == 0) return grpc::Status::OK;
  --failing_calls_;
  return failure_;
}

int FakeServer::TakeCutLocked() {
  if (cuts_.empty()) return kNoCut;
  const int cut = cuts_.front();
  cuts_.erase(cuts_.begin());
  return cut;
}

grpc::Status FakeServer::Watch(grpc::ServerContext* context, const v1::WatchJobRequest& request,
                               grpc::ServerWriter<v1::WatchJobResponse>* writer) {
  MutexLock lock(&mutex_);
  watches_.push_back(request);
  if (!jobs_.contains(request.id())) return NotFound("job " + request.id());
  const int cut = TakeCutLocked();
  int messages = 0;
  for (size_t next = 0;;) {
    const std::vector<v1::Event>& log = jobs_[request.id()].log;
    for (; next < log.size(); ++next) {
      if (log[next].seq() != 0 && log[next].seq() <= request.after_seq()) continue;
      if (log[next].has_progress() && request.without_progress()) continue;
      if (messages++ == cut) return {grpc::StatusCode::UNAVAILABLE, "cut"};
      v1::WatchJobResponse response;
      *response.add_events() = log[next];
      writer->Write(response);
    }
    if (cut == kEndEarly || Ended(log)) return grpc::Status::OK;
    if (stopping_) return {grpc::StatusCode::UNAVAILABLE, "the server stops"};
    if (context->IsCancelled()) return grpc::Status::CANCELLED;
    ++idle_watchers_;
    changed_.NotifyAll();
    changed_.WaitFor(&mutex_, std::chrono::milliseconds(20));  // a sync handler is not told of a cancelled call
    --idle_watchers_;
  }
}

}  // namespace seedbed::testing
