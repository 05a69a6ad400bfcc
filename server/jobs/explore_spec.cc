#include "server/jobs/explore_spec.h"

#include "core/base/status_macros.h"
#include "server/jobs/field_checks.h"
#include "server/jobs/shown_images.h"

namespace seedbed::jobs {
namespace {

constexpr int kMaxCount = 1000;
constexpr int kMaxIterations = 100'000;

absl::Status CompleteMap(v1::FeatureMap& map) {
  map.set_projection(ValueOr(map.projection(), v1::FeatureMap::PROJECTION_TSNE));
  if (!v1::FeatureMap::Projection_IsValid(map.projection())) return FieldError("spec.explore.map.projection", "must be tsne or pca");
  if (map.projection() == v1::FeatureMap::PROJECTION_PCA) {
    if (map.perplexity() != 0) return FieldError("spec.explore.map.perplexity", "goes with the projection tsne only");
    if (map.iterations() != 0) return FieldError("spec.explore.map.iterations", "goes with the projection tsne only");
    return absl::OkStatus();
  }
  map.set_iterations(ValueOr(map.iterations(), 1000));
  SB_RETURN_IF_ERROR(CheckRange("spec.explore.map.iterations", map.iterations(), 250, kMaxIterations));
  if (map.perplexity() == 0) return absl::OkStatus();  // what fits
  return CheckRange("spec.explore.map.perplexity", map.perplexity(), 2.0, 1000.0);
}

absl::Status CompleteNeighbours(v1::Neighbours& neighbours) {
  SB_RETURN_IF_ERROR(CheckShownImages("spec.explore.neighbours", neighbours.images(), neighbours.uploads()));
  neighbours.set_count(ValueOr(neighbours.count(), 8));
  neighbours.set_distance(ValueOr(neighbours.distance(), v1::Neighbours::DISTANCE_COSINE));
  SB_RETURN_IF_ERROR(CheckRange("spec.explore.neighbours.count", neighbours.count(), 1, kMaxCount));
  if (v1::Neighbours::Distance_IsValid(neighbours.distance())) return absl::OkStatus();
  return FieldError("spec.explore.neighbours.distance", "must be cosine or euclidean");
}

}  // namespace

absl::Status CompleteExplore(v1::ExploreSpec& spec) {
  SB_RETURN_IF_ERROR(CheckName("spec.explore.features", "feature set", spec.features()));
  switch (spec.view_case()) {
    case v1::ExploreSpec::kMap:
      return CompleteMap(*spec.mutable_map());
    case v1::ExploreSpec::kNeighbours:
      return CompleteNeighbours(*spec.mutable_neighbours());
    case v1::ExploreSpec::VIEW_NOT_SET:
      break;
  }
  return FieldError("spec.explore.view", "is missing; give map or neighbours");
}

}  // namespace seedbed::jobs
