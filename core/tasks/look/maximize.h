// The maximize job: pictures that excite a network's filters or classes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/ascent/maximizer.h"
#include "core/tasks/look/picture_artifact.h"
#include "core/tasks/task_context.h"

namespace seedbed::tasks {

struct MaximizeSpec {
  std::string model = {};
  int model_version = 1;
  std::filesystem::path model_dir = {};
  std::string layer = {};                 // whose filters are meant; empty: classes are
  std::vector<int64_t> filters = {};      // each once is enough
  std::vector<std::string> classes = {};  // names, or indices where no class has that name
  bool softmax = false;                   // the probability of classes grows, not the logit
  int width = 0;                          // pixels; 0: the model's own
  int height = 0;
  int preview_every = 0;                 // steps; 0: never
  ascent::MaximizerOptions ascent = {};  // but for threads
};

struct MaximizedFile {
  std::string target;  // "block5_conv1 110", or the class's name
  std::string file;    // below artifacts_dir
  // As ascent::MaximizedPicture.
  double activation = 0;
  double start_activation = 0;
  std::optional<double> probability;  // of a class
};

struct MaximizeResult {
  PictureArtifact sheet;
  std::vector<MaximizedFile> pictures;  // in the order asked for
};

// Leaves artifacts: MODEL-LAYER.png or MODEL-classes.png, a sheet of all, and MODEL-LAYER-FILTER.png or MODEL-class-INDEX-NAME.png for
// each. Reports progress in steps of single pictures, with the sheet as it is, in pictures small enough, every preview_every steps.
//
// Warns, as "dead_start", of pictures whose filter was 0 wherever the noise was looked at, so that their first steps followed what comes
// before its rectifier, or that had to begin anew from other noise; as "no_gradient", of those that nothing moved.
//
// INVALID_ARGUMENT for an unknown layer or class, with the nearest name, a filter that the layer lacks, classes of a network without top,
// and a size that does not fit; all before anything is computed. CANCELLED within one step.
absl::StatusOr<MaximizeResult> RunMaximize(const MaximizeSpec& spec, TaskContext& context);

}  // namespace seedbed::tasks
