// What a report.html was made of.
#pragma once

#include <string>
#include <string_view>

#include "nlohmann/json.hpp"

namespace seedbed::testing {

// The page's block of JSON.
inline nlohmann::json ReportData(const std::string& html) {
  const std::string begin = R"(<script id="data" type="application/json">)";
  const size_t first = html.find(begin) + begin.size();
  return nlohmann::json::parse(html.substr(first, html.find("</script>", first) - first));
}

// The section with this title; null when there is none.
inline nlohmann::json SectionOf(const nlohmann::json& report, std::string_view title) {
  for (const nlohmann::json& section : report["sections"]) {
    if (section["title"] == title) return section;
  }
  return nullptr;
}

}  // namespace seedbed::testing
