#include "core/tasks/model/edit_model.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/graph/edit.h"
#include "core/nn/model_file.h"
#include "core/tasks/data/dataset_events.h"
#include "core/tasks/model/publish_model.h"

namespace seedbed::tasks {
namespace {

struct Edited {
  absl::StatusOr<graph::Graph> graph;
  nlohmann::json how;  // for the record
};

Edited Edit(const graph::Graph& graph, const PopLayers& pop) { return {graph::PopLayers(graph, pop.count), {{"pop", pop.count}}}; }
Edited Edit(const graph::Graph& graph, const CutLayer& cut) { return {graph::CutAt(graph, cut.layer), {{"cut", cut.layer}}}; }

}  // namespace

absl::StatusOr<EditModelResult> RunEditModel(const EditModelSpec& spec, TaskContext& context) {
  SB_ASSIGN_OR_RETURN(nn::SavedModel model, nn::ReadModel(spec.model_dir));
  Edited edited = std::visit([&](const auto& edit) { return Edit(model.graph, edit); }, spec.edit);
  if (!edited.graph.ok()) return Annotate(edited.graph.status(), absl::StrCat("model '", spec.model, "'"));
  if (context.cancelled()) return absl::CancelledError("the edit was cancelled");
  const std::string end = edited.graph->layers().back().layer.name;
  Log("plan",
      absl::StrCat("'", spec.output, "' is '", spec.model, "' up to its layer '", end, "': ", edited.graph->layers().size(), " of ",
                   model.graph.layers().size(), " layers, ", edited.graph->parameter_count(), " of ", model.graph.parameter_count(),
                   " parameters"),
      context);
  model.training = {{"edit", std::move(edited.how)},
                    {"model", spec.model},
                    {"model_version", spec.model_version},
                    {"weights_sha256", nn::ModelSha256(model)},
                    {"training", std::move(model.training)}};
  if (end != model.graph.layers().back().layer.name) model.classes.clear();
  model.graph = *std::move(edited.graph);
  std::erase_if(model.weights, [&](const auto& weight) {
    const std::string& name = weight.first;
    return model.graph.Find(std::string_view(name).substr(0, name.rfind('.'))) == nullptr;
  });
  SB_ASSIGN_OR_RETURN(TrainResult published, PublishModel(model, context));
  return EditModelResult{.model = std::move(published)};
}

}  // namespace seedbed::tasks
