#include "client/cli/yaml_json.h"

#include <yaml-cpp/yaml.h>

#include <cctype>
#include <cmath>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

Json ScalarToJson(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") return text;  // quoted
  if (text == "true" || text == "false") return text == "true";
  int64_t whole = 0;
  if (absl::SimpleAtoi(text, &whole)) return whole;
  double number = 0;
  if (absl::SimpleAtod(text, &number) && std::isfinite(number)) return number;
  return text;
}

// Whether the word can stand without quotes and still is a text.
bool IsPlainWord(const std::string& text) {
  if (text.empty() || text == "true" || text == "false" || text == "null") return false;
  double number = 0;
  if (absl::SimpleAtod(text, &number)) return false;
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '.'; });
}

std::string PairsText(const Json& map) {
  std::vector<std::string> pairs;
  for (const auto& [key, value] : map.items()) pairs.push_back(absl::StrCat(ToFlowYaml(key), ": ", ToFlowYaml(value)));
  return absl::StrJoin(pairs, ", ");
}

// A map of one entry needs no braces in a list.
std::string ElementText(const Json& element) {
  return element.is_object() && element.size() == 1 ? PairsText(element) : ToFlowYaml(element);
}

}  // namespace

absl::StatusOr<Json> YamlToJson(const YAML::Node& node) {
  if (node.IsScalar()) return ScalarToJson(node);
  if (node.IsSequence()) {
    Json list = Json::array();
    for (const YAML::Node& element : node) {
      SB_ASSIGN_OR_RETURN(Json value, YamlToJson(element));
      list.push_back(std::move(value));
    }
    return list;
  }
  if (!node.IsMap()) return Json(nullptr);
  Json map = Json::object();
  for (const auto& entry : node) {
    if (!entry.first.IsScalar()) return absl::InvalidArgumentError("a key must be a word");
    SB_ASSIGN_OR_RETURN(map[entry.first.Scalar()], YamlToJson(entry.second));
  }
  return map;
}

absl::StatusOr<Json> ParseYaml(const std::string& text) {
  try {
    return YamlToJson(YAML::Load(text));
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(error.msg);
  }
}

std::string ToFlowYaml(const Json& json) {
  if (json.is_string()) return IsPlainWord(json.get<std::string>()) ? json.get<std::string>() : ToLine(json);
  if (json.is_object()) return absl::StrCat("{", PairsText(json), "}");
  if (!json.is_array()) return ToLine(json);
  std::vector<std::string> elements;
  for (const Json& element : json) elements.push_back(ElementText(element));
  return absl::StrCat("[", absl::StrJoin(elements, ", "), "]");
}

}  // namespace seedbed::cli
