// The standard process_* metrics, which prometheus-cpp does not bring.
#pragma once

#include <string_view>
#include <vector>

#include "prometheus/collectable.h"
#include "prometheus/metric_family.h"

namespace seedbed::metrics {

// Reads /proc at each scrape. What cannot be read is left out. Thread-safe.
class ProcessMetrics final : public prometheus::Collectable {
 public:
  ProcessMetrics();
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  double start_time_seconds_;  // since the Unix epoch
};

}  // namespace seedbed::metrics
