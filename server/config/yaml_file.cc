#include "server/config/yaml_file.h"

#include <yaml-cpp/yaml.h>

#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/file.h"
#include "core/base/nearest_name.h"
#include "core/base/status_macros.h"
#include "server/config/setting.h"

namespace seedbed::config {
namespace {

constexpr uint64_t kMaxFileBytes = 1 << 20;

class Walker {
 public:
  explicit Walker(std::string file) : file_(std::move(file)) {}

  // `prefix` is empty or ends in '.'.
  absl::Status Section(const YAML::Node& node, const std::string& prefix) {
    if (!node.IsMap()) return Error(node, prefix.empty() ? "expected keys and values" : absl::StrCat(prefix, " expected keys below it"));
    std::set<std::string> seen;
    for (const auto& entry : node) {
      if (!entry.first.IsScalar()) return Error(entry.first, "a key must be a word");
      const std::string& key = entry.first.Scalar();
      if (!seen.insert(key).second) return Error(entry.first, absl::StrCat("key '", prefix, key, "' is given twice"));
      SB_RETURN_IF_ERROR(Entry(entry.first, entry.second, prefix, key));
    }
    return absl::OkStatus();
  }

  std::vector<Given> Take() && { return std::move(given_); }

 private:
  absl::Status Entry(const YAML::Node& key_node, const YAML::Node& value, const std::string& prefix, const std::string& key) {
    const std::string path = absl::StrCat(prefix, key);
    if (FindSetting(path) != nullptr) return Value(value, path);
    if (IsSection(path)) return Section(value, absl::StrCat(path, "."));
    const std::vector<std::string> siblings = KeysBelow(prefix);
    const std::optional<std::string> nearest = NearestName(key, siblings);
    const std::string hint =
        nearest ? absl::StrCat("did you mean '", *nearest, "'?") : absl::StrCat("known are ", absl::StrJoin(siblings, ", "));
    return Error(key_node, absl::StrCat("unknown key '", path, "'; ", hint));
  }

  absl::Status Value(const YAML::Node& node, const std::string& path) {
    Given given{path, {}, Place(node)};
    if (node.IsScalar()) {
      given.texts.push_back(node.Scalar());
    } else if (node.IsSequence()) {
      for (const YAML::Node& item : node) {
        if (!item.IsScalar()) return Error(item, absl::StrCat("'", path, "' takes a list of plain values"));
        given.texts.push_back(item.Scalar());
      }
    } else {
      return Error(node, absl::StrCat("'", path, "' has no value"));
    }
    given_.push_back(std::move(given));
    return absl::OkStatus();
  }

  static bool IsSection(const std::string& path) { return !KeysBelow(absl::StrCat(path, ".")).empty(); }

  // Names that may stand directly below `prefix`.
  static std::vector<std::string> KeysBelow(const std::string& prefix) {
    std::set<std::string> keys;
    for (const Setting& setting : AllSettings()) {
      if (!absl::StartsWith(setting.path, prefix)) continue;
      const std::string rest = setting.path.substr(prefix.size());
      keys.insert(rest.substr(0, rest.find('.')));
    }
    return {keys.begin(), keys.end()};
  }

  std::string Place(const YAML::Node& node) const { return absl::StrCat(file_, ":", node.Mark().line + 1); }

  absl::Status Error(const YAML::Node& node, std::string_view message) const {
    return absl::InvalidArgumentError(absl::StrCat(Place(node), ": ", ToAbsl(message)));
  }

  const std::string file_;
  std::vector<Given> given_;
};

}  // namespace

absl::StatusOr<std::vector<Given>> ReadYamlFile(const std::filesystem::path& file) {
  SB_ASSIGN_OR_RETURN(const std::string content, ReadFile(file, kMaxFileBytes));
  Walker walker(file.string());
  try {
    const YAML::Node root = YAML::Load(content);
    if (root.IsNull()) return std::vector<Given>();
    SB_RETURN_IF_ERROR(walker.Section(root, ""));
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(absl::StrCat(file.string(), ":", error.mark.line + 1, ": ", error.msg));
  }
  return std::move(walker).Take();
}

}  // namespace seedbed::config
