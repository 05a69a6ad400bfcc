// AdminService (admin.proto).
#pragma once

#include <string>

#include "core/base/mutex.h"
#include "seedbed/v1/admin.grpc.pb.h"
#include "server/api/guard.h"
#include "server/jobs/job_manager.h"
#include "server/store/data_layout.h"
#include "server/store/store.h"
#include "server/workers/worker_pool.h"

namespace seedbed::api {

class AdminService final : public v1::AdminService::CallbackService {
 public:
  // Nothing is owned. `identity` has what does not change: version, revision, start time, data root, metrics address.
  AdminService(Guard* guard, jobs::JobManager* jobs, store::Store* store, const store::DataLayout* layout, workers::WorkerPool* workers,
               const v1::GetServerInfoResponse& identity)
      : guard_(guard), jobs_(jobs), store_(store), layout_(layout), workers_(workers), identity_(identity) {}

  // Known once the server listens.
  void SetListenAddress(const std::string& address) ABSL_LOCKS_EXCLUDED(mutex_);

  using Context = grpc::CallbackServerContext;
  grpc::ServerUnaryReactor* GetServerInfo(Context*, const v1::GetServerInfoRequest*, v1::GetServerInfoResponse*) override;
  grpc::ServerUnaryReactor* ListWorkers(Context*, const v1::ListWorkersRequest*, v1::ListWorkersResponse*) override;
  grpc::ServerUnaryReactor* Drain(Context*, const v1::DrainRequest*, v1::DrainResponse*) override;

 private:
  absl::StatusOr<v1::GetServerInfoResponse> Info() const ABSL_LOCKS_EXCLUDED(mutex_);

  Guard* const guard_;
  jobs::JobManager* const jobs_;
  store::Store* const store_;
  const store::DataLayout* const layout_;
  workers::WorkerPool* const workers_;

  mutable Mutex mutex_;
  v1::GetServerInfoResponse identity_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace seedbed::api
