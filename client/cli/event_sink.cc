#include "client/cli/event_sink.h"

#include <cmath>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/cli/keras_format.h"
#include "client/cli/text_format.h"
#include "core/base/file.h"

namespace seedbed::cli {
namespace {

// "3/10" of the phase "epoch 3/10".
std::optional<std::string> EpochOfPhase(const std::string& phase) {
  absl::string_view rest = phase;
  if (!absl::ConsumePrefix(&rest, "epoch ")) return std::nullopt;
  return std::string(rest);
}

std::string Rate(const v1::Progress& progress) {
  if (progress.rate() <= 0 || !std::isfinite(progress.rate())) return "";
  return absl::StrCat(" - ", FormatCount(std::llround(progress.rate())), " ", progress.unit(), "/s");
}

// What a state says beyond its name.
std::string StateDetails(const v1::StateChange& change) {
  std::string text;
  if (!change.worker().empty()) absl::StrAppend(&text, " on ", change.worker());
  if (change.attempt() > 1) absl::StrAppend(&text, " (attempt ", change.attempt(), ")");
  if (change.reason() != v1::REASON_UNSPECIFIED) absl::StrAppend(&text, ": ", ShortEnumName(change.reason()));
  if (!change.message().empty()) absl::StrAppend(&text, ": ", change.message());
  return text;
}

}  // namespace

std::string ProgressLine(const v1::Progress& progress) {
  const std::string phase = EpochOfPhase(progress.phase()).has_value() ? "" : progress.phase() + ": ";
  if (progress.total() <= 0) return absl::StrCat(phase, FormatCount(progress.done()), " ", progress.unit(), Rate(progress));
  std::string line = phase + KerasBar(progress.done(), progress.total());
  if (progress.rate() > 0 && progress.done() < progress.total()) {
    line += KerasEta(static_cast<double>(progress.total() - progress.done()) / progress.rate());
  }
  return line + Rate(progress);
}

void LiveFileSink::OnEvent(const v1::Event& event) {
  if (!event.has_progress() || event.progress().preview().empty()) return rest_.OnEvent(event);
  const absl::Status written = PublishFile(file_, event.progress().preview());
  if (!written.ok() && !std::exchange(failed_, true)) console_.Warning(std::string(written.message()));
  v1::Event without_picture = event;
  without_picture.mutable_progress()->clear_preview();
  rest_.OnEvent(without_picture);
}

void JsonEventSink::OnEvent(const v1::Event& event) { console_.PrintJsonLine(EventToJson(event)); }

void TextEventSink::OnEvent(const v1::Event& event) {
  switch (event.payload_case()) {
    case v1::Event::kState:
      return OnState(event.state());
    case v1::Event::kEpoch:
      return OnEpoch(event.epoch());
    case v1::Event::kProgress:
      return OnProgress(event.progress());
    case v1::Event::kWarning:
      return console_.Warning(event.warning().message());
    case v1::Event::kLog:
      if (detail_ == Detail::kNotes) return console_.Message(event.log().message());
      return Note(event.log().message());
    case v1::Event::kArtifact:
      return Note(absl::StrCat("artifact ", event.artifact().name(), " (", FormatBytes(event.artifact().bytes()), ")"));
    case v1::Event::PAYLOAD_NOT_SET:
      return;  // of a newer server
  }
}

void TextEventSink::OnState(const v1::StateChange& change) {
  const bool lost = change.state() == v1::JOB_STATE_PENDING && change.reason() != v1::REASON_UNSPECIFIED;
  if (lost) {
    console_.Warning(absl::StrCat("attempt ", change.attempt(), " was lost", StateDetails(change), "; it will be tried again"));
  } else {
    Note(absl::StrCat(ShortEnumName(change.state()), StateDetails(change)));
  }
}

void TextEventSink::OnEpoch(const v1::EpochMetrics& metrics) {
  PrintEpochHeader(absl::StrCat(metrics.epoch(), "/", metrics.epochs()));
  const std::string bar = console_.out_is_terminal() && epoch_total_ > 0 ? KerasBar(epoch_total_, epoch_total_) : "";
  console_.Print(absl::StrCat(bar, KerasEpochEnd(metrics), "\n"));
}

void TextEventSink::OnProgress(const v1::Progress& progress) {
  if (!console_.draws_progress()) return;
  if (const auto epoch = EpochOfPhase(progress.phase())) {
    if (console_.out_is_terminal()) PrintEpochHeader(*epoch);
    epoch_total_ = progress.total();
  }
  console_.DrawProgress(ProgressLine(progress));
}

void TextEventSink::PrintEpochHeader(const std::string& epoch) {
  if (announced_epoch_ == epoch) return;
  announced_epoch_ = epoch;
  console_.Print(absl::StrCat("Epoch ", epoch, "\n"));
}

void TextEventSink::Note(const std::string& text) {
  if (detail_ == Detail::kFull) console_.Print(text + "\n");
}

}  // namespace seedbed::cli
