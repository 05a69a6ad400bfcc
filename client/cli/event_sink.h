// What becomes of a job's events while a command follows it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

#include "client/cli/console.h"
#include "seedbed/v1/event.pb.h"

namespace seedbed::cli {

class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void OnEvent(const v1::Event& event) = 0;
  // Whether the pictures of a job that draws are of use to it.
  virtual bool wants_previews() const { return false; }
};

// Keeps a file as the job's picture is; everything else is another sink's.
class LiveFileSink : public EventSink {
 public:
  // Both must outlive it.
  LiveFileSink(std::filesystem::path file, EventSink* rest, Console* console) : file_(std::move(file)), rest_(*rest), console_(*console) {}
  void OnEvent(const v1::Event& event) override;
  bool wants_previews() const override { return true; }

 private:
  const std::filesystem::path file_;
  EventSink& rest_;
  Console& console_;
  bool failed_ = false;  // said once
};

// One JSON line per event.
class JsonEventSink : public EventSink {
 public:
  explicit JsonEventSink(Console* console) : console_(*console) {}
  void OnEvent(const v1::Event& event) override;

 private:
  Console& console_;
};

// For people. Epochs look as Keras prints them: on a terminal a line that rewrites itself, else two plain lines each.
class TextEventSink : public EventSink {
 public:
  enum class Detail {
    kBrief,  // epochs, warnings, lost attempts, progress
    kNotes,  // also log lines, as messages
    kFull,   // also every state, log line and artifact, as data
  };

  TextEventSink(Console* console, Detail detail) : console_(*console), detail_(detail) {}
  void OnEvent(const v1::Event& event) override;

 private:
  void OnState(const v1::StateChange& change);
  void OnEpoch(const v1::EpochMetrics& metrics);
  void OnProgress(const v1::Progress& progress);
  // "Epoch 3/10", once for each epoch.
  void PrintEpochHeader(const std::string& epoch);
  void Note(const std::string& text);

  Console& console_;
  const Detail detail_;
  std::string announced_epoch_;  // "3/10"
  int64_t epoch_total_ = 0;      // units of the running epoch, for its finished bar
};

// "decode:  32/144 [==>...] - ETA: 12s - 1,024 images/s".
std::string ProgressLine(const v1::Progress& progress);

}  // namespace seedbed::cli
