// What a specification may say of steps that change pictures. seedbedd does not know the steps themselves (core/augment): the worker checks
// them when the job starts.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "google/protobuf/struct.pb.h"

namespace seedbed::jobs {

// INVALID_ARGUMENT for a list that is too long, or an item that is neither a name nor {name: settings}.
absl::Status CheckSteps(const std::string& field, const google::protobuf::ListValue& steps);

}  // namespace seedbed::jobs
