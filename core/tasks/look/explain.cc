#include "core/tasks/look/explain.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/status_macros.h"
#include "core/nn/model_file.h"
#include "core/tasks/data/dataset_events.h"
#include "core/tasks/look/explain_views.h"
#include "core/tasks/look/explained_images.h"

namespace seedbed::tasks {

std::string ClassText(std::string_view name, double probability) { return absl::StrFormat("%s %.1f %%", ToAbsl(name), 100 * probability); }

absl::StatusOr<ExplainResult> RunExplain(const ExplainSpec& spec, TaskContext& context) {
  SB_ASSIGN_OR_RETURN(const nn::SavedModel model, nn::ReadModel(spec.model_dir));
  const auto* attribution = std::get_if<AttributionSpec>(&spec.view);
  const auto* activations = std::get_if<ActivationSpec>(&spec.view);
  SB_RETURN_IF_ERROR(attribution != nullptr ? CheckAttribution(*attribution, model) : CheckActivations(*activations, model));
  const auto count = static_cast<int64_t>(spec.images.size() + spec.uploads.size());
  Log("plan", absl::StrCat("explaining ", Counted(count, "image"), " with model '", spec.model, ":", spec.model_version, "'"), context);
  SB_ASSIGN_OR_RETURN(const ExplainedImages images, ExplainedImages::Open(spec, model, context));
  return attribution != nullptr ? Attribute(spec, *attribution, model, images, context)
                                : ShowActivations(spec, *activations, model, images, context);
}

}  // namespace seedbed::tasks
