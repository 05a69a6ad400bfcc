// The maximize job, in convert_specs.h and convert_results.h.
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "server/worker/convert_results.h"
#include "server/worker/convert_specs.h"

namespace seedbed::worker {
namespace {

absl::StatusOr<ascent::Mode> ToMode(v1::MaximizeMode mode) {
  switch (mode) {
    case v1::MAXIMIZE_MODE_NATURAL:
      return ascent::Mode::kNatural;
    case v1::MAXIMIZE_MODE_REFERENCE:
      return ascent::Mode::kReference;
    default:
      return absl::InvalidArgumentError(absl::StrCat("unknown mode ", mode));
  }
}

}  // namespace

absl::StatusOr<tasks::MaximizeSpec> ToMaximizeSpec(const v1::Assignment& assignment) {
  const v1::MaximizeSpec& from = assignment.spec().maximize();
  tasks::MaximizeSpec spec;
  spec.model = ModelName(from.model());
  spec.model_version = assignment.inputs().model_version();
  spec.model_dir = assignment.inputs().model_dir();
  spec.layer = from.layer();
  spec.filters.assign(from.filters().begin(), from.filters().end());
  spec.classes.assign(from.classes().begin(), from.classes().end());
  spec.softmax = from.score() == v1::CLASS_SCORE_KIND_SOFTMAX;
  spec.width = from.width();
  spec.height = from.height();
  spec.preview_every = from.preview_every();
  SB_ASSIGN_OR_RETURN(spec.ascent.mode, ToMode(from.mode()));
  spec.ascent.steps = from.steps();
  spec.ascent.step_size = from.step_size();
  spec.ascent.seed = from.seed();
  spec.ascent.batch = static_cast<size_t>(from.batch_size());
  return spec;
}

TaskOutput ToOutput(const v1::Assignment& /*assignment*/, const tasks::MaximizeResult& result) {
  TaskOutput output;
  v1::MaximizeResult* maximize = output.result.mutable_maximize();
  *maximize->mutable_sheet() = ToProto(result.sheet);
  for (const tasks::MaximizedFile& file : result.pictures) {
    v1::MaximizedPicture* picture = maximize->add_pictures();
    picture->set_target(file.target);
    picture->set_file(file.file);
    picture->set_activation(file.activation);
    picture->set_start_activation(file.start_activation);
    if (file.probability) picture->set_probability(*file.probability);
  }
  return output;
}

}  // namespace seedbed::worker
