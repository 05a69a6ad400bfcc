#include "server/api/status.h"

#include <string>

#include "absl/strings/cord.h"
#include "core/base/status_macros.h"
#include "core/base/utf8.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/jobs/job_manager.h"

namespace seedbed::api {
namespace {

constexpr size_t kMaxMessageBytes = 1024;
constexpr size_t kMaxWordBytes = 256;  // of a reason or a field's name
constexpr size_t kMaxDetailsBytes = 4096;
constexpr char kDomain[] = "seedbed";
constexpr char kReasonPayload[] = "seedbed/reason";

grpc::StatusCode CodeOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return grpc::StatusCode::OK;
    case absl::StatusCode::kCancelled:
      return grpc::StatusCode::CANCELLED;
    case absl::StatusCode::kInvalidArgument:
      return grpc::StatusCode::INVALID_ARGUMENT;
    case absl::StatusCode::kDeadlineExceeded:
      return grpc::StatusCode::DEADLINE_EXCEEDED;
    case absl::StatusCode::kNotFound:
      return grpc::StatusCode::NOT_FOUND;
    case absl::StatusCode::kAlreadyExists:
      return grpc::StatusCode::ALREADY_EXISTS;
    case absl::StatusCode::kPermissionDenied:
      return grpc::StatusCode::PERMISSION_DENIED;
    case absl::StatusCode::kResourceExhausted:
      return grpc::StatusCode::RESOURCE_EXHAUSTED;
    case absl::StatusCode::kFailedPrecondition:
      return grpc::StatusCode::FAILED_PRECONDITION;
    case absl::StatusCode::kAborted:
      return grpc::StatusCode::ABORTED;
    case absl::StatusCode::kOutOfRange:
      return grpc::StatusCode::OUT_OF_RANGE;
    case absl::StatusCode::kUnimplemented:
      return grpc::StatusCode::UNIMPLEMENTED;
    case absl::StatusCode::kInternal:
      return grpc::StatusCode::INTERNAL;
    case absl::StatusCode::kUnavailable:
      return grpc::StatusCode::UNAVAILABLE;
    case absl::StatusCode::kDataLoss:
      return grpc::StatusCode::DATA_LOSS;
    case absl::StatusCode::kUnauthenticated:
      return grpc::StatusCode::UNAUTHENTICATED;
    default:
      return grpc::StatusCode::UNKNOWN;
  }
}

// Seconds after which trying again may help; 0: it will not.
int64_t RetrySeconds(absl::StatusCode code) {
  if (code == absl::StatusCode::kUnavailable) return 1;
  if (code == absl::StatusCode::kResourceExhausted) return 5;
  return 0;
}

// At most `bytes`, not ending inside a character.
std::string Cut(std::string text, size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) --bytes;
  text.resize(bytes);
  return text;
}

std::string PayloadOf(const absl::Status& status, const char* url) {
  const auto payload = status.GetPayload(url);
  return payload ? Cut(ToUtf8(std::string(*payload)), kMaxWordBytes) : "";
}

std::string Details(const absl::Status& status, const std::string& message) {
  google::rpc::Status details;
  details.set_code(static_cast<int>(CodeOf(status.code())));
  google::rpc::ErrorInfo info;
  const std::string reason = PayloadOf(status, kReasonPayload);
  info.set_reason(reason.empty() ? absl::StatusCodeToString(status.code()) : reason);
  info.set_domain(kDomain);
  details.add_details()->PackFrom(info);
  if (const int64_t seconds = RetrySeconds(status.code()); seconds > 0) {
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(seconds);
    details.add_details()->PackFrom(retry);
  }
  if (const std::string field = PayloadOf(status, jobs::kFieldPayload); !field.empty()) {
    google::rpc::BadRequest bad_request;
    auto* violation = bad_request.add_field_violations();
    violation->set_field(field);
    violation->set_description(message);
    details.add_details()->PackFrom(bad_request);
  }
  const std::string bytes = details.SerializeAsString();
  return bytes.size() <= kMaxDetailsBytes ? bytes : "";
}

}  // namespace

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const std::string message = Cut(ToUtf8(std::string(status.message())), kMaxMessageBytes);
  return {CodeOf(status.code()), message, Details(status, message)};
}

}  // namespace seedbed::api
