// The settings there are, read from the descriptor of ServerConfig: a new field of the message is a new setting without further code.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace google::protobuf {
class FieldDescriptor;
class Message;
}  // namespace google::protobuf

namespace seedbed::config {

struct Setting {
  std::string path;         // "workers.lease"
  std::string environment;  // "SEEDBED_WORKERS_LEASE"
  const google::protobuf::FieldDescriptor* field;
};

// In the order of the message.
const std::vector<Setting>& AllSettings();
// nullptr when there is none of that path.
const Setting* FindSetting(std::string_view path);

// What someone gave for a setting, in protobuf's JSON form. `texts` has one entry, or any number for a list. Durations and sizes (names
// that end in "_bytes") take units. INVALID_ARGUMENT without the setting's name.
absl::StatusOr<nlohmann::json> ParseSetting(const Setting& setting, std::span<const std::string> texts);

// The texts ParseSetting would take for the value that `config` (a ServerConfig) has.
std::vector<std::string> FormatSetting(const Setting& setting, const google::protobuf::Message& config);

}  // namespace seedbed::config
