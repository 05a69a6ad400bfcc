// How this room makes its metrics: families of a registry, filled once at start, so that a series that never happened reads 0.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "prometheus/counter.h"
#include "prometheus/gauge.h"
#include "prometheus/histogram.h"
#include "prometheus/registry.h"

namespace seedbed::metrics {

inline prometheus::Family<prometheus::Counter>& AddCounters(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}
inline prometheus::Family<prometheus::Gauge>& AddGauges(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}
inline prometheus::Family<prometheus::Histogram>& AddHistograms(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

// Seconds.
inline const prometheus::Histogram::BucketBoundaries& LatencyBuckets() {
  static const prometheus::Histogram::BucketBoundaries buckets = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
  return buckets;
}
// From a second to a day.
inline const prometheus::Histogram::BucketBoundaries& JobBuckets() {
  static const prometheus::Histogram::BucketBoundaries buckets = {1, 5, 15, 60, 300, 900, 3'600, 14'400, 43'200, 86'400};
  return buckets;
}

}  // namespace seedbed::metrics
