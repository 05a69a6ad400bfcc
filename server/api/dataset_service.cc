#include "server/api/dataset_service.h"

#include <memory>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/digest.h"
#include "core/base/names.h"
#include "core/base/status_macros.h"
#include "server/api/blob_receiver.h"
#include "server/api/discard.h"
#include "server/api/in_use.h"
#include "server/api/unary_call.h"
#include "server/api/upload_stream.h"
#include "server/jobs/field_error.h"

namespace seedbed::api {
namespace {

constexpr int kMaxDigests = 100'000;

}  // namespace

grpc::ServerUnaryReactor* DatasetService::FindMissingBlobs(Context*, const v1::FindMissingBlobsRequest* request,
                                                           v1::FindMissingBlobsResponse* response) {
  return Answer(guard_, "DatasetService/FindMissingBlobs", request, response,
                [this](const v1::FindMissingBlobsRequest& from) { return FindMissing(from); });
}

grpc::ServerReadReactor<v1::UploadBlobsRequest>* DatasetService::UploadBlobs(Context*, v1::UploadBlobsResponse* response) {
  return UploadStream::Start(guard_, std::make_unique<BlobReceiver>(layout_, min_free_bytes_), response);
}

grpc::ServerUnaryReactor* DatasetService::GetDataset(Context*, const v1::GetDatasetRequest* request, v1::GetDatasetResponse* response) {
  return Answer(guard_, "DatasetService/GetDataset", request, response,
                [this](const v1::GetDatasetRequest& from) -> absl::StatusOr<v1::GetDatasetResponse> {
                  v1::GetDatasetResponse answer;
                  SB_ASSIGN_OR_RETURN(*answer.mutable_dataset(), store_->GetDataset(from.name(), from.version()));
                  SB_ASSIGN_OR_RETURN(std::vector<v1::Split> splits, store_->ListSplits(from.name()));
                  for (v1::Split& split : splits) *answer.add_splits() = std::move(split);
                  return answer;
                });
}

grpc::ServerUnaryReactor* DatasetService::ListDatasets(Context*, const v1::ListDatasetsRequest* request,
                                                       v1::ListDatasetsResponse* response) {
  return Answer(guard_, "DatasetService/ListDatasets", request, response,
                [this](const v1::ListDatasetsRequest& from) { return store_->ListDatasets(from.page()); });
}

grpc::ServerUnaryReactor* DatasetService::DeleteDataset(Context*, const v1::DeleteDatasetRequest* request,
                                                        v1::DeleteDatasetResponse* response) {
  return Answer(guard_, "DatasetService/DeleteDataset", request, response,
                [this](const v1::DeleteDatasetRequest& from) { return Delete(from); });
}

grpc::ServerUnaryReactor* DatasetService::GetSplit(Context*, const v1::GetSplitRequest* request, v1::GetSplitResponse* response) {
  return Answer(guard_, "DatasetService/GetSplit", request, response,
                [this](const v1::GetSplitRequest& from) -> absl::StatusOr<v1::GetSplitResponse> {
                  v1::GetSplitResponse answer;
                  SB_ASSIGN_OR_RETURN(*answer.mutable_split(), store_->GetSplit(from.dataset(), from.name()));
                  return answer;
                });
}

grpc::ServerUnaryReactor* DatasetService::ListSplits(Context*, const v1::ListSplitsRequest* request, v1::ListSplitsResponse* response) {
  return Answer(guard_, "DatasetService/ListSplits", request, response,
                [this](const v1::ListSplitsRequest& from) -> absl::StatusOr<v1::ListSplitsResponse> {
                  SB_RETURN_IF_ERROR(store_->GetDataset(from.dataset(), 0).status());
                  SB_ASSIGN_OR_RETURN(std::vector<v1::Split> splits, store_->ListSplits(from.dataset()));
                  v1::ListSplitsResponse answer;
                  for (v1::Split& split : splits) *answer.add_splits() = std::move(split);
                  return answer;
                });
}

absl::StatusOr<v1::FindMissingBlobsResponse> DatasetService::FindMissing(const v1::FindMissingBlobsRequest& request) const {
  if (request.sha256_size() > kMaxDigests) {
    return jobs::FieldError("sha256", absl::StrCat("has ", request.sha256_size(), " entries, ask for at most ", kMaxDigests, " at once"));
  }
  v1::FindMissingBlobsResponse response;
  for (int i = 0; i < request.sha256_size(); ++i) {
    const std::string& digest = request.sha256(i);
    if (!IsSha256Hex(digest)) return jobs::FieldError(absl::StrCat("sha256[", i, "]"), "must be 64 lower-case hex digits");
    std::error_code error;
    if (!std::filesystem::exists(layout_->object(digest), error)) response.add_sha256(digest);
  }
  return response;
}

absl::StatusOr<v1::DeleteDatasetResponse> DatasetService::Delete(const v1::DeleteDatasetRequest& request) {
  SB_RETURN_IF_ERROR(jobs::AtField("name", CheckResourceName("dataset", request.name())));
  SB_RETURN_IF_ERROR(RefuseIfInUse("dataset", request.name(), jobs_->UsersOfDataset(request.name())));
  SB_RETURN_IF_ERROR(store_->DeleteDataset(request.name(), request.request_id()));
  // A repeated request is answered as the first time, and must not remove what was made under the name since.
  if (absl::IsNotFound(store_->GetDataset(request.name(), 0).status())) {
    SB_RETURN_IF_ERROR(Discard(*layout_, layout_->dataset(request.name())));
    SB_RETURN_IF_ERROR(Discard(*layout_, layout_->splits(request.name())));
  }
  return v1::DeleteDatasetResponse();
}

}  // namespace seedbed::api
