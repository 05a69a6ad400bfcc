#include "server/api/job_service.h"

#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"
#include "server/api/file_chunks.h"
#include "server/api/pull_stream.h"
#include "server/api/unary_call.h"
#include "server/jobs/field_error.h"

namespace seedbed::api {
namespace {

constexpr int kEventsAtOnce = 1000;

// One ReadArtifact call. The file is opened with the first message, on a pool thread.
class ArtifactReader {
 public:
  ArtifactReader(const jobs::JobManager* jobs, const store::DataLayout* layout, v1::ReadArtifactRequest request)
      : jobs_(jobs), layout_(layout), request_(std::move(request)) {}

  absl::StatusOr<bool> Next(v1::ReadArtifactResponse* response) {
    if (!file_) SB_RETURN_IF_ERROR(Open());
    SB_ASSIGN_OR_RETURN(*response->mutable_chunk(), file_->Next());
    return !response->chunk().empty();
  }

 private:
  absl::Status Open() {
    SB_RETURN_IF_ERROR(jobs_->Get(request_.id()).status());
    const auto path = ResolveBeneath(layout_->artifacts(request_.id()), request_.name());
    if (!path.ok()) return jobs::AtField("name", path.status());
    absl::StatusOr<FileChunks> file = FileChunks::Open(*path, request_.offset());
    if (absl::IsNotFound(file.status())) {
      return absl::NotFoundError(absl::StrCat("job ", request_.id(), " has no artifact '", request_.name(), "'"));
    }
    SB_RETURN_IF_ERROR(file.status());
    file_ = *std::move(file);
    return absl::OkStatus();
  }

  const jobs::JobManager* const jobs_;
  const store::DataLayout* const layout_;
  const v1::ReadArtifactRequest request_;
  std::optional<FileChunks> file_;
};

}  // namespace

grpc::ServerUnaryReactor* JobService::SubmitJob(Context*, const v1::SubmitJobRequest* request, v1::SubmitJobResponse* response) {
  using Call = UnaryCall<v1::SubmitJobRequest, v1::SubmitJobResponse>;
  return Call::Start(guard_, "JobService/SubmitJob", request, response,
                     [this](const v1::SubmitJobRequest& from, Call::Done done) { jobs_->Submit(from, std::move(done)); });
}

grpc::ServerUnaryReactor* JobService::GetJob(Context*, const v1::GetJobRequest* request, v1::GetJobResponse* response) {
  return Answer(guard_, "JobService/GetJob", request, response,
                [this](const v1::GetJobRequest& from) -> absl::StatusOr<v1::GetJobResponse> {
                  v1::GetJobResponse answer;
                  SB_ASSIGN_OR_RETURN(*answer.mutable_job(), jobs_->Get(from.id()));
                  return answer;
                });
}

grpc::ServerUnaryReactor* JobService::ListJobs(Context*, const v1::ListJobsRequest* request, v1::ListJobsResponse* response) {
  return Answer(guard_, "JobService/ListJobs", request, response, [this](const v1::ListJobsRequest& from) { return jobs_->List(from); });
}

grpc::ServerUnaryReactor* JobService::CancelJob(Context*, const v1::CancelJobRequest* request, v1::CancelJobResponse* response) {
  using Call = UnaryCall<v1::CancelJobRequest, v1::CancelJobResponse>;
  return Call::Start(guard_, "JobService/CancelJob", request, response, [this](const v1::CancelJobRequest& from, Call::Done done) {
    jobs_->Cancel(from.id(), [done = std::move(done)](absl::StatusOr<v1::Job> job) {
      if (!job.ok()) return done(job.status());
      v1::CancelJobResponse answer;
      *answer.mutable_job() = *std::move(job);
      done(std::move(answer));
    });
  });
}

grpc::ServerWriteReactor<v1::WatchJobResponse>* JobService::WatchJob(Context*, const v1::WatchJobRequest* request) {
  return WatchStream::Start(guard_, jobs_, watchers_, *request);
}

grpc::ServerUnaryReactor* JobService::ListArtifacts(Context*, const v1::ListArtifactsRequest* request,
                                                    v1::ListArtifactsResponse* response) {
  return Answer(guard_, "JobService/ListArtifacts", request, response,
                [this](const v1::ListArtifactsRequest& from) { return Artifacts(from.id()); });
}

grpc::ServerWriteReactor<v1::ReadArtifactResponse>* JobService::ReadArtifact(Context*, const v1::ReadArtifactRequest* request) {
  const auto reader = std::make_shared<ArtifactReader>(jobs_, layout_, *request);
  return PullStream<v1::ReadArtifactResponse>::Start(guard_, "JobService/ReadArtifact",
                                                     [reader](v1::ReadArtifactResponse* response) { return reader->Next(response); });
}

absl::StatusOr<v1::ListArtifactsResponse> JobService::Artifacts(const std::string& job_id) const {
  std::map<std::string, v1::Artifact> by_name;
  for (int64_t after = 0;;) {
    SB_ASSIGN_OR_RETURN(std::vector<v1::Event> events, jobs_->ReadEvents(job_id, after, kEventsAtOnce));
    if (events.empty()) break;
    after = events.back().seq();
    for (v1::Event& event : events) {
      if (event.has_artifact()) by_name[event.artifact().name()] = std::move(*event.mutable_artifact());
    }
  }
  v1::ListArtifactsResponse response;
  for (auto& [name, artifact] : by_name) *response.add_artifacts() = std::move(artifact);
  return response;
}

}  // namespace seedbed::api
