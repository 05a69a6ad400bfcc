#include "core/tasks/model/train_inputs.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"
#include "core/tasks/data/dataset_events.h"

namespace seedbed::tasks {
namespace {

void WarnOfEmptyClasses(const TrainInputs& inputs, TaskContext& context) {
  std::vector<int64_t> per_class(inputs.classes().size());
  for (const int32_t label : inputs.training_labels()) ++per_class[static_cast<size_t>(label)];
  std::vector<std::string> empty;
  for (size_t k = 0; k < per_class.size(); ++k) {
    if (per_class[k] == 0) empty.push_back(absl::StrCat("'", inputs.classes()[k], "'"));
  }
  if (empty.empty()) return;
  Warn("class_without_images", absl::StrCat("no training image, so nothing to learn from, for ", absl::StrJoin(empty, ", ")), context);
}

}  // namespace

absl::StatusOr<std::unique_ptr<TrainInputs>> TrainInputs::Open(const TrainSpec& spec, TaskContext& context) {
  const bool from_features = !spec.features_dir.empty();
  SB_ASSIGN_OR_RETURN(std::unique_ptr<TrainInputs> inputs, from_features ? OpenTrainFeatures(spec) : OpenTrainImages(spec));
  if (inputs->classes().size() < 2) {
    return absl::InvalidArgumentError(absl::StrCat("training needs at least 2 classes; ", from_features ? "feature set '" : "dataset '",
                                                   from_features ? spec.features : spec.dataset, "' has ", inputs->classes().size()));
  }
  WarnOfEmptyClasses(*inputs, context);
  return inputs;
}

}  // namespace seedbed::tasks
