// What a training would do, without doing it.
#pragma once

#include <string>

#include "client/cli/json_output.h"
#include "client/cli/train_settings.h"
#include "seedbed/v1/job.pb.h"

namespace seedbed::cli {

// Split table, steps, parameters, needs against what is free, and each setting with its value and origin.
std::string RenderPlan(const v1::Plan& plan, const GivenSettings& given);

// {"plan": ..., "configuration": {"epochs": {"value": ..., "origin": ...}, ...}}
Json PlanDocument(const v1::Plan& plan, const GivenSettings& given);

}  // namespace seedbed::cli
