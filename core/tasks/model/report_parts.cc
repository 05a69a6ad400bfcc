#include "core/tasks/model/report_parts.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/digest.h"
#include "core/base/number_text.h"
#include "core/base/status_macros.h"
#include "core/tasks/data/dataset_events.h"

namespace seedbed::tasks {
namespace {

constexpr size_t kRejectedShown = 200;
constexpr size_t kNamedBars = 40;  // with more, bars stand side by side and some of them bear no name

}  // namespace

SubsetBalance BalanceOf(std::string name, std::span<const int32_t> labels, size_t classes) {
  SubsetBalance balance{.name = std::move(name), .images = std::vector<int64_t>(classes)};
  for (const int32_t label : labels) ++balance.images[static_cast<size_t>(label)];
  return balance;
}

report::Section ClassBalance(const std::vector<std::string>& classes, std::span<const SubsetBalance> subsets) {
  report::Chart chart{.type = classes.size() > kNamedBars ? report::Chart::Type::kBars : report::Chart::Type::kHorizontalBars,
                      .format = report::Format::kCount,
                      .labels = classes,
                      .series = {},
                      .value_title = "images",
                      .stacked = true};
  std::vector<int64_t> totals(classes.size());
  for (const SubsetBalance& subset : subsets) {
    for (size_t k = 0; k < classes.size(); ++k) totals[k] += subset.images[k];
    chart.series.push_back({.name = subset.name, .values = {subset.images.begin(), subset.images.end()}});
  }
  std::string text;
  if (!totals.empty()) {
    const auto [least, most] = std::minmax_element(totals.begin(), totals.end());
    text = *least == *most ? absl::StrCat("Each class has ", Counted(*least, "image"), ".")
                           : absl::StrCat("From ", Counted(*least, "image"), " (", classes[static_cast<size_t>(least - totals.begin())],
                                          ") to ", *most, " (", classes[static_cast<size_t>(most - totals.begin())], ").");
  }
  return {.title = "Class balance", .text = std::move(text), .content = std::move(chart), .half = true};
}

report::Section RejectedFiles(const std::vector<dataset::RejectedFile>& rejected) {
  report::Section section{.title = "Rejected files", .text = "None: every file of the dataset could be read."};
  if (rejected.empty()) return section;
  report::Table table{.columns = {{"file"}, {"reason"}}, .rows = {}};
  for (size_t i = 0; i < std::min(rejected.size(), kRejectedShown); ++i) table.rows.push_back({rejected[i].path, rejected[i].reason});
  section.text = absl::StrCat(Counted(static_cast<int64_t>(rejected.size()), "file"), " of the dataset ",
                              rejected.size() == 1 ? "was" : "were", " left out");
  absl::StrAppend(&section.text, rejected.size() > kRejectedShown ? absl::StrCat("; the first ", kRejectedShown, " are:") : ":");
  section.content = std::move(table);
  section.folded = rejected.size() > 10;
  return section;
}

report::Section Recipe(std::string spec) {
  return {.title = "Recipe", .text = "What the job was asked to do.", .content = report::Code{std::move(spec)}, .folded = true};
}

report::Section Timing(FactRows rows) { return {.title = "Timing", .content = report::Facts{std::move(rows)}, .half = true}; }

report::Section Provenance(FactRows rows) {
  return {.title = "Provenance",
          .text = "The same of all of these give the same result, bit for bit.",
          .content = report::Facts{std::move(rows)},
          .half = true};
}

absl::StatusOr<std::string> SplitDigest(const std::filesystem::path& split_file) {
  if (split_file.empty()) return "-";
  return Sha256HexOfFile(split_file);
}

FactRows ProfileRows(const ExecutionProfile& profile) {
  return {{"device", profile.device},
          {"instruction set", profile.instruction_set},
          {"precision", profile.precision},
          {"threads", absl::StrCat(profile.threads)},
          {"version", profile.version}};
}

absl::Status PublishReport(report::Report report, MonotonicTime start, TaskContext& context) {
  const std::string time = FormatUtc(SystemClock().WallMicros());
  report.footer = absl::StrCat("Made by Seedbed ", context.profile().version, ", ", time.substr(0, 10), " ", time.substr(11, 5), " UTC. ",
                               "This file holds all that it shows and loads nothing.");
  const std::string html = report::RenderHtml(report);
  SB_RETURN_IF_ERROR(PublishArtifact(kReportName, "text/html", html, context));
  const std::chrono::duration<double, std::milli> taken = SystemClock().Monotonic() - start;
  Log("report", absl::StrFormat("%s: %d bytes in %.0f ms", kReportName, html.size(), taken.count()), context);
  return absl::OkStatus();
}

}  // namespace seedbed::tasks
