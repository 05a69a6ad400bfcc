// The two views of an explain job. Both have a model whose images are open.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/nn/model_file.h"
#include "core/tasks/look/explain.h"
#include "core/tasks/look/explained_images.h"
#include "core/tasks/task_context.h"

namespace seedbed::tasks {

// What can be told from the model alone; then the work. Errors as RunExplain.
absl::Status CheckAttribution(const AttributionSpec& attribution, const nn::SavedModel& model);
absl::StatusOr<ExplainResult> Attribute(const ExplainSpec& spec, const AttributionSpec& attribution, const nn::SavedModel& model,
                                        const ExplainedImages& images, TaskContext& context);

absl::Status CheckActivations(const ActivationSpec& activations, const nn::SavedModel& model);
absl::StatusOr<ExplainResult> ShowActivations(const ExplainSpec& spec, const ActivationSpec& activations, const nn::SavedModel& model,
                                              const ExplainedImages& images, TaskContext& context);

// "Maize 97.3 %".
std::string ClassText(std::string_view name, double probability);

}  // namespace seedbed::tasks
