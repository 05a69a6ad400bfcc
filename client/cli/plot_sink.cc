#include "client/cli/plot_sink.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client/cli/keras_format.h"

namespace seedbed::cli {
namespace {

constexpr int kGap = 2;
constexpr int kSideBySide = 72;  // from so many columns on
constexpr int kLines = 10;

void Put(int epoch, std::optional<double> value, PlotSeries* series) {
  series->values.resize(std::max(series->values.size(), static_cast<size_t>(epoch)));
  series->values[static_cast<size_t>(epoch - 1)] = value;
}

}  // namespace

void PlotEventSink::OnEvent(const v1::Event& event) {
  if (event.has_epoch()) return OnEpoch(event.epoch());
  if (event.has_progress()) return console_.DrawProgress(ProgressLine(event.progress()));
  if (!event.has_warning() && !event.has_state()) return;
  Erase();
  others_.OnEvent(event);
  Redraw();
}

void PlotEventSink::OnEpoch(const v1::EpochMetrics& metrics) {
  if (metrics.epoch() < 1) return;
  epochs_ = std::max(metrics.epochs(), metrics.epoch());
  Put(metrics.epoch(), metrics.loss(), &loss_);
  Put(metrics.epoch(), metrics.accuracy(), &accuracy_);
  if (metrics.has_val_loss()) Put(metrics.epoch(), metrics.val_loss(), &val_loss_);
  if (metrics.has_val_accuracy()) Put(metrics.epoch(), metrics.val_accuracy(), &val_accuracy_);
  last_ = absl::StrCat("Epoch ", metrics.epoch(), "/", epochs_, KerasEpochEnd(metrics));
  Erase();
  Redraw();
}

std::string PlotEventSink::Picture() const {
  PlotOptions options{.width = width_ >= kSideBySide ? (width_ - kGap) / 2 : width_, .height = kLines, .braille = utf8_};
  const auto both = [](const PlotSeries& training, const PlotSeries& validation) {
    return validation.values.empty() ? std::vector{training} : std::vector{training, validation};
  };
  const std::vector<std::string> loss = DrawPlot("loss", both(loss_, val_loss_), epochs_, options);
  options.share = true;
  const std::vector<std::string> accuracy = DrawPlot("accuracy", both(accuracy_, val_accuracy_), epochs_, options);
  // A line that the terminal breaks in two would be one more to erase than are counted.
  const std::string last = redraws_ ? last_.substr(0, static_cast<size_t>(width_)) : last_;
  return absl::StrCat(ArrangePlots(loss, accuracy, width_), last, "\n");
}

void PlotEventSink::Redraw() {
  if (!redraws_ || epochs_ == 0) return;
  const std::string picture = Picture();
  drawn_lines_ = static_cast<int>(std::count(picture.begin(), picture.end(), '\n'));
  console_.Print(picture);
}

void PlotEventSink::Erase() {
  if (drawn_lines_ == 0) return;
  console_.ClearProgress();
  console_.Print(absl::StrCat("\033[", drawn_lines_, "F\033[J"));  // that many lines up, then all from there on
  drawn_lines_ = 0;
}

void PlotEventSink::Finish() {
  if (epochs_ == 0) return console_.Message("there are no epochs to draw: only trainings have them");
  if (drawn_lines_ == 0) console_.Print(Picture());
}

}  // namespace seedbed::cli
