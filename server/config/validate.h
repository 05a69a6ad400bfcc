// Which values the settings may have.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "seedbed/v1/config.pb.h"

namespace seedbed::config {

// INVALID_ARGUMENT for the first value out of range: "workers.lease = 10ms (--lease): must be ...". `origin_of` says where the value of a
// path came from. Every field of `config` is set. Devices are not checked: they are the workers room's (SlotsForDevices).
absl::Status ValidateConfig(const v1::ServerConfig& config, const std::function<std::string(std::string_view)>& origin_of);

}  // namespace seedbed::config
