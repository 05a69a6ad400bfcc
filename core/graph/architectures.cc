#include "core/graph/architectures.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/nearest_name.h"
#include "core/base/status_macros.h"

namespace seedbed::graph {

extern const Architecture kLogistic;
extern const Architecture kVgg16;
extern const Architecture kEfficientNetLite0;
extern const Architecture kResnet18;
extern const Architecture kResnet50;

namespace {

constexpr std::array kArchitectures = {&kLogistic, &kVgg16, &kEfficientNetLite0, &kResnet18, &kResnet50};

}  // namespace

absl::StatusOr<const Architecture*> FindArchitecture(std::string_view name) {
  const auto found = std::find_if(kArchitectures.begin(), kArchitectures.end(), [&](const auto* one) { return one->name == name; });
  if (found != kArchitectures.end()) return *found;
  const std::vector<std::string> known = ArchitectureNames();
  return absl::InvalidArgumentError(absl::StrCat("there is no architecture '", ToAbsl(name), "'", DidYouMean(name, known, "."),
                                                 " Known are ", absl::StrJoin(known, ", ")));
}

absl::StatusOr<Graph> BuildArchitecture(std::string_view name, const ArchitectureOptions& options) {
  SB_ASSIGN_OR_RETURN(const Architecture* architecture, FindArchitecture(name));
  return architecture->build(options);
}

std::vector<std::string> ArchitectureNames() {
  std::vector<std::string> names;
  for (const Architecture* architecture : kArchitectures) names.emplace_back(architecture->name);
  return names;
}

}  // namespace seedbed::graph
