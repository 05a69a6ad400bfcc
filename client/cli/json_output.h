// The documents that --output json prints (docs/cli.md).
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "seedbed/v1/event.pb.h"

namespace seedbed::cli {

using Json = nlohmann::ordered_json;

// Every field of the message, in the order of its declaration: snake_case names, 64-bit integers as numbers, zeros, empty texts and empty
// lists included; an absent message or optional value is null, a oneof shows its set member only. Enum values lose their prefix
// (JOB_STATE_RUNNING is "RUNNING"), timestamps are RFC 3339 texts, durations seconds. EvaluateResult.confusion becomes a list of rows.
Json ToJson(const google::protobuf::Message& message);

// One line of an event stream: seq (not on progress), time, type, and the fields of the payload.
Json EventToJson(const v1::Event& event);

// {"error": {"code": "NOT_FOUND", "message": ..., "field": ..., "reason": ..., "hint": ...}}; the last three only when there are such.
Json ErrorToJson(const absl::Status& status);

// One line; bytes that are not UTF-8 are replaced.
std::string ToLine(const Json& json);

// "RUNNING" for JOB_STATE_RUNNING.
std::string ShortEnumName(const google::protobuf::EnumValueDescriptor& value);
template <typename Enum>
std::string ShortEnumName(Enum value) {
  const auto* found = google::protobuf::GetEnumDescriptor<Enum>()->FindValueByNumber(value);
  return found == nullptr ? std::to_string(static_cast<int>(value)) : ShortEnumName(*found);
}

}  // namespace seedbed::cli
