// NetworkService (network.proto).
#pragma once

#include "seedbed/v1/network.grpc.pb.h"
#include "server/api/guard.h"
#include "server/store/store.h"

namespace seedbed::api {

class NetworkService final : public v1::NetworkService::CallbackService {
 public:
  // Nothing is owned.
  NetworkService(Guard* guard, const store::Store* store) : guard_(guard), store_(store) {}

  using Context = grpc::CallbackServerContext;
  grpc::ServerUnaryReactor* SummarizeNetwork(Context*, const v1::SummarizeNetworkRequest*, v1::SummarizeNetworkResponse*) override;

 private:
  Guard* const guard_;
  const store::Store* const store_;
};

}  // namespace seedbed::api
