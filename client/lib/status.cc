#include "client/lib/status.h"

#include <array>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace seedbed::client {
namespace {

void AddPayloads(const std::string& details, absl::Status* status) {
  google::rpc::Status rpc_status;
  if (!rpc_status.ParseFromString(details)) return;
  for (const auto& detail : rpc_status.details()) {
    google::rpc::BadRequest bad_request;
    google::rpc::ErrorInfo error_info;
    if (detail.UnpackTo(&bad_request) && bad_request.field_violations_size() > 0) {
      status->SetPayload(kFieldPayload, absl::Cord(bad_request.field_violations(0).field()));
    } else if (detail.UnpackTo(&error_info)) {
      status->SetPayload(kReasonPayload, absl::Cord(error_info.reason()));
    }
  }
}

// gRPC says why a connection failed only in the text of the status.
std::string ConnectionFailure(std::string_view message) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kReasons{{
      {"Connection refused", "connection refused"},
      {"No such file or directory", "no such socket"},
      {"Permission denied", "permission denied"},
      {"DNS resolution failed", "host name not found"},
      {"No route to host", "no route to host"},
      {"Network is unreachable", "network is unreachable"},
  }};
  for (const auto& [text, reason] : kReasons) {
    if (message.find(text) != message.npos) return std::string(reason);
  }
  return message.find("failed to connect") != message.npos ? "no answer" : "";
}

}  // namespace

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  absl::Status result(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  AddPayloads(status.error_details(), &result);
  return result;
}

absl::Status FromGrpc(const grpc::Status& status, std::string_view address) {
  if (status.error_code() != grpc::StatusCode::UNAVAILABLE) return FromGrpc(status);
  const std::string reason = ConnectionFailure(status.error_message());
  if (reason.empty()) return FromGrpc(status);
  absl::Status result = absl::UnavailableError(absl::StrCat("no server at ", ToAbsl(address), " (", reason, ")"));
  result.SetPayload(kNoServerPayload, absl::Cord(ToAbsl(address)));
  return result;
}

std::optional<std::string> PayloadOf(const absl::Status& status, std::string_view url) {
  const auto payload = status.GetPayload(ToAbsl(url));
  if (!payload.has_value()) return std::nullopt;
  return std::string(*payload);
}

}  // namespace seedbed::client
