// The fake server's NetworkService.
#include "seedbed/v1/network.grpc.pb.h"
#include "tests/unit/client/lib/fake_server.h"

namespace seedbed::testing {

class FakeServer::Networks final : public v1::NetworkService::Service {
 public:
  explicit Networks(FakeServer* server) : server_(*server) {}

  grpc::Status SummarizeNetwork(grpc::ServerContext*, const v1::SummarizeNetworkRequest* request,
                                v1::SummarizeNetworkResponse* response) override {
    if (grpc::Status status = server_.Begin(); !status.ok()) return status;
    MutexLock lock(&server_.mutex_);
    server_.summaries_.push_back(*request);
    *response = server_.summary_;
    return grpc::Status::OK;
  }

 private:
  FakeServer& server_;
};

std::unique_ptr<grpc::Service> FakeServer::MakeNetworkService() { return std::make_unique<Networks>(this); }

void FakeServer::SetSummary(v1::SummarizeNetworkResponse summary) {
  MutexLock lock(&mutex_);
  summary_ = std::move(summary);
}

std::vector<v1::SummarizeNetworkRequest> FakeServer::summaries() const {
  MutexLock lock(&mutex_);
  return summaries_;
}

}  // namespace seedbed::testing
