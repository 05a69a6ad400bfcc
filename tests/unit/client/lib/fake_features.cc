// The fake server's FeatureService.
#include "seedbed/v1/features.grpc.pb.h"
#include "tests/unit/client/lib/fake_server.h"

namespace seedbed::testing {

class FakeServer::Features final : public v1::FeatureService::Service {
 public:
  explicit Features(FakeServer* server) : server_(*server) {}

  grpc::Status GetFeatures(grpc::ServerContext*, const v1::GetFeaturesRequest* request, v1::GetFeaturesResponse* response) override {
    if (grpc::Status status = server_.Begin(); !status.ok()) return status;
    MutexLock lock(&server_.mutex_);
    const auto found = server_.features_.find(request->name());
    if (found == server_.features_.end()) return {grpc::StatusCode::NOT_FOUND, "there is no feature set " + request->name()};
    *response->mutable_features() = found->second;
    response->set_path("/data/features/" + request->name() + ".zarr");
    return grpc::Status::OK;
  }

  grpc::Status ListFeatures(grpc::ServerContext*, const v1::ListFeaturesRequest*, v1::ListFeaturesResponse* response) override {
    if (grpc::Status status = server_.Begin(); !status.ok()) return status;
    MutexLock lock(&server_.mutex_);
    for (const auto& [name, features] : server_.features_) *response->add_features() = features;
    return grpc::Status::OK;
  }

  grpc::Status DeleteFeatures(grpc::ServerContext*, const v1::DeleteFeaturesRequest* request, v1::DeleteFeaturesResponse*) override {
    if (grpc::Status status = server_.Begin(); !status.ok()) return status;
    MutexLock lock(&server_.mutex_);
    if (server_.features_.erase(request->name()) > 0) return grpc::Status::OK;
    return {grpc::StatusCode::NOT_FOUND, "there is no feature set " + request->name()};
  }

 private:
  FakeServer& server_;
};

std::unique_ptr<grpc::Service> FakeServer::MakeFeatureService() { return std::make_unique<Features>(this); }

void FakeServer::AddFeatures(v1::FeatureSet features) {
  MutexLock lock(&mutex_);
  const std::string name = features.name();
  features_[name] = std::move(features);
}

}  // namespace seedbed::testing
