#include "core/report/report.h"

#include <cmath>
#include <span>
#include <string_view>
#include <type_traits>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "core/base/digest.h"
#include "core/base/utf8.h"
#include "core/report/embedded_files.h"
#include "nlohmann/json.hpp"

namespace seedbed::report {
namespace {

using Json = nlohmann::ordered_json;

std::string_view FormatName(Format format) {
  switch (format) {
    case Format::kNumber:
      return "number";
    case Format::kShare:
      return "share";
    case Format::kCount:
      return "count";
    case Format::kScientific:
      return "scientific";
  }
  return "";
}

std::string_view TypeName(Chart::Type type) {
  switch (type) {
    case Chart::Type::kLines:
      return "lines";
    case Chart::Type::kBars:
      return "bars";
    case Chart::Type::kHorizontalBars:
      return "horizontal_bars";
  }
  return "";
}

// Each of these says under "kind" what it is; page.js has a function for each kind.
Json ToJson(const Nothing&) { return {{"kind", "nothing"}}; }

Json ToJson(const Series& series) {
  Json values = Json::array();
  for (const std::optional<double>& value : series.values) values.push_back(value && std::isfinite(*value) ? Json(*value) : Json());
  return {
      {"name", series.name}, {"values", std::move(values)}, {"dashed", series.dashed}, {"colour", series.colour}, {"line", series.line}};
}

Json ToJson(const Chart& chart) {
  Json series = Json::array();
  for (const Series& one : chart.series) series.push_back(ToJson(one));
  return {{"kind", "chart"},
          {"type", TypeName(chart.type)},
          {"format", FormatName(chart.format)},
          {"labels", chart.labels},
          {"series", std::move(series)},
          {"label_title", chart.label_title},
          {"value_title", chart.value_title},
          {"stacked", chart.stacked},
          {"full_share", chart.full_share}};
}

Json ToJson(const ScatterChart& chart) {
  Json points = Json::array();
  for (const ScatterPoint& point : chart.points) {
    Json one = {{"x", point.x}, {"y", point.y}, {"group", point.group}, {"name", point.name}, {"details", point.details}};
    if (point.marked) one["marked"] = true;
    points.push_back(std::move(one));
  }
  return {{"kind", "scatter"}, {"groups", chart.groups}, {"points", std::move(points)}};
}

// [row, column, count] of the cells that are not 0: with a thousand classes nearly all are.
Json ToJson(const ConfusionMatrix& matrix) {
  const size_t classes = matrix.classes.size();
  Json cells = Json::array();
  for (size_t i = 0; i < matrix.counts.size(); ++i) {
    if (matrix.counts[i] != 0) cells.push_back({i / classes, i % classes, matrix.counts[i]});
  }
  return {{"kind", "matrix"}, {"classes", matrix.classes}, {"cells", std::move(cells)}};
}

Json ToJson(const Pictures& pictures) {
  Json list = Json::array();
  for (const Picture& picture : pictures.pictures) {
    list.push_back({{"source", absl::StrCat("data:image/png;base64,", absl::Base64Escape(picture.png))},
                    {"name", picture.name},
                    {"actual", picture.actual},
                    {"predicted", picture.predicted},
                    {"details", picture.details}});
  }
  return {{"kind", "pictures"}, {"pictures", std::move(list)}};
}

Json ToJson(const Table& table) {
  Json columns = Json::array();
  for (const TableColumn& column : table.columns) columns.push_back({{"title", column.title}, {"numeric", column.numeric}});
  return {{"kind", "table"}, {"columns", std::move(columns)}, {"rows", table.rows}};
}

Json ToJson(const Facts& facts) {
  Json rows = Json::array();
  for (const auto& [name, value] : facts.rows) rows.push_back(Json::array({name, value}));
  return {{"kind", "facts"}, {"rows", std::move(rows)}};
}

Json ToJson(const Code& code) { return {{"kind", "code"}, {"text", code.text}}; }

Json ToJson(const Section& section) {
  return {{"title", section.title},
          {"text", section.text},
          {"half", section.half},
          {"folded", section.folded},
          {"content", std::visit([](const auto& content) { return ToJson(content); }, section.content)}};
}

Json ToJson(const Report& report) {
  Json figures = Json::array(), sections = Json::array();
  for (const KeyFigure& figure : report.figures) {
    figures.push_back({{"label", figure.label}, {"value", figure.value}, {"note", figure.note}});
  }
  for (const Section& section : report.sections) sections.push_back(ToJson(section));
  return {{"title", report.title},
          {"subtitle", report.subtitle},
          {"figures", std::move(figures)},
          {"sections", std::move(sections)},
          {"footer", report.footer}};
}

// JSON that may stand in a <script> element: outside of texts JSON has none of these characters, and within them all may be escaped.
std::string ScriptSafe(const Json& json) {
  const std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  return absl::StrReplaceAll(text, {{"<", "\\u003c"}, {">", "\\u003e"}, {"&", "\\u0026"}, {"\u2028", "\\u2028"}, {"\u2029", "\\u2029"}});
}

std::string HtmlText(std::string_view text) {
  return absl::StrReplaceAll(ToUtf8(text), {{"<", "&lt;"}, {">", "&gt;"}, {"&", "&amp;"}, {"\"", "&quot;"}});
}

// "'sha256-...'" of a script or style that the page's policy allows.
std::string PolicyHash(std::string_view content) {
  return absl::StrCat("'sha256-", absl::Base64Escape(absl::HexStringToBytes(Sha256Hex(content))), "'");
}

// Neither connections, frames, forms nor any script, style or picture from elsewhere.
std::string Policy() {
  return absl::StrCat("default-src 'none'; connect-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; script-src ",
                      PolicyHash(ChartLibrary()), " ", PolicyHash(PageScript()), "; style-src ", PolicyHash(PageStyle()));
}

}  // namespace

std::string RenderHtml(const Report& report) {
  std::string html = absl::StrCat(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"",
      Policy(), "\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>", HtmlText(report.title), "</title>\n");
  const auto add = [&html](std::string_view begin, std::string_view content, std::string_view end) {
    html.append(begin).append(content).append(end);
  };
  add("<style>", PageStyle(), "</style>\n</head>\n<body>\n<main id=\"page\"></main>\n");
  add("<noscript>This report is drawn by a script that it carries; it needs JavaScript.</noscript>\n", "", "");
  add(R"(<script id="data" type="application/json">)", ScriptSafe(ToJson(report)), "</script>\n");
  add("<script>", ChartLibrary(), "</script>\n");
  add("<script>", PageScript(), "</script>\n</body>\n</html>\n");
  return html;
}

std::string FormatShare(double ratio) { return absl::StrFormat("%.1f %%", 100 * ratio); }

std::string FormatNumber(double value) { return std::isfinite(value) ? absl::StrFormat("%.4g", value) : "not finite"; }

}  // namespace seedbed::report
