// Texts in the form that Keras prints them, which people know.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "seedbed/v1/event.pb.h"
#include "seedbed/v1/model.pb.h"

namespace seedbed::cli {

// " 32/144 [==>...........................]": the done units, aligned to the total's width, and a bar of 30. total > 0.
std::string KerasBar(int64_t done, int64_t total);
// " - ETA: 12s", "2:05", "1:02:05".
std::string KerasEta(double seconds);
// " - loss: 1.9489"; four decimals, or scientific below 1e-3.
std::string KerasMetric(std::string_view name, double value);
// " - 1s - loss: 1.9489 - acc: 0.3598 - val_loss: 1.7644 - val_acc: 0.3984".
std::string KerasEpochEnd(const v1::EpochMetrics& metrics);
// Model.summary(show_trainable=True): a table of 76 columns, or more where a layer's name needs it.
struct SummaryTotals {
  int64_t parameters = 0;
  int64_t trainable_parameters = 0;
};
std::string KerasSummary(const google::protobuf::RepeatedPtrField<v1::LayerSummary>& layers, const SummaryTotals& totals);

}  // namespace seedbed::cli
