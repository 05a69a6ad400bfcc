// Looks at feature sets, from the protocol's words to core's and back.
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "server/worker/convert_results.h"
#include "server/worker/convert_specs.h"

namespace seedbed::worker {
namespace {

absl::Status Unknown(std::string_view field, int value) {
  return absl::InvalidArgumentError(absl::StrCat(ToAbsl(field), " has the value ", value, ", which this version does not know"));
}

absl::StatusOr<explore::Projection> ToProjection(v1::FeatureMap::Projection projection) {
  switch (projection) {
    case v1::FeatureMap::PROJECTION_UNSPECIFIED:
    case v1::FeatureMap::PROJECTION_TSNE:
      return explore::Projection::kTsne;
    case v1::FeatureMap::PROJECTION_PCA:
      return explore::Projection::kPca;
    default:
      return Unknown("map.projection", projection);
  }
}

absl::StatusOr<explore::Distance> ToDistance(v1::Neighbours::Distance distance) {
  switch (distance) {
    case v1::Neighbours::DISTANCE_UNSPECIFIED:
    case v1::Neighbours::DISTANCE_COSINE:
      return explore::Distance::kCosine;
    case v1::Neighbours::DISTANCE_EUCLIDEAN:
      return explore::Distance::kEuclidean;
    default:
      return Unknown("neighbours.distance", distance);
  }
}

absl::StatusOr<tasks::FeatureMapSpec> ToMap(const v1::FeatureMap& from) {
  tasks::FeatureMapSpec spec;
  SB_ASSIGN_OR_RETURN(spec.options.projection, ToProjection(from.projection()));
  spec.options.perplexity = from.perplexity();
  if (from.iterations() != 0) spec.options.iterations = from.iterations();
  spec.options.seed = from.seed();
  spec.pictures = from.pictures();
  return spec;
}

absl::StatusOr<tasks::NeighboursSpec> ToNeighbours(const v1::Neighbours& from) {
  tasks::NeighboursSpec spec;
  spec.images.assign(from.images().begin(), from.images().end());
  spec.uploads = ToUploads(from.uploads());
  if (from.count() != 0) spec.count = from.count();
  SB_ASSIGN_OR_RETURN(spec.distance, ToDistance(from.distance()));
  return spec;
}

}  // namespace

absl::StatusOr<tasks::ExploreSpec> ToExploreSpec(const v1::Assignment& assignment) {
  const v1::ExploreSpec& from = assignment.spec().explore();
  tasks::ExploreSpec spec;
  spec.features = from.features();
  spec.features_dir = assignment.inputs().features_dir();
  spec.dataset_dir = assignment.inputs().dataset_dir();
  spec.model_dir = assignment.inputs().model_dir();
  switch (from.view_case()) {
    case v1::ExploreSpec::kMap: {
      SB_ASSIGN_OR_RETURN(spec.view, ToMap(from.map()));
      return spec;
    }
    case v1::ExploreSpec::kNeighbours: {
      SB_ASSIGN_OR_RETURN(spec.view, ToNeighbours(from.neighbours()));
      return spec;
    }
    case v1::ExploreSpec::VIEW_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("explore needs map or neighbours");
}

TaskOutput ToOutput(const v1::Assignment& /*assignment*/, const tasks::ExploreResult& result) {
  TaskOutput output;
  v1::ExploreResult* explore = output.result.mutable_explore();
  *explore->mutable_sheet() = ToProto(result.sheet);
  explore->mutable_files()->Add(result.files.begin(), result.files.end());
  explore->set_images(result.images);
  for (const tasks::NeighboursOf& of : result.neighbours) {
    v1::NeighboursOf* converted = explore->add_neighbours();
    converted->set_name(of.name);
    for (const tasks::FoundImage& image : of.neighbours) {
      v1::Neighbour* neighbour = converted->add_neighbours();
      neighbour->set_path(image.path);
      neighbour->set_class_name(image.class_name);
      neighbour->set_distance(image.distance);
    }
  }
  return output;
}

}  // namespace seedbed::worker
