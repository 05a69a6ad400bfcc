#include "core/report/report.h"

#include <cmath>
#include <limits>
#include <regex>

#include "absl/strings/escaping.h"
#include "core/base/digest.h"
#include "gmock/gmock.h"
#include "nlohmann/json.hpp"

namespace seedbed::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// The JSON block of a page, as it stands there.
std::string DataOf(const std::string& html) {
  const std::string begin = R"(<script id="data" type="application/json">)";
  const size_t first = html.find(begin) + begin.size();
  return html.substr(first, html.find("</script>", first) - first);
}

Report WithMatrix(std::vector<std::string> classes, std::vector<int64_t> counts) {
  Report report{.title = "t"};
  report.sections.push_back({.title = "m", .content = ConfusionMatrix{std::move(classes), std::move(counts)}});
  return report;
}

TEST(RenderHtml, HoldsWhatItWasGiven) {
  Report report{.title = "Evaluation of m:1", .subtitle = "on d", .figures = {{"Accuracy", "91.7 %", "11 of 12"}}, .footer = "made"};
  report.sections.push_back({.title = "f", .content = Facts{{{"model", "m:1"}}}, .half = true});
  report.sections.push_back({.title = "t", .content = Table{{{"class"}, {"images", true}}, {{"maize", "12"}}}});
  report.sections.push_back({.title = "c", .content = Code{"seed: 1"}, .folded = true});
  report.sections.push_back({.title = "n", .text = "only words"});
  const std::string html = RenderHtml(report);
  EXPECT_THAT(html, HasSubstr("<title>Evaluation of m:1</title>"));
  const auto data = nlohmann::json::parse(DataOf(html));
  EXPECT_EQ(data["title"], "Evaluation of m:1");
  EXPECT_EQ(data["figures"][0]["value"], "91.7 %");
  EXPECT_EQ(data["sections"][0]["content"]["rows"][0][1], "m:1");
  EXPECT_EQ(data["sections"][0]["half"], true);
  EXPECT_EQ(data["sections"][1]["content"]["columns"][1]["numeric"], true);
  EXPECT_EQ(data["sections"][2]["content"]["text"], "seed: 1");
  EXPECT_EQ(data["sections"][3]["content"]["kind"], "nothing");
}

TEST(RenderHtml, NamesCannotLeaveTheirPlace) {
  const std::string name = "<script>alert(1)</script>&amp;<!--\u2028\u2029\"'";
  Report report = WithMatrix({name, "b"}, {1, 2, 0, 4});
  report.title = name;
  const std::string html = RenderHtml(report), data = DataOf(html);
  EXPECT_THAT(html, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(html, HasSubstr("<title>&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;&lt;!--"));
  for (const char* forbidden : {"<", ">", "&", "\u2028", "\u2029"}) EXPECT_THAT(data, Not(HasSubstr(forbidden)));
  EXPECT_EQ(nlohmann::json::parse(data)["sections"][0]["content"]["classes"][0], name);
}

TEST(RenderHtml, ReplacesWhatIsNotUtf8) {
  Report report{.title = "caf\xe9"};
  report.sections.push_back({.title = "\xff", .content = Code{"a\xc3"}});
  const std::string html = RenderHtml(report);
  EXPECT_THAT(html, HasSubstr("<title>caf\ufffd</title>"));
  const auto data = nlohmann::json::parse(DataOf(html));
  EXPECT_EQ(data["title"], "caf\ufffd");
  EXPECT_EQ(data["sections"][0]["content"]["text"], "a\ufffd");
}

TEST(RenderHtml, MatrixHoldsOnlyCellsThatAreNotZero) {
  const auto data = nlohmann::json::parse(DataOf(RenderHtml(WithMatrix({"a", "b"}, {3, 0, 1, 5}))));
  EXPECT_EQ(data["sections"][0]["content"]["cells"], nlohmann::json::parse("[[0,0,3],[1,0,1],[1,1,5]]"));
  const std::string large = RenderHtml(WithMatrix(std::vector<std::string>(1000, "c"), std::vector<int64_t>(1'000'000)));
  EXPECT_LT(large.size(), 300'000);
}

TEST(RenderHtml, PointsHaveAPlaceAGroupAndWords) {
  Report report{.title = "t"};
  ScatterChart chart{.groups = {"maize", "wheat"}, .points = {{.x = 0.5, .y = -2, .group = 1, .name = "wheat/1.png"}}};
  chart.points.push_back({.x = 3, .y = 4, .group = 0, .marked = true, .name = "maize/<b>.png", .details = {"taken for wheat"}});
  report.sections.push_back({.title = "map", .content = std::move(chart)});
  const auto content = nlohmann::json::parse(DataOf(RenderHtml(report)))["sections"][0]["content"];
  EXPECT_EQ(content["kind"], "scatter");
  EXPECT_EQ(content["groups"], nlohmann::json({"maize", "wheat"}));
  EXPECT_EQ(content["points"][0], nlohmann::json::parse(R"({"x": 0.5, "y": -2, "group": 1, "name": "wheat/1.png", "details": []})"));
  EXPECT_EQ(content["points"][1]["marked"], true);
  EXPECT_EQ(content["points"][1]["name"], "maize/<b>.png");
}

TEST(RenderHtml, NumbersThatAreNotFiniteAreGaps) {
  Report report{.title = "t"};
  Chart chart{.labels = {"1", "2", "3"}};
  chart.series.push_back({.name = "loss", .values = {0.5, std::nullopt, std::numeric_limits<double>::infinity()}});
  report.sections.push_back({.title = "c", .content = chart});
  const auto data = nlohmann::json::parse(DataOf(RenderHtml(report)));
  EXPECT_EQ(data["sections"][0]["content"]["series"][0]["values"], nlohmann::json::parse("[0.5,null,null]"));
}

TEST(RenderHtml, PicturesAreInTheFile) {
  Report report{.title = "t"};
  report.sections.push_back({.title = "p", .content = Pictures{{{.png = "abc", .name = "a/1.png", .actual = "a", .predicted = "b"}}}});
  const auto data = nlohmann::json::parse(DataOf(RenderHtml(report)));
  EXPECT_EQ(data["sections"][0]["content"]["pictures"][0]["source"], "data:image/png;base64,YWJj");
}

// Only the scripts that the page was made with run, and nothing is fetched.
TEST(RenderHtml, PolicyAllowsItsOwnScriptsOnly) {
  const std::string html = RenderHtml({.title = "t"});
  EXPECT_THAT(html, HasSubstr("default-src 'none'; connect-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; script-src "));
  EXPECT_THAT(html, Not(HasSubstr("unsafe-inline")));
  EXPECT_THAT(html, Not(HasSubstr(" src=")));
  EXPECT_THAT(html, Not(HasSubstr("<link")));
  size_t scripts = 0;
  for (size_t at = html.find("<script>"); at != std::string::npos; at = html.find("<script>", at + 1), ++scripts) {
    const std::string script = html.substr(at + 8, html.find("</script>", at) - at - 8);
    EXPECT_THAT(html, HasSubstr("'sha256-" + absl::Base64Escape(absl::HexStringToBytes(Sha256Hex(script))) + "'"));
  }
  EXPECT_EQ(scripts, 2);
  EXPECT_FALSE(std::regex_search(html.substr(0, html.find("<style>")), std::regex("\\son[a-z]+=")));
}

TEST(RenderHtml, CarriesChartJsWhole) {
  const std::string html = RenderHtml({.title = "t"});
  EXPECT_THAT(html, HasSubstr("Chart.js v3"));
  EXPECT_THAT(html, HasSubstr("window.Chart="));
  EXPECT_GT(html.size(), 190'000);
  EXPECT_LT(html.size(), 300'000);
}

TEST(Format, SharesAndNumbers) {
  EXPECT_EQ(FormatShare(0.9167), "91.7 %");
  EXPECT_EQ(FormatShare(1), "100.0 %");
  EXPECT_EQ(FormatNumber(0.0123441), "0.01234");
  EXPECT_EQ(FormatNumber(std::nan("")), "not finite");
}

}  // namespace
}  // namespace seedbed::report
