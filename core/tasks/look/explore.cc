#include "core/tasks/look/explore.h"

#include "core/base/status_macros.h"
#include "core/tasks/look/explored_set.h"

namespace seedbed::tasks {

absl::StatusOr<ExploreResult> RunExplore(const ExploreSpec& spec, TaskContext& context) {
  SB_ASSIGN_OR_RETURN(const ExploredSet set, ExploredSet::Open(spec, context));
  absl::StatusOr<ExploreResult> result = std::holds_alternative<FeatureMapSpec>(spec.view)
                                             ? DrawMap(std::get<FeatureMapSpec>(spec.view), set, context)
                                             : ListNeighbours(std::get<NeighboursSpec>(spec.view), spec, set, context);
  if (result.ok()) result->images = static_cast<int64_t>(set.info().paths.size());
  return result;
}

}  // namespace seedbed::tasks
