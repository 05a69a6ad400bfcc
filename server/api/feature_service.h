// FeatureService (features.proto).
#pragma once

#include "seedbed/v1/features.grpc.pb.h"
#include "server/api/guard.h"
#include "server/jobs/job_manager.h"
#include "server/store/data_layout.h"
#include "server/store/store.h"

namespace seedbed::api {

class FeatureService final : public v1::FeatureService::CallbackService {
 public:
  // Nothing is owned.
  FeatureService(Guard* guard, jobs::JobManager* jobs, store::Store* store, const store::DataLayout* layout)
      : guard_(guard), jobs_(jobs), store_(store), layout_(layout) {}

  using Context = grpc::CallbackServerContext;
  grpc::ServerUnaryReactor* GetFeatures(Context*, const v1::GetFeaturesRequest*, v1::GetFeaturesResponse*) override;
  grpc::ServerUnaryReactor* ListFeatures(Context*, const v1::ListFeaturesRequest*, v1::ListFeaturesResponse*) override;
  grpc::ServerUnaryReactor* DeleteFeatures(Context*, const v1::DeleteFeaturesRequest*, v1::DeleteFeaturesResponse*) override;

 private:
  absl::StatusOr<v1::DeleteFeaturesResponse> Delete(const v1::DeleteFeaturesRequest& request);

  Guard* const guard_;
  jobs::JobManager* const jobs_;
  store::Store* const store_;
  const store::DataLayout* const layout_;
};

}  // namespace seedbed::api
