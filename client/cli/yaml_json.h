// Settings that are lists: YAML, as people write it on a command line or in a recipe, to and from JSON.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "client/cli/json_output.h"

namespace YAML {  // NOLINT(readability-identifier-naming): named by yaml-cpp
class Node;
}

namespace seedbed::cli {

// Words that look like a number, true, false or null are such, unless they are quoted. INVALID_ARGUMENT for a key that is no word.
absl::StatusOr<Json> YamlToJson(const YAML::Node& node);

// A text such as "[flatten, dense: 256, dropout: 0.5]". INVALID_ARGUMENT says what is wrong with it.
absl::StatusOr<Json> ParseYaml(const std::string& text);

// The shortest YAML on one line that gives the same JSON again: "[flatten, dense: 256, conv2d: {filters: 8, kernel: 3}]".
std::string ToFlowYaml(const Json& json);

}  // namespace seedbed::cli
