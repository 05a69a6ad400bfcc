// A strict little parser of the Prometheus text format, for tests.
#pragma once

#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "gtest/gtest.h"
#include "prometheus/text_serializer.h"
#include "server/metrics/server_metrics.h"

namespace seedbed::metrics {

// Series text ("name{a="b"}") to value. Lines that are no valid exposition, and series given twice, fail the test.
using Samples = std::map<std::string, double>;

inline Samples ParseExposition(const std::string& text) {
  static const std::regex comment(R"(# (HELP|TYPE) [a-z_:][a-z0-9_:]* .+)");
  static const std::regex sample(
      R"re(([a-zA-Z_:][a-zA-Z0-9_:]*(?:\{(?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*\})?) ([-+0-9.eE]+|NaN|[+-]Inf))re");
  Samples samples;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (std::regex_match(line, comment)) continue;
    std::smatch match;
    if (!std::regex_match(line, match, sample)) {
      ADD_FAILURE() << "not a line of the exposition format: " << line;
      continue;
    }
    EXPECT_TRUE(samples.emplace(match[1], std::stod(match[2])).second) << "given twice: " << line;
  }
  return samples;
}

inline Samples Scrape(const ServerMetrics& metrics) {
  std::vector<prometheus::MetricFamily> families;
  for (const auto& weak : metrics.Collectables()) {
    for (auto& family : weak.lock()->Collect()) families.push_back(std::move(family));
  }
  return ParseExposition(prometheus::TextSerializer().Serialize(families));
}

}  // namespace seedbed::metrics
