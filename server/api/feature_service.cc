#include "server/api/feature_service.h"

#include "core/base/names.h"
#include "core/base/status_macros.h"
#include "server/api/discard.h"
#include "server/api/in_use.h"
#include "server/api/unary_call.h"
#include "server/jobs/field_error.h"

namespace seedbed::api {

grpc::ServerUnaryReactor* FeatureService::GetFeatures(Context*, const v1::GetFeaturesRequest* request, v1::GetFeaturesResponse* response) {
  return Answer(guard_, "FeatureService/GetFeatures", request, response,
                [this](const v1::GetFeaturesRequest& from) -> absl::StatusOr<v1::GetFeaturesResponse> {
                  v1::GetFeaturesResponse answer;
                  SB_ASSIGN_OR_RETURN(*answer.mutable_features(), store_->GetFeatures(from.name()));
                  answer.set_path(layout_->features(from.name()));
                  return answer;
                });
}

grpc::ServerUnaryReactor* FeatureService::ListFeatures(Context*, const v1::ListFeaturesRequest* request,
                                                       v1::ListFeaturesResponse* response) {
  return Answer(guard_, "FeatureService/ListFeatures", request, response,
                [this](const v1::ListFeaturesRequest& from) { return store_->ListFeatures(from.page()); });
}

grpc::ServerUnaryReactor* FeatureService::DeleteFeatures(Context*, const v1::DeleteFeaturesRequest* request,
                                                         v1::DeleteFeaturesResponse* response) {
  return Answer(guard_, "FeatureService/DeleteFeatures", request, response,
                [this](const v1::DeleteFeaturesRequest& from) { return Delete(from); });
}

absl::StatusOr<v1::DeleteFeaturesResponse> FeatureService::Delete(const v1::DeleteFeaturesRequest& request) {
  SB_RETURN_IF_ERROR(jobs::AtField("name", CheckResourceName("feature set", request.name())));
  SB_RETURN_IF_ERROR(RefuseIfInUse("feature set", request.name(), jobs_->UsersOfFeatures(request.name())));
  SB_RETURN_IF_ERROR(store_->DeleteFeatures(request.name(), request.request_id()));
  // A repeated request is answered as the first time, and must not remove what was made under the name since.
  if (absl::IsNotFound(store_->GetFeatures(request.name()).status())) {
    SB_RETURN_IF_ERROR(Discard(*layout_, layout_->features(request.name())));
  }
  return v1::DeleteFeaturesResponse();
}

}  // namespace seedbed::api
