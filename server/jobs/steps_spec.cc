#include "server/jobs/steps_spec.h"

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "server/jobs/field_checks.h"

namespace seedbed::jobs {
namespace {

using google::protobuf::Value;

constexpr size_t kMaxBytes = 64 << 10;
constexpr int kMaxSteps = 1'000;

bool IsStep(const Value& item) {
  if (item.kind_case() == Value::kStringValue) return !item.string_value().empty();
  return item.kind_case() == Value::kStructValue && item.struct_value().fields_size() == 1;
}

}  // namespace

absl::Status CheckSteps(const std::string& field, const google::protobuf::ListValue& steps) {
  if (steps.ByteSizeLong() > kMaxBytes) return FieldError(field, absl::StrCat("is longer than ", kMaxBytes));
  SB_RETURN_IF_ERROR(CheckRange(field, steps.values_size(), 0, kMaxSteps));
  for (int i = 0; i < steps.values_size(); ++i) {
    if (!IsStep(steps.values(i))) {
      return FieldError(field, absl::StrCat("has an item that is neither a step's name nor {name: settings}: number ", i + 1));
    }
  }
  return absl::OkStatus();
}

}  // namespace seedbed::jobs
