#include "server/api/network_service.h"

#include "server/api/unary_call.h"
#include "server/jobs/network_summary.h"

namespace seedbed::api {

grpc::ServerUnaryReactor* NetworkService::SummarizeNetwork(Context*, const v1::SummarizeNetworkRequest* request,
                                                           v1::SummarizeNetworkResponse* response) {
  return Answer(guard_, "NetworkService/SummarizeNetwork", request, response,
                [this](const v1::SummarizeNetworkRequest& from) { return jobs::SummarizeNetwork(*store_, from); });
}

}  // namespace seedbed::api
