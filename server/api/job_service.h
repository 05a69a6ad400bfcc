// JobService (job.proto).
#pragma once

#include "seedbed/v1/job.grpc.pb.h"
#include "server/api/guard.h"
#include "server/api/watch_stream.h"
#include "server/jobs/job_manager.h"
#include "server/store/data_layout.h"

namespace seedbed::api {

class JobService final : public v1::JobService::CallbackService {
 public:
  // Nothing is owned.
  JobService(Guard* guard, jobs::JobManager* jobs, const store::DataLayout* layout, Watchers* watchers)
      : guard_(guard), jobs_(jobs), layout_(layout), watchers_(watchers) {}

  using Context = grpc::CallbackServerContext;
  grpc::ServerUnaryReactor* SubmitJob(Context*, const v1::SubmitJobRequest*, v1::SubmitJobResponse*) override;
  grpc::ServerUnaryReactor* GetJob(Context*, const v1::GetJobRequest*, v1::GetJobResponse*) override;
  grpc::ServerUnaryReactor* ListJobs(Context*, const v1::ListJobsRequest*, v1::ListJobsResponse*) override;
  grpc::ServerUnaryReactor* CancelJob(Context*, const v1::CancelJobRequest*, v1::CancelJobResponse*) override;
  grpc::ServerWriteReactor<v1::WatchJobResponse>* WatchJob(Context*, const v1::WatchJobRequest*) override;
  grpc::ServerUnaryReactor* ListArtifacts(Context*, const v1::ListArtifactsRequest*, v1::ListArtifactsResponse*) override;
  grpc::ServerWriteReactor<v1::ReadArtifactResponse>* ReadArtifact(Context*, const v1::ReadArtifactRequest*) override;

 private:
  absl::StatusOr<v1::ListArtifactsResponse> Artifacts(const std::string& job_id) const;

  Guard* const guard_;
  jobs::JobManager* const jobs_;
  const store::DataLayout* const layout_;
  Watchers* const watchers_;
};

}  // namespace seedbed::api
