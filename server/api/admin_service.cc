#include "server/api/admin_service.h"

#include <utility>

#include "core/base/file.h"
#include "core/base/status_macros.h"
#include "server/api/unary_call.h"

namespace seedbed::api {

void AdminService::SetListenAddress(const std::string& address) {
  MutexLock lock(&mutex_);
  identity_.set_listen_address(address);
}

grpc::ServerUnaryReactor* AdminService::GetServerInfo(Context*, const v1::GetServerInfoRequest* request,
                                                      v1::GetServerInfoResponse* response) {
  return Answer(guard_, "AdminService/GetServerInfo", request, response, [this](const v1::GetServerInfoRequest&) { return Info(); });
}

grpc::ServerUnaryReactor* AdminService::ListWorkers(Context*, const v1::ListWorkersRequest* request, v1::ListWorkersResponse* response) {
  return Answer(guard_, "AdminService/ListWorkers", request, response,
                [this](const v1::ListWorkersRequest&) -> absl::StatusOr<v1::ListWorkersResponse> {
                  v1::ListWorkersResponse answer;
                  for (v1::Worker& worker : workers_->List()) *answer.add_workers() = std::move(worker);
                  return answer;
                });
}

grpc::ServerUnaryReactor* AdminService::Drain(Context*, const v1::DrainRequest* request, v1::DrainResponse* response) {
  return Answer(guard_, "AdminService/Drain", request, response, [this](const v1::DrainRequest& from) -> absl::StatusOr<v1::DrainResponse> {
    jobs_->SetDraining(!from.undo());
    v1::DrainResponse answer;
    answer.set_draining(jobs_->draining());
    return answer;
  });
}

absl::StatusOr<v1::GetServerInfoResponse> AdminService::Info() const {
  v1::GetServerInfoResponse info;
  {
    MutexLock lock(&mutex_);
    info = identity_;
  }
  for (const auto& [state, count] : jobs_->CountByState()) {
    v1::StateCount* entry = info.add_jobs();
    entry->set_state(v1::JobState_Name(state).substr(std::string_view("JOB_STATE_").size()));
    entry->set_jobs(count);
  }
  SB_ASSIGN_OR_RETURN(const uint64_t free_bytes, FreeBytes(layout_->root()));
  info.set_free_bytes(static_cast<int64_t>(free_bytes));
  info.set_draining(jobs_->draining());
  for (v1::Worker& worker : workers_->List()) *info.add_workers() = std::move(worker);
  SB_ASSIGN_OR_RETURN(const auto counts, store_->CountCatalogue());
  info.set_datasets(counts.datasets);
  info.set_models(counts.models);
  info.set_feature_sets(counts.feature_sets);
  return info;
}

}  // namespace seedbed::api
