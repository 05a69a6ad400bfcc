// DatasetService (dataset.proto).
#pragma once

#include "seedbed/v1/dataset.grpc.pb.h"
#include "server/api/guard.h"
#include "server/jobs/job_manager.h"
#include "server/store/data_layout.h"
#include "server/store/store.h"

namespace seedbed::api {

class DatasetService final : public v1::DatasetService::CallbackService {
 public:
  // Nothing is owned.
  DatasetService(Guard* guard, jobs::JobManager* jobs, store::Store* store, const store::DataLayout* layout, int64_t min_free_bytes)
      : guard_(guard), jobs_(jobs), store_(store), layout_(layout), min_free_bytes_(min_free_bytes) {}

  using Context = grpc::CallbackServerContext;
  grpc::ServerUnaryReactor* FindMissingBlobs(Context*, const v1::FindMissingBlobsRequest*, v1::FindMissingBlobsResponse*) override;
  grpc::ServerReadReactor<v1::UploadBlobsRequest>* UploadBlobs(Context*, v1::UploadBlobsResponse*) override;
  grpc::ServerUnaryReactor* GetDataset(Context*, const v1::GetDatasetRequest*, v1::GetDatasetResponse*) override;
  grpc::ServerUnaryReactor* ListDatasets(Context*, const v1::ListDatasetsRequest*, v1::ListDatasetsResponse*) override;
  grpc::ServerUnaryReactor* DeleteDataset(Context*, const v1::DeleteDatasetRequest*, v1::DeleteDatasetResponse*) override;
  grpc::ServerUnaryReactor* GetSplit(Context*, const v1::GetSplitRequest*, v1::GetSplitResponse*) override;
  grpc::ServerUnaryReactor* ListSplits(Context*, const v1::ListSplitsRequest*, v1::ListSplitsResponse*) override;

 private:
  absl::StatusOr<v1::FindMissingBlobsResponse> FindMissing(const v1::FindMissingBlobsRequest& request) const;
  absl::StatusOr<v1::DeleteDatasetResponse> Delete(const v1::DeleteDatasetRequest& request);

  Guard* const guard_;
  jobs::JobManager* const jobs_;
  store::Store* const store_;
  const store::DataLayout* const layout_;
  const int64_t min_free_bytes_;
};

}  // namespace seedbed::api
