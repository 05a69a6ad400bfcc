#include "client/cli/json_output.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/json_util.h>

#include <cctype>
#include <string_view>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "client/cli/exit_code.h"
#include "client/lib/status.h"
#include "core/base/clock.h"
#include "seedbed/v1/job.pb.h"

namespace seedbed::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// A list or value of any shape, as in TrainSpec.head, with keys in order. Null should it not be printable, as a number that is not finite.
Json FreeFormValue(const Message& message) {
  std::string text;
  if (!google::protobuf::util::MessageToJsonString(message, &text).ok()) return nullptr;
  return nlohmann::json::parse(text, nullptr, false);
}

Json MessageValue(const Message& message) {
  if (message.GetDescriptor()->file() == google::protobuf::ListValue::descriptor()->file()) return FreeFormValue(message);
  if (const auto* time = dynamic_cast<const google::protobuf::Timestamp*>(&message)) {
    return FormatUtc(time->seconds() * 1'000'000 + time->nanos() / 1000);
  }
  if (const auto* duration = dynamic_cast<const google::protobuf::Duration*>(&message)) {
    return static_cast<double>(duration->seconds()) + duration->nanos() * 1e-9;
  }
  return ToJson(message);
}

Json Value(const Message& message, const FieldDescriptor* field) {
  const Reflection* reflection = message.GetReflection();
  std::string scratch;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection->GetInt32(message, field);
    case FieldDescriptor::CPPTYPE_INT64:
      return reflection->GetInt64(message, field);
    case FieldDescriptor::CPPTYPE_UINT32:
      return reflection->GetUInt32(message, field);
    case FieldDescriptor::CPPTYPE_UINT64:
      return reflection->GetUInt64(message, field);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return reflection->GetDouble(message, field);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return reflection->GetFloat(message, field);
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection->GetBool(message, field);
    case FieldDescriptor::CPPTYPE_ENUM:
      return ShortEnumName(*reflection->GetEnum(message, field));
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string& text = reflection->GetStringReference(message, field, &scratch);
      return field->type() == FieldDescriptor::TYPE_BYTES ? absl::Base64Escape(text) : text;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return MessageValue(reflection->GetMessage(message, field));
  }
  return nullptr;
}

Json Element(const Message& message, const FieldDescriptor* field, int index) {
  const Reflection* reflection = message.GetReflection();
  std::string scratch;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection->GetRepeatedInt32(message, field, index);
    case FieldDescriptor::CPPTYPE_INT64:
      return reflection->GetRepeatedInt64(message, field, index);
    case FieldDescriptor::CPPTYPE_UINT32:
      return reflection->GetRepeatedUInt32(message, field, index);
    case FieldDescriptor::CPPTYPE_UINT64:
      return reflection->GetRepeatedUInt64(message, field, index);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return reflection->GetRepeatedDouble(message, field, index);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return reflection->GetRepeatedFloat(message, field, index);
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection->GetRepeatedBool(message, field, index);
    case FieldDescriptor::CPPTYPE_ENUM:
      return ShortEnumName(*reflection->GetRepeatedEnum(message, field, index));
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection->GetRepeatedStringReference(message, field, index, &scratch);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return MessageValue(reflection->GetRepeatedMessage(message, field, index));
  }
  return nullptr;
}

// Keys in order, so that equal maps give equal texts.
Json MapValue(const Message& message, const FieldDescriptor* field) {
  const FieldDescriptor* key = field->message_type()->map_key();
  const FieldDescriptor* value = field->message_type()->map_value();
  nlohmann::json sorted = nlohmann::json::object();
  for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
    const Message& entry = message.GetReflection()->GetRepeatedMessage(message, field, i);
    sorted[Value(entry, key).get<std::string>()] = Value(entry, value);
  }
  return sorted;
}

Json ListValue(const Message& message, const FieldDescriptor* field) {
  Json list = Json::array();
  for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) list.push_back(Element(message, field, i));
  return list;
}

Json ConfusionRows(const v1::EvaluateResult& result) {
  Json rows = Json::array();
  const int classes = result.per_class_size();
  for (int row = 0; classes > 0 && (row + 1) * classes <= result.confusion_size(); ++row) {
    const auto begin = result.confusion().begin() + row * classes;
    rows.push_back(std::vector<int64_t>(begin, begin + classes));
  }
  return rows;
}

Json Field(const Message& message, const FieldDescriptor* field) {
  if (field->is_map()) return MapValue(message, field);
  const auto* evaluation = dynamic_cast<const v1::EvaluateResult*>(&message);
  if (evaluation != nullptr && field->number() == v1::EvaluateResult::kConfusionFieldNumber) return ConfusionRows(*evaluation);
  if (field->is_repeated()) return ListValue(message, field);
  if (field->has_presence() && !message.GetReflection()->HasField(message, field)) return nullptr;
  return Value(message, field);
}

// Type name and fields of an event's payload.
std::pair<std::string, const Message*> PayloadOfEvent(const v1::Event& event) {
  switch (event.payload_case()) {
    case v1::Event::kState:
      return {"state", &event.state()};
    case v1::Event::kEpoch:
      return {"epoch", &event.epoch()};
    case v1::Event::kWarning:
      return {"warning", &event.warning()};
    case v1::Event::kLog:
      return {"log", &event.log()};
    case v1::Event::kArtifact:
      return {"artifact", &event.artifact()};
    case v1::Event::kProgress:
      return {"progress", &event.progress()};
    case v1::Event::PAYLOAD_NOT_SET:
      break;
  }
  return {"unknown", nullptr};
}

}  // namespace

std::string ShortEnumName(const google::protobuf::EnumValueDescriptor& value) {
  // The prefix is the type's name in upper snake case.
  std::string prefix;
  for (const char c : value.type()->name()) {
    if (std::isupper(static_cast<unsigned char>(c)) && !prefix.empty()) prefix += '_';
    prefix += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  prefix += '_';
  return absl::StartsWith(value.name(), prefix) ? value.name().substr(prefix.size()) : value.name();
}

Json ToJson(const Message& message) {
  Json json = Json::object();
  const auto* descriptor = message.GetDescriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor* field = descriptor->field(i);
    const bool unset_alternative = field->real_containing_oneof() != nullptr && !message.GetReflection()->HasField(message, field);
    if (!unset_alternative) json[field->name()] = Field(message, field);
  }
  return json;
}

Json EventToJson(const v1::Event& event) {
  const auto [type, payload] = PayloadOfEvent(event);
  Json json = Json::object();
  if (!event.has_progress()) json["seq"] = event.seq();
  json["time"] = MessageValue(event.time());
  json["type"] = type;
  if (payload != nullptr) json.update(ToJson(*payload));
  // A picture belongs into a file (--live), not into a line of text.
  if (event.has_progress()) json.erase("preview");
  // An epoch's fields are fixed for scripts; the message may grow others.
  if (event.has_epoch()) {
    for (const char* name : {"epochs", "images", "val_images"}) json.erase(std::string(name));
  }
  return json;
}

Json ErrorToJson(const absl::Status& status) {
  Json error = {{"code", absl::StatusCodeToString(status.code())}, {"message", std::string(status.message())}};
  if (const auto field = client::PayloadOf(status, client::kFieldPayload)) error["field"] = *field;
  if (const auto reason = client::PayloadOf(status, client::kReasonPayload)) error["reason"] = *reason;
  if (const std::string hint = HintOf(status); !hint.empty()) error["hint"] = hint;
  return {{"error", error}};
}

std::string ToLine(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace seedbed::cli
