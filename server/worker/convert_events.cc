#include "server/worker/convert_events.h"

#include <string>
#include <type_traits>
#include <variant>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "core/base/utf8.h"
#include "server/worker/artifacts.h"

namespace seedbed::worker {
namespace {

// Names of files may be any bytes, and messages quote them.
std::string Utf8(std::string text) {
  if (IsUtf8(text)) return text;
  for (char& c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  }
  return text;
}

v1::Event ToEvent(const tasks::TaskEvent& event, const std::filesystem::path& artifacts_dir) {
  v1::Event result;
  std::visit(
      [&](const auto& payload) {
        using Payload = std::decay_t<decltype(payload)>;
        if constexpr (std::is_same_v<Payload, tasks::EpochMetrics>) {
          *result.mutable_epoch() = ToProto(payload);
        } else if constexpr (std::is_same_v<Payload, tasks::Warning>) {
          result.mutable_warning()->set_code(payload.code);
          result.mutable_warning()->set_message(Utf8(payload.message));
        } else if constexpr (std::is_same_v<Payload, tasks::LogLine>) {
          result.mutable_log()->set_message(Utf8(payload.message));
        } else {
          static_assert(std::is_same_v<Payload, tasks::Artifact>);
          *result.mutable_artifact() = DescribeArtifact(artifacts_dir, payload.name);
          result.mutable_artifact()->set_media_type(payload.media_type);
        }
      },
      event.payload);
  return result;
}

v1::Reason ReasonOf(const absl::Status& status) {
  if (const absl::optional<absl::Cord> name = status.GetPayload(tasks::kReasonPayload)) {
    v1::Reason reason;
    if (v1::Reason_Parse(absl::StrCat("REASON_", std::string(*name)), &reason)) return reason;
  }
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kAlreadyExists:
      return v1::REASON_INVALID_INPUT;
    case absl::StatusCode::kResourceExhausted:
      return v1::REASON_DISK_FULL;
    default:
      return v1::REASON_INTERNAL;
  }
}

}  // namespace

v1::Progress ToProto(const tasks::Progress& progress) {
  v1::Progress result;
  result.set_phase(Utf8(progress.phase));
  result.set_done(progress.done);
  result.set_total(progress.total);
  result.set_unit(progress.unit);
  result.set_rate(progress.rate);
  result.set_preview(progress.preview);
  return result;
}

v1::EpochMetrics ToProto(const tasks::EpochMetrics& metrics) {
  v1::EpochMetrics result;
  result.set_epoch(metrics.epoch);
  result.set_epochs(metrics.epochs);
  result.set_loss(metrics.loss);
  result.set_accuracy(metrics.accuracy);
  if (metrics.val_loss) result.set_val_loss(*metrics.val_loss);
  if (metrics.val_accuracy) result.set_val_accuracy(*metrics.val_accuracy);
  result.set_lr(metrics.lr);
  result.set_seconds(metrics.seconds);
  result.set_images_per_second(metrics.images_per_second);
  result.set_images(metrics.images);
  result.set_val_images(metrics.val_images);
  return result;
}

v1::TaskEvent ToProto(const tasks::TaskEvent& event, const std::filesystem::path& artifacts_dir) {
  v1::TaskEvent result;
  result.set_key(event.key);
  *result.mutable_event() = ToEvent(event, artifacts_dir);
  return result;
}

v1::ExecutionProfile ToProto(const tasks::ExecutionProfile& profile) {
  v1::ExecutionProfile result;
  result.set_device(profile.device);
  result.set_instruction_set(profile.instruction_set);
  result.set_precision(profile.precision);
  result.set_threads(profile.threads);
  result.set_version(profile.version);
  return result;
}

tasks::ExecutionProfile FromProto(const v1::ExecutionProfile& profile) {
  return {.device = profile.device(),
          .instruction_set = profile.instruction_set(),
          .precision = profile.precision(),
          .threads = profile.threads(),
          .version = profile.version()};
}

v1::JobError ToJobError(const absl::Status& status) {
  v1::JobError error;
  error.set_reason(ReasonOf(status));
  error.set_message(Utf8(std::string(status.message())));
  return error;
}

}  // namespace seedbed::worker
