#include "client/cli/dry_run.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/cli/commands/common.h"
#include "client/cli/table.h"
#include "client/cli/text_format.h"

namespace seedbed::cli {
namespace {

struct Row {
  std::string key;
  std::string value;
  std::string origin;
};

// Where a value that nobody gave comes from.
std::string ImpliedOrigin(const TrainSetting& setting, const GivenSettings& given) {
  if (!setting.path.starts_with("train.preprocessing")) return "default";
  const bool of_preset = setting.key == "rescale" || setting.key == "mean" || setting.key == "std" || setting.key == "channels";
  if (of_preset && given.contains("preset")) return "preset";
  return given.contains("weights") || given.contains("init") ? "weights" : "default";
}

std::vector<Row> Configuration(const v1::Plan& plan, const GivenSettings& given) {
  std::vector<Row> rows;
  for (const TrainSetting& setting : TrainSettings()) {
    const auto found = given.find(setting.key);
    std::string value = EffectiveText(setting, plan.effective_spec());
    if (value.empty() && found == given.end()) continue;
    rows.push_back({setting.key, std::move(value), found == given.end() ? ImpliedOrigin(setting, given) : found->second.origin});
  }
  return rows;
}

std::string Need(int64_t bytes, int64_t free_bytes) {
  return absl::StrCat(FormatBytes(bytes), bytes > free_bytes ? " (MORE THAN IS FREE)" : "");
}

// What does not learn, and how often it runs; empty when there is no such part.
std::vector<std::pair<std::string, std::string>> FrozenPart(const v1::Plan& plan) {
  if (plan.frozen_layer().empty()) return {};
  const v1::TrainSpec& train = plan.effective_spec().train();
  const bool for_each_batch = train.has_augment() && train.augment_views() == 0;
  const std::string how_often = for_each_batch        ? "run for each batch"
                                : train.has_augment() ? absl::StrCat("run once for each of ", train.augment_views(), " views of an image")
                                                      : "run once for each image";
  return {{how_often, absl::StrCat("up to ", plan.frozen_layer(), for_each_batch ? "" : ", unless it is stored already")},
          {"backbone images", FormatCount(plan.backbone_images())},
          {"feature cache", Need(plan.feature_bytes(), plan.free_bytes())}};
}

std::string RenderSubsets(const v1::Plan::Split& split) {
  std::vector<SubsetCounts> subsets;
  for (const auto& subset : split.subsets()) {
    subsets.push_back({subset.name(), subset.images(), {subset.per_class().begin(), subset.per_class().end()}});
  }
  return absl::StrCat("split ", split.name(), "\n", RenderSplitTable({split.classes().begin(), split.classes().end()}, subsets), "\n");
}

}  // namespace

std::string RenderPlan(const v1::Plan& plan, const GivenSettings& given) {
  std::string text = plan.has_split() ? RenderSubsets(plan.split()) : "";
  std::vector<std::pair<std::string, std::string>> pairs{
      {"training images", FormatCount(plan.training_images())},           {"validation images", FormatCount(plan.validation_images())},
      {"steps per epoch", FormatCount(plan.steps_per_epoch())},           {"parameters", FormatCount(plan.parameters())},
      {"trainable parameters", FormatCount(plan.trainable_parameters())},
  };
  for (auto& pair : FrozenPart(plan)) pairs.push_back(std::move(pair));
  pairs.insert(pairs.end(), {{"decoded cache", Need(plan.cache_bytes(), plan.free_bytes())},
                             {"checkpoints and model", Need(plan.model_bytes(), plan.free_bytes())},
                             {"free", FormatBytes(plan.free_bytes())}});
  text += RenderPairs(pairs);
  Table table({{"SETTING"}, {"VALUE"}, {"FROM"}});
  for (Row& row : Configuration(plan, given)) table.AddRow({std::move(row.key), std::move(row.value), std::move(row.origin)});
  return absl::StrCat(text, "\n", table.Render());
}

Json PlanDocument(const v1::Plan& plan, const GivenSettings& given) {
  Json configuration = Json::object();
  for (const Row& row : Configuration(plan, given)) configuration[row.key] = {{"value", row.value}, {"origin", row.origin}};
  return {{"plan", ToJson(plan)}, {"configuration", configuration}};
}

}  // namespace seedbed::cli
