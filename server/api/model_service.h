// ModelService (model.proto).
#pragma once

#include "seedbed/v1/model.grpc.pb.h"
#include "server/api/guard.h"
#include "server/jobs/job_manager.h"
#include "server/store/data_layout.h"
#include "server/store/store.h"

namespace seedbed::api {

class ModelService final : public v1::ModelService::CallbackService {
 public:
  // Nothing is owned.
  ModelService(Guard* guard, jobs::JobManager* jobs, store::Store* store, const store::DataLayout* layout)
      : guard_(guard), jobs_(jobs), store_(store), layout_(layout) {}

  using Context = grpc::CallbackServerContext;
  grpc::ServerUnaryReactor* GetModel(Context*, const v1::GetModelRequest*, v1::GetModelResponse*) override;
  grpc::ServerUnaryReactor* ListModels(Context*, const v1::ListModelsRequest*, v1::ListModelsResponse*) override;
  grpc::ServerUnaryReactor* DeleteModel(Context*, const v1::DeleteModelRequest*, v1::DeleteModelResponse*) override;
  grpc::ServerWriteReactor<v1::ExportModelResponse>* ExportModel(Context*, const v1::ExportModelRequest*) override;

 private:
  absl::StatusOr<v1::DeleteModelResponse> Delete(const v1::DeleteModelRequest& request);

  Guard* const guard_;
  jobs::JobManager* const jobs_;
  store::Store* const store_;
  const store::DataLayout* const layout_;
};

}  // namespace seedbed::api
