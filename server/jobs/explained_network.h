// What an explanation asks of its model, looked up in the model's record before the job is taken on.
#pragma once

#include "absl/status/status.h"
#include "seedbed/v1/job_spec.pb.h"
#include "seedbed/v1/model.pb.h"

namespace seedbed::jobs {

// INVALID_ARGUMENT with a kFieldPayload for a model without classes, a class or layer that it does not have, a layer without height and
// width, Grad-CAM where no layer has them, a channel beyond the layer's, and a window larger than the picture. OK for a record without a
// network, which an older version made: the worker then finds out.
absl::Status CheckExplained(const v1::ExplainSpec& spec, const v1::Model& model);

}  // namespace seedbed::jobs
