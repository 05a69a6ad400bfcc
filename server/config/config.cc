#include "server/config/config.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/nearest_name.h"
#include "core/base/status_macros.h"
#include "google/protobuf/util/json_util.h"
#include "server/config/setting.h"
#include "server/config/validate.h"
#include "yaml-cpp/yaml.h"

namespace seedbed::config {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kPrefix = "SEEDBED_";
constexpr char kConfigVariable[] = "SEEDBED_CONFIG";

// Environment variables of Seedbed that are no settings of the server: read by the client programs, by the workers, or by tests.
constexpr std::array<std::string_view, 16> kOtherVariables = {
    kConfigVariable,       "SEEDBED_SERVER",     "SEEDBED_OUTPUT",    "SEEDBED_TOKEN",   "SEEDBED_TOKEN_FILE",   "SEEDBED_CONTEXT",
    "SEEDBED_ADDR",        "SEEDBED_SAMPLE_DIR", "SEEDBED_BUILD_DIR", "SEEDBED_BIN_DIR", "SEEDBED_WORKER_TOKEN", "SEEDBED_PEERS_PYTHON",
    "SEEDBED_FAULT_KILLS", "SEEDBED_FAULT_SEED", "SEEDBED_KEEP",      "SEEDBED_PYTHON",
};

std::string Variable(const ConfigSources& sources, const std::string& name) {
  const auto it = sources.environment.find(name);
  return it == sources.environment.end() ? "" : it->second;
}

// $XDG_..., else the folder below $HOME; empty when neither is set.
fs::path UserFolder(const ConfigSources& sources, const std::string& variable, const char* below_home) {
  if (const std::string folder = Variable(sources, variable); !folder.empty()) return folder;
  const std::string home = Variable(sources, "HOME");
  return home.empty() ? fs::path() : fs::path(home) / below_home;
}

std::vector<Given> Defaults(const ConfigSources& sources) {
  const fs::path data = UserFolder(sources, "XDG_DATA_HOME", ".local/share");
  std::vector<Given> defaults = {
      {"listen", {"127.0.0.1:8461"}, ""},
      {"metrics", {"127.0.0.1:8462"}, ""},
      {"data_root", {data.empty() ? "/var/lib/seedbed" : (data / "seedbed").string()}, ""},
      {"devices", {"auto"}, ""},
      {"allowed_roots", {}, ""},
      {"workers.program", {(sources.program_folder / "seedbed-worker").string()}, ""},
      {"workers.lease", {"15s"}, ""},
      {"workers.threads", {"0"}, ""},
      {"workers.drain_grace", {"30s"}, ""},
      {"workers.max_attempts", {"3"}, ""},
      {"workers.retry_backoff", {"1s"}, ""},
      {"store.min_free_bytes", {"512MiB"}, ""},
      {"store.cache_bytes", {"20GiB"}, ""},
      {"log.format", {"text"}, ""},
      {"log.level", {"info"}, ""},
      {"limits.max_message_bytes", {"64MiB"}, ""},
      {"limits.max_queued_jobs", {"100000"}, ""},
  };
  for (Given& given : defaults) given.origin = "default";
  return defaults;
}

absl::StatusOr<std::vector<Given>> FromFile(const ConfigSources& sources) {
  if (sources.file) return ReadYamlFile(*sources.file);
  if (const std::string named = Variable(sources, kConfigVariable); !named.empty()) return ReadYamlFile(named);
  for (const fs::path& file : {UserFolder(sources, "XDG_CONFIG_HOME", ".config") / "seedbed" / "seedbedd.yaml", sources.system_file}) {
    std::error_code error;
    if (file.is_absolute() && fs::exists(file, error)) return ReadYamlFile(file);
  }
  return std::vector<Given>();
}

// What to say of a variable that is no setting. An error when it was probably meant as one: it begins like a section's variables, or is
// nearly the name of a setting. Otherwise it may belong to a program of someone else's, and is only mentioned.
absl::Status UnknownVariable(const std::string& name, std::vector<std::string>* warnings) {
  std::vector<std::string> short_names;
  bool in_section = false;
  for (const Setting& setting : AllSettings()) {
    short_names.push_back(setting.environment.substr(kPrefix.size()));
    const size_t dot = setting.path.find('.');
    in_section |= dot != std::string::npos && absl::StartsWith(name, setting.environment.substr(0, kPrefix.size() + dot + 1));
  }
  const std::optional<std::string> nearest = NearestName(name.substr(kPrefix.size()), short_names);
  const std::string hint = nearest ? absl::StrCat("; did you mean ", ToAbsl(kPrefix), *nearest, "?") : "";
  const std::string message = absl::StrCat("environment variable ", name, " is no setting of seedbedd", hint);
  if (in_section || nearest) return absl::InvalidArgumentError(message);
  warnings->push_back(message);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Given>> FromEnvironment(const ConfigSources& sources, std::vector<std::string>* warnings) {
  std::vector<Given> given;
  for (const auto& [name, value] : sources.environment) {
    if (!absl::StartsWith(name, ToAbsl(kPrefix)) || absl::StartsWith(name, "SEEDBED_TEST_")) continue;
    if (std::find(kOtherVariables.begin(), kOtherVariables.end(), name) != kOtherVariables.end()) continue;
    const auto& settings = AllSettings();
    const auto setting = std::find_if(settings.begin(), settings.end(), [&](const Setting& s) { return s.environment == name; });
    if (setting == settings.end()) {
      SB_RETURN_IF_ERROR(UnknownVariable(name, warnings));
      continue;
    }
    std::vector<std::string> texts = {value};
    if (setting->field->is_repeated()) texts = absl::StrSplit(value, ',', absl::SkipEmpty());
    given.push_back({setting->path, std::move(texts), name});
  }
  return given;
}

// Puts `value` at the dotted path of a nested document.
void Place(nlohmann::json* document, const std::string& path, nlohmann::json value) {
  nlohmann::json* node = document;
  for (absl::string_view name : absl::StrSplit(path, '.')) node = &(*node)[std::string(name)];
  *node = std::move(value);
}

// Later ones win.
absl::Status Apply(const std::vector<Given>& source, nlohmann::json* document, std::map<std::string, std::string>* origins) {
  for (const Given& given : source) {
    absl::StatusOr<nlohmann::json> value = ParseSetting(*FindSetting(given.path), given.texts);
    if (!value.ok()) return Annotate(value.status(), absl::StrCat(given.path, " (", given.origin, ")"));
    Place(document, given.path, *std::move(value));
    (*origins)[given.path] = given.origin;
  }
  return absl::OkStatus();
}

absl::Status ToMessage(const nlohmann::json& document, v1::ServerConfig* config) {
  google::protobuf::util::JsonParseOptions strict;
  strict.ignore_unknown_fields = false;
  std::string text;
  try {
    text = document.dump();
  } catch (const nlohmann::json::exception&) {
    return absl::InvalidArgumentError("a setting is not valid UTF-8");
  }
  const auto parsed = google::protobuf::util::JsonStringToMessage(text, config, strict);
  if (!parsed.ok()) return absl::InvalidArgumentError(absl::StrCat("configuration: ", parsed.ToString()));
  return absl::OkStatus();
}

void WriteValue(const Setting& setting, const std::vector<std::string>& texts, YAML::Emitter* out) {
  if (!setting.field->is_repeated()) {
    *out << texts.front();
    return;
  }
  *out << YAML::Flow << YAML::BeginSeq;
  for (const std::string& text : texts) *out << text;
  *out << YAML::EndSeq;
}

}  // namespace

absl::StatusOr<LoadedConfig> LoadConfig(const ConfigSources& sources) {
  LoadedConfig loaded;
  SB_ASSIGN_OR_RETURN(const std::vector<Given> file, FromFile(sources));
  SB_ASSIGN_OR_RETURN(const std::vector<Given> environment, FromEnvironment(sources, &loaded.warnings));
  nlohmann::json document = nlohmann::json::object();
  for (const std::vector<Given>& source : {Defaults(sources), file, environment, sources.flags}) {
    SB_RETURN_IF_ERROR(Apply(source, &document, &loaded.origins));
  }
  SB_RETURN_IF_ERROR(ToMessage(document, &loaded.config));
  // Relative to the folder the server was started in, once and for all.
  if (!loaded.config.data_root().empty()) {
    loaded.config.set_data_root(fs::absolute(loaded.config.data_root()).lexically_normal().string());
  }
  SB_RETURN_IF_ERROR(ValidateConfig(loaded.config, [&](std::string_view path) { return loaded.origins[std::string(path)]; }));
  return loaded;
}

std::string FormatConfig(const LoadedConfig& loaded) {
  YAML::Emitter out;
  out << YAML::BeginMap;
  std::string section;
  for (const Setting& setting : AllSettings()) {
    const size_t dot = setting.path.find('.');
    const std::string of = dot == std::string::npos ? "" : setting.path.substr(0, dot);
    if (of != section) {
      if (!section.empty()) out << YAML::EndMap;
      if (!of.empty()) out << YAML::Key << of << YAML::Value << YAML::BeginMap;
      section = of;
    }
    out << YAML::Key << setting.path.substr(dot + 1) << YAML::Value;
    WriteValue(setting, FormatSetting(setting, loaded.config), &out);
    out << YAML::Comment(loaded.origins.at(setting.path));
  }
  if (!section.empty()) out << YAML::EndMap;
  out << YAML::EndMap;
  return absl::StrCat(out.c_str(), "\n");
}

}  // namespace seedbed::config
