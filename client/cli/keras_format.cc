#include "client/cli/keras_format.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/text_format.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

constexpr int kBarWidth = 30;
// Widths of the columns behind the layer's name; Keras cuts what is wider, and starts them at these widths.
constexpr size_t kNameWidth = 29;
constexpr size_t kShapeWidth = 26;
constexpr size_t kParametersWidth = 10;
constexpr size_t kTrainableWidth = 11;

struct SummaryRow {
  std::string name;
  std::string shape;
  std::string parameters;
  std::string trainable;
};

// Before each field but the first there is at least one space.
std::string SummaryLine(const SummaryRow& row, size_t name_width) {
  std::string line;
  size_t end = 0;
  for (const auto& [field, width] : {std::pair(&row.name, name_width), std::pair(&row.shape, kShapeWidth),
                                     std::pair(&row.parameters, kParametersWidth), std::pair(&row.trainable, kTrainableWidth)}) {
    if (!line.empty()) line.back() = ' ';
    line += *field;
    end += width;
    line.resize(end, ' ');
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

std::string KerasSummary(const google::protobuf::RepeatedPtrField<v1::LayerSummary>& layers, const SummaryTotals& totals) {
  std::vector<SummaryRow> rows;
  size_t name_width = kNameWidth;
  for (const v1::LayerSummary& layer : layers) {
    const char* trainable = layer.parameters() == 0 ? "-" : layer.trainable() ? "Y" : "N";
    rows.push_back({absl::StrCat(layer.name(), " (", layer.type(), ")"), ShapeText(layer), absl::StrCat(layer.parameters()), trainable});
    name_width = std::max(name_width, rows.back().name.size() + 1);
  }
  const size_t width = name_width + kShapeWidth + kParametersWidth + kTrainableWidth;
  const std::string thin = std::string(width, '_') + "\n";
  const std::string thick = std::string(width, '=') + "\n";
  std::string text = thin + SummaryLine({"Layer (type)", "Output Shape", "Param #", "Trainable"}, name_width) + thick;
  for (size_t i = 0; i < rows.size(); ++i) text += SummaryLine(rows[i], name_width) + (i + 1 < rows.size() ? thin : thick);
  absl::StrAppend(&text, "Total params: ", FormatCount(totals.parameters), "\n");
  absl::StrAppend(&text, "Trainable params: ", FormatCount(totals.trainable_parameters), "\n");
  absl::StrAppend(&text, "Non-trainable params: ", FormatCount(totals.parameters - totals.trainable_parameters), "\n");
  return text + thin;
}

}  // namespace seedbed::cli
