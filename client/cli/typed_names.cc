#include "client/cli/typed_names.h"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "client/lib/status.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

// Fields of the commands without a table of settings whose flag is not the field's name with '-' for '_'.
constexpr auto kOtherNames = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"split.dataset", "DATASET"},
    {"split.materialize_dir", "--materialize"},
    {"split.materialize_mode", "--mode"},
    {"evaluate.model", "MODEL"},
    {"index.dataset", "NAME"},
    {"index.root", "PATH"},
    {"index.source", "PATH"},
    {"split.dataset_version", "DATASET"},
    {"import_model.model", "NAME"},
    {"import_model.weights_sha256", "--weights"},
    {"extract.dataset_version", "--dataset"},
    {"extract.model", "--weights"},
    {"extract.features", "--name"},
    {"extract.width", "--size"},
    {"extract.height", "--size"},
    {"edit_model.model", "MODEL"},
    {"edit_model.output", "--as"},
    {"edit_model.pop", "--count"},
    {"edit_model.cut_layer", "--layer"},
    {"clean.dataset", "DATASET"},
    {"clean.dataset_version", "DATASET"},
    {"clean.output", "--as"},
    {"export.model", "MODEL"},
    {"export.features", "NAME"},
    {"visualize.dataset_version", "--dataset"},
    {"visualize.images", "--image"},
    {"visualize.width", "--size"},
    {"visualize.height", "--size"},
    {"explore.neighbours.images", "IMAGE"},
    {"explore.neighbours.uploads", "IMAGE"},
    {"explore.neighbours.count", "--count"},
    {"explore.neighbours.distance", "--distance"},
    {"explore.map.projection", "--projection"},
    {"explore.map.perplexity", "--perplexity"},
    {"explore.map.iterations", "--iterations"},
    {"explain.model", "MODEL"},
    {"explain.dataset_version", "--dataset"},
    {"explain.images", "IMAGE"},
    {"explain.uploads", "IMAGE"},
    {"explain.attribution.method", "--method"},
    {"explain.attribution.class_name", "--class"},
    {"explain.attribution.samples", "--samples"},
    {"explain.attribution.noise", "--noise"},
    {"explain.attribution.steps", "--steps"},
    {"explain.attribution.layer", "--layer"},
    {"explain.attribution.window", "--window"},
    {"explain.attribution.stride", "--stride"},
    {"explain.activations.layer", "--layer"},
    {"explain.activations.channels", "--channels"},
    {"explain.activations.count", "--count"},
    {"maximize.model", "MODEL"},
    {"maximize.width", "--size"},
    {"maximize.height", "--size"},
    {"maximize.preview_every", "--live-every"},
});

// True when the setting fills `field` ("train.epochs"): kSize and kDataset fill two fields of the message that they name. What does not fit
// about a whole preprocessing is the size.
bool Fills(const TrainSetting& setting, std::string_view field) {
  switch (setting.type) {
    case SettingType::kSize:
      return field == setting.path || field == absl::StrCat(setting.path, ".width") || field == absl::StrCat(setting.path, ".height");
    case SettingType::kDataset:
      return field == absl::StrCat(setting.path, ".dataset") || field == absl::StrCat(setting.path, ".dataset_version");
    default:
      return field == setting.path;
  }
}

std::string NameOf(const TrainSetting& setting, const GivenSettings& given) {
  const auto found = given.find(setting.key);
  const bool in_recipe = found != given.end() && absl::StrContains(found->second.origin, ':');  // "recipe.yaml:4"
  return in_recipe ? absl::StrCat(setting.key, " (", found->second.origin, ")") : FlagOf(setting);
}

std::optional<std::string> TypedName(std::string_view field, const GivenSettings& given) {
  for (const TrainSetting& setting : TrainSettings()) {
    if (Fills(setting, field)) return NameOf(setting, given);
  }
  for (const auto& [path, typed] : kOtherNames) {
    if (path == field) return std::string(typed);
  }
  // Imports take the flags of a training's preprocessing.
  if (field.starts_with("import_model.preprocessing")) {
    return TypedName(absl::StrCat("train", ToAbsl(field.substr(field.find('.')))), given);
  }
  const size_t dot = field.find('.');
  const bool of_a_task = dot != field.npos && field.find('.', dot + 1) == field.npos && !field.starts_with("train.");
  if (!of_a_task) return std::nullopt;
  return "--" + absl::StrReplaceAll(ToAbsl(field.substr(dot + 1)), {{"_", "-"}});
}

}  // namespace

absl::Status InTypedNames(const absl::Status& status, const GivenSettings& given) {
  const std::optional<std::string> field = client::PayloadOf(status, client::kFieldPayload);
  absl::string_view rest = status.message();
  if (!field.has_value() || !absl::StartsWith(*field, "spec.") || !absl::ConsumePrefix(&rest, *field)) return status;
  const std::optional<std::string> typed = TypedName(std::string_view(*field).substr(5), given);
  if (!typed.has_value()) return status;
  absl::Status result(status.code(), absl::StrCat(*typed, rest));
  status.ForEachPayload([&result](absl::string_view url, const absl::Cord& payload) { result.SetPayload(url, payload); });
  return result;
}

}  // namespace seedbed::cli
