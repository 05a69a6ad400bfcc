#include "core/augment/step_fields.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/augment/presets.h"
#include "core/augment/step_type.h"
#include "core/base/nearest_name.h"
#include "core/base/status_macros.h"

namespace seedbed::augment {
namespace {

using nlohmann::json;

std::string Suggestion(std::string_view name, const std::vector<std::string>& candidates) {
  return DidYouMean(name, candidates, absl::StrCat("; known are ", absl::StrJoin(candidates, ", ")));
}

}  // namespace

StepFields::StepFields(json settings, std::string path, uint32_t* next_number)
    : settings_(std::move(settings)), path_(std::move(path)), next_number_(next_number), number_((*next_number)++) {}

std::string StepFields::FieldPath(std::string_view name) const { return absl::StrCat(path_, ".", ToAbsl(name)); }

void StepFields::Note(absl::Status status) {
  if (status_.ok()) status_ = std::move(status);
}

void StepFields::Fail(std::string_view name, const std::string& what) {
  Note(absl::InvalidArgumentError(absl::StrCat(FieldPath(name), " ", what)));
}

void StepFields::Resolve(std::string_view name, json value) { resolved_[std::string(name)] = std::move(value); }

const json* StepFields::Read(std::string_view name) {
  if (std::find(read_.begin(), read_.end(), name) == read_.end()) read_.emplace_back(name);
  const auto found = settings_.find(std::string(name));
  return found == settings_.end() ? nullptr : &*found;
}

json StepFields::Raw(std::string_view name) {
  const json* value = Read(name);
  return value ? *value : json();
}

double StepFields::Number(std::string_view name, double otherwise, Range allowed) {
  double number = otherwise;
  if (const json* value = Read(name)) {
    const absl::StatusOr<Distribution> parsed = Distribution::Parse(*value, allowed, FieldPath(name));
    if (!value->is_number()) {
      Fail(name, absl::StrCat("is ", value->dump(), "; it must be a number"));
    } else if (!parsed.ok()) {
      Note(parsed.status());
    } else {
      number = value->get<double>();
    }
  }
  Resolve(name, number);
  return number;
}

int StepFields::Integer(std::string_view name, int otherwise, Range allowed) {
  const double number = Number(name, otherwise, allowed);
  if (number != std::floor(number)) Fail(name, absl::StrCat("is ", number, "; it must be a whole number"));
  Resolve(name, static_cast<int>(number));
  return static_cast<int>(number);
}

bool StepFields::Flag(std::string_view name, bool otherwise) {
  bool flag = otherwise;
  if (const json* value = Read(name)) {
    if (value->is_boolean()) {
      flag = value->get<bool>();
    } else {
      Fail(name, absl::StrCat("is ", value->dump(), "; it must be true or false"));
    }
  }
  Resolve(name, flag);
  return flag;
}

std::string StepFields::Choice(std::string_view name, std::string_view otherwise, const std::vector<std::string>& names) {
  std::string choice(otherwise);
  if (const json* value = Read(name)) {
    const std::string wanted = value->is_string() ? value->get<std::string>() : value->dump();
    if (std::find(names.begin(), names.end(), wanted) != names.end()) {
      choice = wanted;
    } else {
      Fail(name, absl::StrCat("is '", wanted, "'", Suggestion(wanted, names)));
    }
  }
  Resolve(name, choice);
  return choice;
}

Distribution StepFields::Drawn(std::string_view name, const Distribution& otherwise, Range allowed) {
  Distribution drawn = otherwise;
  if (const json* value = Read(name)) {
    absl::StatusOr<Distribution> parsed = Distribution::Parse(*value, allowed, FieldPath(name));
    if (parsed.ok()) {
      drawn = *std::move(parsed);
    } else {
      Note(parsed.status());
    }
  }
  random_ |= !drawn.constant();
  Resolve(name, drawn.ToJson());
  return drawn;
}

double StepFields::Chance(std::string_view name, double otherwise) {
  double chance = otherwise;
  const auto found = settings_.find(std::string(name));
  if (found != settings_.end() && found->is_boolean()) {
    Read(name);
    chance = found->get<bool>() ? 1 : 0;
    Resolve(name, chance);
  } else {
    chance = Number(name, otherwise, {0, 1});
  }
  random_ |= chance > 0 && chance < 1;
  return chance;
}

std::vector<std::shared_ptr<const Step>> StepFields::Steps(std::string_view name) {
  const json* value = Read(name);
  absl::StatusOr<ParsedSteps> parsed = ParseSteps(value ? *value : json::array(), FieldPath(name), next_number_);
  if (!parsed.ok()) {
    Note(parsed.status());
    return {};
  }
  random_ |= std::find(parsed->random.begin(), parsed->random.end(), true) != parsed->random.end();
  Resolve(name, std::move(parsed->resolved));
  return std::move(parsed->steps);
}

absl::Status StepFields::Finish() {
  for (const auto& [name, value] : settings_.items()) {
    if (std::find(read_.begin(), read_.end(), name) != read_.end()) continue;
    Fail(name, read_.empty() ? "is not known; this step has no settings" : absl::StrCat("is not known", Suggestion(name, read_)));
  }
  return status_;
}

namespace {

struct Written {
  std::string name;
  json settings;
};

// An item of a list, its short forms made long.
absl::StatusOr<Written> ReadItem(const json& item, const std::string& path) {
  Written written;
  if (item.is_string()) {
    written = {.name = item.get<std::string>(), .settings = json::object()};
  } else if (item.is_object() && item.size() == 1) {
    written = {.name = item.begin().key(), .settings = item.begin().value()};
  } else {
    return absl::InvalidArgumentError(absl::StrCat(path, " is ", item.dump(), "; a step is written as its name or {name: settings}"));
  }
  const StepType* type = FindStepType(written.name);
  if (type == nullptr) {
    std::vector<std::string> known = PresetNames();
    for (const StepType* other : StepTypes()) known.emplace_back(other->name);
    return absl::InvalidArgumentError(absl::StrCat(path, ": there is no step '", written.name, "'", Suggestion(written.name, known)));
  }
  if (written.settings.is_null()) written.settings = json::object();
  // A main setting that is itself an object, such as {"normal": [0, 1]}, is told from settings by its names.
  if (!written.settings.is_object()) {
    if (type->main_setting.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ".", written.name, " is ", written.settings.dump(), "; its settings are written as {name: value}"));
    }
    written.settings = {{std::string(type->main_setting), written.settings}};
  }
  return written;
}

}  // namespace

absl::StatusOr<ParsedSteps> ParseSteps(const json& list, std::string_view path, uint32_t* next_number) {
  if (!list.is_array()) {
    return absl::InvalidArgumentError(absl::StrCat(ToAbsl(path), " is ", list.dump(), "; it must be a list of steps"));
  }
  ParsedSteps parsed;
  for (size_t i = 0; i < list.size(); ++i) {
    const std::string item_path = absl::StrCat(ToAbsl(path), "[", i, "]");
    if (const std::optional<json> preset = list[i].is_string() ? PresetSteps(list[i].get<std::string>()) : std::nullopt) {
      SB_ASSIGN_OR_RETURN(ParsedSteps steps, ParseSteps(*preset, item_path, next_number));
      std::move(steps.steps.begin(), steps.steps.end(), std::back_inserter(parsed.steps));
      std::move(steps.names.begin(), steps.names.end(), std::back_inserter(parsed.names));
      for (json& step : steps.resolved) parsed.resolved.push_back(std::move(step));
      std::copy(steps.random.begin(), steps.random.end(), std::back_inserter(parsed.random));
      continue;
    }
    SB_ASSIGN_OR_RETURN(Written written, ReadItem(list[i], item_path));
    StepFields fields(std::move(written.settings), absl::StrCat(item_path, ".", written.name), next_number);
    SB_ASSIGN_OR_RETURN(std::unique_ptr<Step> step, FindStepType(written.name)->make(&fields));
    parsed.steps.push_back(std::move(step));
    parsed.resolved.push_back({{written.name, fields.resolved()}});
    parsed.random.push_back(fields.random());
    parsed.names.push_back(std::move(written.name));
  }
  return parsed;
}

}  // namespace seedbed::augment
