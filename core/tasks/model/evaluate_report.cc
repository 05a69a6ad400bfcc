#include "core/tasks/model/evaluate_report.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/number_text.h"
#include "core/base/status_macros.h"
#include "core/tasks/model/report_parts.h"

namespace seedbed::tasks {
namespace {

std::string SubsetName(const EvaluateSpec& spec) { return spec.split_file.empty() ? "all images" : spec.subset; }

absl::StatusOr<report::Section> Origin(const EvaluateSpec& spec, const LabelledDataset& dataset, const std::string& weights_sha256,
                                       const TaskContext& context) {
  SB_ASSIGN_OR_RETURN(std::string split_sha256, SplitDigest(spec.split_file));
  FactRows rows{{"model", absl::StrCat(spec.model, ":", spec.model_version)},
                {"weights", weights_sha256},
                {"dataset", absl::StrCat(spec.dataset, ":", spec.dataset_version)},
                {"manifest", dataset.sha256},
                {"split", std::move(split_sha256)}};
  std::ranges::move(ProfileRows(context.profile()), std::back_inserter(rows));
  return Provenance(std::move(rows));
}

}  // namespace

absl::Status PublishEvaluationReport(const EvaluateSpec& spec, const LabelledDataset& dataset, const JudgedImages& judged,
                                     const std::string& weights_sha256, const EvaluationTimes& times, TaskContext& context) {
  const MonotonicTime start = SystemClock().Monotonic();
  const std::vector<std::string> classes(judged.classes.begin(), judged.classes.end());
  report::Report report{.title = absl::StrCat("Evaluation of ", spec.model, ":", spec.model_version),
                        .subtitle = absl::StrCat("On ", spec.dataset, ":", spec.dataset_version, ", ", SubsetName(spec),
                                                 spec.job.empty() ? "" : absl::StrCat("; job ", spec.job)),
                        .figures = JudgementFigures(judged.evaluation)};
  SB_ASSIGN_OR_RETURN(report.sections, JudgementSections(judged));
  std::vector<int32_t> labels;
  for (const evaluate::Prediction& one : judged.predictions) labels.push_back(static_cast<int32_t>(one.label));
  // Beside the reliability diagram, which is as wide.
  const auto reliability = std::ranges::find_if(report.sections, &report::Section::half);
  report.sections.insert(std::next(reliability), ClassBalance(classes, std::vector{BalanceOf(SubsetName(spec), labels, classes.size())}));
  SB_ASSIGN_OR_RETURN(const auto rejected, dataset::ReadRejected(spec.dataset_dir));
  report.sections.push_back(RejectedFiles(rejected));
  const double images = static_cast<double>(judged.predictions.size());
  report.sections.push_back(Timing({{"decoding", FormatElapsed(times.decode.count())},
                                    {"evaluating", FormatElapsed(times.judge.count())},
                                    {"images a second", FormatCount(static_cast<int64_t>(images / std::max(1e-9, times.judge.count())))}}));
  SB_ASSIGN_OR_RETURN(report::Section origin, Origin(spec, dataset, weights_sha256, context));
  report.sections.push_back(std::move(origin));
  report.sections.push_back(Recipe(spec.recipe));
  return PublishReport(std::move(report), start, context);
}

}  // namespace seedbed::tasks
