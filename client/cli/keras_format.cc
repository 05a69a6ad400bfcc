#include "client/cli/keras_format.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/text_format.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

constexpr int kBarWidth = 30;
constexpr std::array<size_t, 3> kSummaryColumns{29, 55, 65};
constexpr size_t kSummaryWidth = kSummaryColumns.back();

// Before each field but the first the last character gives way to a space; what passes the column's end is cut.
std::string SummaryRow(const std::array<std::string, 3>& fields) {
  std::string line;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) line.back() = ' ';
    line += fields[i];
    line.resize(kSummaryColumns[i], ' ');
  }
  return line + "\n";
}

// "(None, 150, 150, 3)".
std::string ShapeText(const v1::LayerSummary& layer) {
  std::string text = "(None";
  for (const int64_t size : layer.output_shape()) absl::StrAppend(&text, ", ", size);
  return text + ")";
}

}  // namespace

std::string KerasBar(int64_t done, int64_t total) {
  done = std::clamp<int64_t>(done, 0, total);
  const std::string total_text = absl::StrCat(total);
  const int filled = static_cast<int>(static_cast<double>(kBarWidth) * static_cast<double>(done) / static_cast<double>(total));
  std::string bar;
  if (filled > 0) bar = std::string(static_cast<size_t>(filled - 1), '=') + (done < total ? '>' : '=');
  bar.resize(kBarWidth, '.');
  return absl::StrFormat("%*d/%s [%s]", static_cast<int>(total_text.size()), done, total_text, bar);
}

std::string KerasEta(double seconds) {
  const auto eta = static_cast<int64_t>(seconds);
  if (eta > 3600) return absl::StrFormat(" - ETA: %d:%02d:%02d", eta / 3600, eta / 60 % 60, eta % 60);
  if (eta > 60) return absl::StrFormat(" - ETA: %d:%02d", eta / 60, eta % 60);
  return absl::StrFormat(" - ETA: %ds", eta);
}

std::string KerasMetric(std::string_view name, double value) {
  const std::string text = std::abs(value) > 1e-3 ? absl::StrFormat("%.4f", value) : absl::StrFormat("%.4e", value);
  return absl::StrCat(" - ", ToAbsl(name), ": ", text);
}

std::string KerasEpochEnd(const v1::EpochMetrics& metrics) {
  std::string line = absl::StrFormat(" - %.0fs", metrics.seconds());
  line += KerasMetric("loss", metrics.loss()) + KerasMetric("acc", metrics.accuracy());
  if (metrics.has_val_loss()) line += KerasMetric("val_loss", metrics.val_loss());
  if (metrics.has_val_accuracy()) line += KerasMetric("val_acc", metrics.val_accuracy());
  return line;
}

std::string KerasSummary(const v1::Model& model) {
  const std::string thin = std::string(kSummaryWidth, '_') + "\n";
  const std::string thick = std::string(kSummaryWidth, '=') + "\n";
  std::string text = thin + SummaryRow({"Layer (type)", "Output Shape", "Param #"}) + thick;
  for (int i = 0; i < model.layers_size(); ++i) {
    const v1::LayerSummary& layer = model.layers(i);
    text += SummaryRow({absl::StrCat(layer.name(), " (", layer.type(), ")"), ShapeText(layer), absl::StrCat(layer.parameters())});
    text += i + 1 < model.layers_size() ? thin : thick;
  }
  absl::StrAppend(&text, "Total params: ", FormatCount(model.parameters()), "\n");
  absl::StrAppend(&text, "Trainable params: ", FormatCount(model.trainable_parameters()), "\n");
  absl::StrAppend(&text, "Non-trainable params: ", FormatCount(model.parameters() - model.trainable_parameters()), "\n");
  return text + thin;
}

}  // namespace seedbed::cli
