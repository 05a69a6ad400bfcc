#include "core/graph/architectures.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"

namespace seedbed::graph {

extern const Architecture kLogistic;

namespace {

constexpr const Architecture* kArchitectures[] = {&kLogistic};

}  // namespace

absl::StatusOr<Graph> BuildArchitecture(std::string_view name, const ArchitectureOptions& options) {
  for (const Architecture* architecture : kArchitectures) {
    if (architecture->name == name) return architecture->build(options);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("there is no architecture '", ToAbsl(name), "'; known are ", absl::StrJoin(ArchitectureNames(), ", ")));
}

std::vector<std::string> ArchitectureNames() {
  std::vector<std::string> names;
  for (const Architecture* architecture : kArchitectures) names.emplace_back(architecture->name);
  return names;
}

}  // namespace seedbed::graph
