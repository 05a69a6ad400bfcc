#include "client/cli/recipe.h"

#include <yaml-cpp/yaml.h>

#include <array>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/exit_code.h"
#include "client/cli/yaml_json.h"
#include "core/base/file.h"
#include "core/base/nearest_name.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

constexpr uint64_t kMaxFileBytes = 1 << 20;
constexpr std::array<std::string_view, 6> kOptimizerKeys{"lr", "momentum", "nesterov", "beta1", "beta2", "epsilon"};

bool TakesText(SettingType type) {
  switch (type) {
    case SettingType::kText:
    case SettingType::kDataset:
    case SettingType::kChoice:
    case SettingType::kDuration:
    case SettingType::kSize:
    case SettingType::kWords:
    case SettingType::kNumbers:
      return true;
    default:
      return false;
  }
}

class RecipeReader {
 public:
  explicit RecipeReader(std::string name) : name_(std::move(name)) {}

  absl::Status Read(const YAML::Node& root) {
    if (root.IsNull()) return absl::OkStatus();
    if (!root.IsMap()) return Error(root, "expected keys and values, such as 'epochs: 10'");
    return ForEachEntry(root, [this](const YAML::Node& key, const YAML::Node& value) { return Entry(key, value); });
  }
  GivenSettings Take() && { return std::move(given_); }

 private:
  template <typename Visit>
  absl::Status ForEachEntry(const YAML::Node& map, const Visit& visit) {
    std::set<std::string> seen;
    for (const auto& entry : map) {
      if (!entry.first.IsScalar()) return Error(entry.first, "a key must be a word");
      if (!seen.insert(entry.first.Scalar()).second) return Error(entry.first, absl::StrCat("'", entry.first.Scalar(), "' is given twice"));
      SB_RETURN_IF_ERROR(visit(entry.first, entry.second));
    }
    return absl::OkStatus();
  }

  absl::Status Entry(const YAML::Node& key, const YAML::Node& value) {
    const TrainSetting* setting = FindTrainSetting(key.Scalar());
    if (setting == nullptr) {
      std::vector<std::string> known;
      for (const TrainSetting& candidate : TrainSettings()) known.push_back(candidate.key);
      return UnknownKey(key, known);
    }
    if (setting->type == SettingType::kLabels) return Labels(key, value);
    if (setting->key == "optimizer" && value.IsMap()) return Optimizer(value);
    if (setting->type == SettingType::kSize && value.IsSequence()) return SizeList(key, value, *setting);
    const bool takes_list = setting->type == SettingType::kWords || setting->type == SettingType::kNumbers;
    if (takes_list && value.IsSequence()) return ScalarList(key, value, *setting);
    if (setting->type == SettingType::kList || setting->type == SettingType::kSteps) return FreeList(key, value, *setting);
    return Scalar(key, value, *setting);
  }

  absl::Status Optimizer(const YAML::Node& map) {
    return ForEachEntry(map, [this](const YAML::Node& key, const YAML::Node& value) -> absl::Status {
      if (key.Scalar() == "name") return Scalar(key, value, *FindTrainSetting("optimizer"));
      std::vector<std::string> known{"name"};
      for (const std::string_view candidate : kOptimizerKeys) {
        if (key.Scalar() == candidate) return Scalar(key, value, *FindTrainSetting(candidate));
        known.emplace_back(candidate);
      }
      return UnknownKey(key, known);
    });
  }

  absl::Status SizeList(const YAML::Node& key, const YAML::Node& list, const TrainSetting& setting) {
    if (list.size() != 2 || !list[0].IsScalar() || !list[1].IsScalar()) return Error(key, "size: expected [width, height]");
    return Value(key, absl::StrCat(list[0].Scalar(), "x", list[1].Scalar()), setting);
  }

  absl::Status ScalarList(const YAML::Node& key, const YAML::Node& list, const TrainSetting& setting) {
    std::vector<std::string> texts;
    for (const YAML::Node& element : list) {
      if (!element.IsScalar()) return Error(key, absl::StrCat(key.Scalar(), ": expected a list of single values"));
      texts.push_back(element.Scalar());
    }
    return Value(key, absl::StrJoin(texts, ","), setting);
  }

  absl::Status FreeList(const YAML::Node& key, const YAML::Node& list, const TrainSetting& setting) {
    const bool single = setting.type == SettingType::kSteps && ((list.IsScalar() && !list.IsNull()) || list.IsMap());
    if (!list.IsSequence() && !single) {
      const char* example = setting.type == SettingType::kSteps ? "[fliplr: 0.5, multiply: [0.8, 1.2]]" : "[flatten, dense: classes]";
      return Error(key, absl::StrCat(key.Scalar(), ": expected a list such as ", example));
    }
    absl::StatusOr<Json> value = YamlToJson(list);
    if (!value.ok()) return Error(key, absl::StrCat(key.Scalar(), ": ", value.status().message()));
    if (single) value = Json::array({*std::move(value)});
    return Give(key, setting.key, *std::move(value));
  }

  absl::Status Labels(const YAML::Node& key, const YAML::Node& map) {
    if (!map.IsMap()) return Error(key, "labels: expected keys and values");
    Json labels = Json::object();
    SB_RETURN_IF_ERROR(ForEachEntry(map, [&](const YAML::Node& label, const YAML::Node& value) -> absl::Status {
      if (!value.IsScalar()) return Error(label, absl::StrCat("labels: expected a text for '", label.Scalar(), "'"));
      labels[label.Scalar()] = value.Scalar();
      return absl::OkStatus();
    }));
    return Give(key, "labels", std::move(labels));
  }

  absl::Status Scalar(const YAML::Node& key, const YAML::Node& value, const TrainSetting& setting) {
    if (value.IsNull()) return Error(key, absl::StrCat(key.Scalar(), ": a value is missing"));
    if (!value.IsScalar()) return Error(key, absl::StrCat(key.Scalar(), ": expected one value, not a list or a map"));
    const bool quoted = value.Tag() == "!";
    if (quoted && !TakesText(setting.type)) {
      return Error(key, absl::StrCat(key.Scalar(), ": expected a ", setting.type == SettingType::kSwitch ? "true or false" : "number",
                                     ", got the text '", value.Scalar(), "': remove the quotes"));
    }
    return Value(key, value.Scalar(), setting);
  }

  absl::Status Value(const YAML::Node& key, const std::string& text, const TrainSetting& setting) {
    absl::StatusOr<Json> value = ParseSettingValue(setting, text);
    if (!value.ok()) return Error(key, absl::StrCat(key.Scalar(), ": ", value.status().message()));
    return Give(key, setting.key, *std::move(value));
  }

  absl::Status Give(const YAML::Node& key, const std::string& setting, Json value) {
    if (!given_.emplace(setting, GivenSetting{std::move(value), Place(key)}).second) {
      return Error(key, absl::StrCat("'", setting, "' is given twice, by itself and under 'optimizer'"));
    }
    return absl::OkStatus();
  }

  absl::Status UnknownKey(const YAML::Node& key, const std::vector<std::string>& known) const {
    return Error(key, absl::StrCat("unknown key '", key.Scalar(), "'", DidYouMean(key.Scalar(), known)));
  }

  std::string Place(const YAML::Node& node) const { return absl::StrCat(name_, ":", node.Mark().line + 1); }
  absl::Status Error(const YAML::Node& node, const std::string& message) const {
    return absl::InvalidArgumentError(absl::StrCat(Place(node), ": ", message));
  }

  const std::string name_;
  GivenSettings given_;
};

}  // namespace

absl::StatusOr<GivenSettings> ParseRecipe(const std::string& text, const std::string& name) {
  RecipeReader reader(name);
  try {
    SB_RETURN_IF_ERROR(reader.Read(YAML::Load(text)));
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(absl::StrCat(name, ":", error.mark.line + 1, ": ", error.msg));
  }
  return std::move(reader).Take();
}

absl::StatusOr<GivenSettings> ReadRecipe(const std::filesystem::path& file) {
  SB_ASSIGN_OR_RETURN(const std::string text, ReadFile(file, kMaxFileBytes));
  return ParseRecipe(text, file.filename().string());
}

absl::StatusOr<GivenSettings> RecipeAndFlags(const std::filesystem::path& file, const std::map<std::string, std::string>& texts) {
  GivenSettings given;
  if (!file.empty()) {
    SB_ASSIGN_OR_RETURN(given, ReadRecipe(file));
  }
  for (const auto& [key, text] : texts) {
    if (text.empty()) continue;
    const TrainSetting& setting = *FindTrainSetting(key);
    absl::StatusOr<Json> value = ParseSettingValue(setting, text);
    if (!value.ok()) return UsageError(absl::StrCat(FlagOf(setting), ": ", value.status().message()));
    given[key] = GivenSetting{*std::move(value), "flag"};
  }
  return given;
}

}  // namespace seedbed::cli
