// What a specification says of preprocessing: its limits and defaults.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "seedbed/v1/job.pb.h"

namespace seedbed::jobs {

// INVALID_ARGUMENT for a value out of its limits; `field` is the message's own, such as "spec.train.preprocessing". What is absent is
// right: something else says it.
absl::Status CheckPreprocessing(const std::string& field, const v1::Preprocessing& spec);

// The same, with everything that is absent filled in: size and preset as networks of the known `arch` take them, and the mean image, which
// is subtracted if `centred` and no preset was asked for.
absl::Status CompletePreprocessing(const std::string& field, std::string_view arch, bool centred, v1::Preprocessing& spec);

}  // namespace seedbed::jobs
