// What ModelService/SummarizeNetwork answers.
#pragma once

#include "absl/status/statusor.h"
#include "seedbed/v1/network.pb.h"
#include "server/store/store.h"

namespace seedbed::jobs {

// INVALID_ARGUMENT about a field of the request; NOT_FOUND for weights that are no model, FAILED_PRECONDITION for those of a model whose
// network is not on record.
absl::StatusOr<v1::SummarizeNetworkResponse> SummarizeNetwork(const store::Store& store, const v1::SummarizeNetworkRequest& request);

}  // namespace seedbed::jobs
