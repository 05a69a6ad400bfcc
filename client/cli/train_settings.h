// What can be said about a training: once as a table, which the flags, the recipe file, the specification and the dry run are made of.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "client/cli/json_output.h"
#include "seedbed/v1/job.pb.h"

namespace seedbed::cli {

enum class SettingType {
  kText,
  kInteger,   // 32 bits, signed
  kUnsigned,  // 64 bits
  kNumber,
  kSwitch,    // true or false
  kDuration,  // "30s"; a plain number is seconds
  kSize,      // "150" or "200x150", width first
  kDataset,   // "NAME" or "NAME:VERSION"
  kChoice,    // one of `choices`
  kWords,     // "a,b", or a list in a recipe
  kNumbers,   // "1,2.5", or a list in a recipe
  kList,      // a list of anything, in YAML: "[flatten, dense: 256]"
  kSteps,     // the same, of steps that change pictures; a single one needs no brackets: "light"
  kLabels,    // keys and values; a flag that may be repeated
};

struct TrainSetting {
  std::string key;  // in recipes; the flag has '-' for '_'
  SettingType type;
  std::string path;              // in JobSpec, such as "train.optimizer.lr"; of kSize and kDataset the message that holds the fields
  std::string default_text;      // as the server fills it in; empty: none
  std::string help;              // of the flag
  std::string enum_prefix = "";  // kChoice: what the proto's values begin with
  std::vector<std::string> choices = {};  // kChoice
};

// In the order in which they are shown.
const std::vector<TrainSetting>& TrainSettings();
// nullptr when there is none.
const TrainSetting* FindTrainSetting(std::string_view key);
// A switch that is on by default is turned off by its flag: "--no-shuffle".
std::string FlagOf(const TrainSetting& setting);

// What stands behind the flag in --help, such as "N".
std::string TypeName(const TrainSetting& setting);

// The value in protobuf's JSON form. INVALID_ARGUMENT "expected a whole number, got 'ten'", without the setting's name.
absl::StatusOr<Json> ParseSettingValue(const TrainSetting& setting, const std::string& text);

struct GivenSetting {
  Json value;          // of ParseSettingValue; for kLabels an object
  std::string origin;  // "flag", "recipe.yaml:4", "folder name"
};
// By key.
using GivenSettings = std::map<std::string, GivenSetting>;

// INVALID_ARGUMENT should a value not fit its field.
absl::StatusOr<v1::JobSpec> BuildTrainJob(const GivenSettings& given);

// The value that a specification has for a setting, as people write it; empty when it has none.
std::string EffectiveText(const TrainSetting& setting, const v1::JobSpec& spec);

}  // namespace seedbed::cli
