#include "server/config/setting.h"

#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "core/base/status_macros.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/util/time_util.h"
#include "seedbed/v1/config.pb.h"
#include "server/config/units.h"

namespace seedbed::config {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::Reflection;
using ::google::protobuf::util::TimeUtil;

bool IsDuration(const FieldDescriptor* field) {
  return field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && field->message_type()->full_name() == "google.protobuf.Duration";
}

bool IsBytes(const FieldDescriptor* field) { return absl::EndsWith(field->name(), "_bytes"); }

void Collect(const Descriptor* descriptor, const std::string& prefix, std::vector<Setting>* settings) {
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor* field = descriptor->field(i);
    const std::string path = absl::StrCat(prefix, field->name());
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !IsDuration(field)) {
      Collect(field->message_type(), absl::StrCat(path, "."), settings);
    } else {
      settings->push_back({path, absl::StrCat("SEEDBED_", absl::AsciiStrToUpper(absl::StrReplaceAll(path, {{".", "_"}}))), field});
    }
  }
}

absl::StatusOr<int64_t> ParseInteger(const FieldDescriptor* field, const std::string& text) {
  int64_t number = 0;
  if (IsBytes(field)) {
    SB_ASSIGN_OR_RETURN(number, ParseBytes(text));
  } else if (!absl::SimpleAtoi(text, &number)) {
    return absl::InvalidArgumentError(absl::StrCat("'", text, "' is no whole number"));
  }
  const bool narrow = field->cpp_type() == FieldDescriptor::CPPTYPE_INT32;
  if (narrow && (number > std::numeric_limits<int32_t>::max() || number < std::numeric_limits<int32_t>::min())) {
    return absl::InvalidArgumentError(absl::StrCat("'", text, "' is too large"));
  }
  return number;
}

// The message that holds the setting's field.
const Message* Holder(const Setting& setting, const Message& config) {
  const Message* holder = &config;
  const std::vector<std::string> names = absl::StrSplit(setting.path, '.');
  for (size_t i = 0; i + 1 < names.size(); ++i) {
    holder = &holder->GetReflection()->GetMessage(*holder, holder->GetDescriptor()->FindFieldByName(names[i]));
  }
  return holder;
}

}  // namespace

const std::vector<Setting>& AllSettings() {
  static const auto* const settings = [] {
    auto* all = new std::vector<Setting>();
    Collect(v1::ServerConfig::descriptor(), "", all);
    return all;
  }();
  return *settings;
}

const Setting* FindSetting(std::string_view path) {
  for (const Setting& setting : AllSettings()) {
    if (setting.path == path) return &setting;
  }
  return nullptr;
}

absl::StatusOr<nlohmann::json> ParseSetting(const Setting& setting, std::span<const std::string> texts) {
  const FieldDescriptor* field = setting.field;
  if (field->is_repeated()) return nlohmann::json(std::vector<std::string>(texts.begin(), texts.end()));
  if (texts.size() != 1) return absl::InvalidArgumentError("takes one value, not a list");
  if (IsDuration(field)) {
    SB_ASSIGN_OR_RETURN(const auto duration, ParseDuration(texts.front()));
    return nlohmann::json(TimeUtil::ToString(TimeUtil::NanosecondsToDuration(duration.count())));
  }
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) return nlohmann::json(texts.front());
  SB_ASSIGN_OR_RETURN(const int64_t number, ParseInteger(field, texts.front()));
  return nlohmann::json(number);
}

std::vector<std::string> FormatSetting(const Setting& setting, const Message& config) {
  const Message* holder = Holder(setting, config);
  const Reflection* reflection = holder->GetReflection();
  const FieldDescriptor* field = setting.field;
  if (field->is_repeated()) {
    std::vector<std::string> texts;
    for (int i = 0; i < reflection->FieldSize(*holder, field); ++i) texts.push_back(reflection->GetRepeatedString(*holder, field, i));
    return texts;
  }
  if (IsDuration(field)) {
    google::protobuf::Duration duration;
    duration.CopyFrom(reflection->GetMessage(*holder, field));
    return {FormatDuration(std::chrono::nanoseconds(TimeUtil::DurationToNanoseconds(duration)))};
  }
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) return {reflection->GetString(*holder, field)};
  const bool narrow = field->cpp_type() == FieldDescriptor::CPPTYPE_INT32;
  const int64_t number = narrow ? reflection->GetInt32(*holder, field) : reflection->GetInt64(*holder, field);
  return {IsBytes(field) ? FormatBytes(number) : absl::StrCat(number)};
}

}  // namespace seedbed::config
