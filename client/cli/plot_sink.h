// A job's epochs as live curves in text.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/cli/console.h"
#include "client/cli/event_sink.h"
#include "client/cli/plot.h"

namespace seedbed::cli {

// On a terminal the picture is drawn again, in its place, at each epoch, with what goes on below it; else once, by Finish.
class PlotEventSink : public EventSink {
 public:
  // `width`: columns. `redraws`: standard output is a terminal that can move its cursor up.
  PlotEventSink(Console* console, int width, bool utf8, bool redraws)
      : console_(*console), others_(console, TextEventSink::Detail::kBrief), width_(width), utf8_(utf8), redraws_(redraws) {}
  void OnEvent(const v1::Event& event) override;
  // The last picture; says so when there was no epoch.
  void Finish();

 private:
  void OnEpoch(const v1::EpochMetrics& metrics);
  // The curves and the last epoch's numbers.
  std::string Picture() const;
  void Redraw();
  // Takes the picture off the terminal, so that something else may be written.
  void Erase();

  Console& console_;
  TextEventSink others_;  // says what is neither epoch nor progress
  const int width_;
  const bool utf8_;
  const bool redraws_;
  int epochs_ = 0;
  PlotSeries loss_{.name = "training", .values = {}};
  PlotSeries accuracy_{.name = "training", .values = {}};
  PlotSeries val_loss_{.name = "validation", .values = {}, .dotted = true};
  PlotSeries val_accuracy_{.name = "validation", .values = {}, .dotted = true};
  std::string last_;     // what the last epoch came to
  int drawn_lines_ = 0;  // of the picture that stands on the terminal
};

}  // namespace seedbed::cli
