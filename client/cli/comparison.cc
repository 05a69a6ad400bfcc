#include "client/cli/comparison.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "client/cli/table.h"
#include "client/cli/text_format.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

constexpr char kNone[] = "-";
constexpr char kHistoryHeader[] = "epoch,loss,accuracy,val_loss,val_accuracy,lr,seconds,images_per_second";
constexpr size_t kHistoryColumns = 8;

std::string NameOf(const v1::Model& model) { return absl::StrCat(model.name(), ":", model.version()); }

std::optional<double> TrainingSeconds(const ComparedModel& compared) {
  if (compared.epochs.empty()) return std::nullopt;
  double seconds = 0;
  for (const report::EpochPoint& epoch : compared.epochs) seconds += epoch.seconds;
  return seconds;
}

// "seedlings:1"; without a version where the newest was asked for, which may be another one by now.
std::string DatasetOf(const v1::EvaluateSpec& spec) {
  return spec.dataset_version() == 0 ? spec.dataset() : absl::StrCat(spec.dataset(), ":", spec.dataset_version());
}

// "seedlings:1 default validation".
std::string DataOf(const v1::EvaluateSpec& spec) {
  const std::string subset = spec.subset().empty() ? "validation" : spec.subset();
  return absl::StrCat(DatasetOf(spec), spec.split().empty() ? "" : absl::StrCat(" ", spec.split(), " ", subset));
}

std::string Ratio(bool there, double value) { return there ? absl::StrFormat("%.4f", value) : kNone; }

// The columns of the table, in the terminal as in the report.
struct NamedColumn {
  const char* title;
  bool numeric;
  std::string (*text)(const ComparedModel&);
};

const std::vector<NamedColumn>& Columns() {
  static const auto* columns = new std::vector<NamedColumn>{
      {"MODEL", false, [](const ComparedModel& one) { return NameOf(one.model); }},
      {"ARCH", false, [](const ComparedModel& one) { return one.model.arch(); }},
      {"PARAMETERS", true, [](const ComparedModel& one) { return FormatCount(one.model.parameters()); }},
      {"EPOCHS", true, [](const ComparedModel& one) { return one.epochs.empty() ? kNone : absl::StrCat(one.epochs.size()); }},
      {"VAL ACC", true,
       [](const ComparedModel& one) { return Ratio(one.model.metrics().has_val_accuracy(), one.model.metrics().val_accuracy()); }},
      {"VAL LOSS", true,
       [](const ComparedModel& one) { return Ratio(one.model.metrics().has_val_loss(), one.model.metrics().val_loss()); }},
      {"EVALUATED ON", false, [](const ComparedModel& one) { return one.evaluation ? DataOf(one.evaluation->spec().evaluate()) : kNone; }},
      {"IMAGES", true,
       [](const ComparedModel& one) { return one.evaluation ? FormatCount(one.evaluation->result().evaluate().images()) : kNone; }},
      {"ACCURACY", true,
       [](const ComparedModel& one) { return one.evaluation ? Ratio(true, one.evaluation->result().evaluate().accuracy()) : kNone; }},
      {"TOP-5", true,
       [](const ComparedModel& one) { return one.evaluation ? Ratio(true, one.evaluation->result().evaluate().top5()) : kNone; }},
      {"LOSS", true,
       [](const ComparedModel& one) { return one.evaluation ? Ratio(true, one.evaluation->result().evaluate().loss()) : kNone; }},
      {"SIZE", true, [](const ComparedModel& one) { return FormatBytes(one.model.bytes()); }},
      {"TRAINED", true,
       [](const ComparedModel& one) {
         const std::optional<double> seconds = TrainingSeconds(one);
         return seconds ? FormatElapsed(absl::Seconds(*seconds)) : kNone;
       }},
  };
  return *columns;
}

std::vector<std::string> RowOf(const ComparedModel& compared) {
  std::vector<std::string> cells;
  for (const NamedColumn& column : Columns()) cells.push_back(column.text(compared));
  return cells;
}

Json EvaluationToJson(const v1::Job& job) {
  const v1::EvaluateSpec& spec = job.spec().evaluate();
  const v1::EvaluateResult& result = job.result().evaluate();
  return {{"job", job.id()},           {"dataset", DatasetOf(spec)},    {"split", spec.split()}, {"subset", spec.subset()},
          {"images", result.images()}, {"accuracy", result.accuracy()}, {"top5", result.top5()}, {"loss", result.loss()}};
}

template <typename Value>
Json OrNull(bool there, Value value) {
  return there ? Json(value) : Json();
}

// A bar for each model that has this number.
report::Section Bars(std::string title, const std::vector<ComparedModel>& models, std::optional<double> (*value)(const ComparedModel&)) {
  report::Chart chart{.type = report::Chart::Type::kHorizontalBars, .format = report::Format::kShare, .full_share = true};
  report::Series series{.name = title, .values = {}};
  for (const ComparedModel& compared : models) {
    const std::optional<double> one = value(compared);
    if (!one) continue;
    chart.labels.push_back(NameOf(compared.model));
    series.values.push_back(one);
  }
  chart.series.push_back(std::move(series));
  return {.title = std::move(title), .content = std::move(chart), .half = true};
}

void AddBars(const std::vector<ComparedModel>& models, std::vector<report::Section>* sections) {
  report::Section validation = Bars("Validation accuracy", models, [](const ComparedModel& one) {
    return one.model.metrics().has_val_accuracy() ? std::optional(one.model.metrics().val_accuracy()) : std::nullopt;
  });
  report::Section evaluation = Bars("Accuracy in the newest evaluation", models, [](const ComparedModel& one) {
    return one.evaluation ? std::optional(one.evaluation->result().evaluate().accuracy()) : std::nullopt;
  });
  for (report::Section* section : {&validation, &evaluation}) {
    if (!std::get<report::Chart>(section->content).labels.empty()) sections->push_back(std::move(*section));
  }
}

}  // namespace

absl::StatusOr<std::vector<report::EpochPoint>> ParseHistory(std::string_view csv) {
  std::vector<report::EpochPoint> epochs;
  const std::vector<std::string> lines = absl::StrSplit(ToAbsl(csv), '\n', absl::SkipEmpty());
  if (lines.empty() || lines.front() != kHistoryHeader) return absl::DataLossError("it has not the columns of a training's history");
  for (size_t i = 1; i < lines.size(); ++i) {
    const std::vector<std::string> fields = absl::StrSplit(lines[i], ',');
    bool damaged = fields.size() != kHistoryColumns;
    const auto number = [&](size_t column) -> std::optional<double> {
      double value = 0;
      if (damaged || fields[column].empty()) return std::nullopt;
      damaged = !absl::SimpleAtod(fields[column], &value);
      return value;
    };
    epochs.push_back({.loss = number(1).value_or(NAN),
                      .accuracy = number(2).value_or(NAN),
                      .val_loss = number(3),
                      .val_accuracy = number(4),
                      .lr = number(5).value_or(NAN),
                      .seconds = number(6).value_or(0)});
    if (damaged) return absl::DataLossError(absl::StrCat("line ", i + 1, " of a training's history is damaged"));
  }
  return epochs;
}

std::optional<v1::Job> NewestEvaluation(const std::vector<v1::Job>& jobs, const v1::Model& model) {
  const auto found = std::find_if(jobs.begin(), jobs.end(), [&](const v1::Job& job) {
    const v1::EvaluateResult& result = job.result().evaluate();
    return job.state() == v1::JOB_STATE_SUCCEEDED && job.result().has_evaluate() && result.model() == model.name() &&
           result.model_version() == model.version();
  });
  return found == jobs.end() ? std::nullopt : std::optional(*found);
}

std::string RenderComparison(const std::vector<ComparedModel>& models) {
  std::vector<Column> columns;
  for (const NamedColumn& column : Columns()) columns.push_back({column.title, column.numeric ? Align::kRight : Align::kLeft});
  Table table(std::move(columns));
  for (const ComparedModel& compared : models) table.AddRow(RowOf(compared));
  return table.Render();
}

Json ComparisonToJson(const std::vector<ComparedModel>& models) {
  Json list = Json::array();
  for (const ComparedModel& compared : models) {
    const v1::Model& model = compared.model;
    const std::optional<double> seconds = TrainingSeconds(compared);
    list.push_back({{"model", NameOf(model)},
                    {"arch", model.arch()},
                    {"parameters", model.parameters()},
                    {"trainable_parameters", model.trainable_parameters()},
                    {"epochs", OrNull(!compared.epochs.empty(), compared.epochs.size())},
                    {"val_accuracy", OrNull(model.metrics().has_val_accuracy(), model.metrics().val_accuracy())},
                    {"val_loss", OrNull(model.metrics().has_val_loss(), model.metrics().val_loss())},
                    {"dataset", model.dataset()},
                    {"bytes", model.bytes()},
                    {"training_seconds", OrNull(seconds.has_value(), seconds.value_or(0))},
                    {"evaluation", compared.evaluation ? EvaluationToJson(*compared.evaluation) : Json()}});
  }
  return {{"models", list}};
}

report::Report ComparisonReport(const std::vector<ComparedModel>& models) {
  report::Report report{.title = "Comparison of models", .subtitle = FormatCountOf(static_cast<int64_t>(models.size()), "model")};
  report::Table table;
  for (const NamedColumn& column : Columns()) table.columns.push_back({column.title, column.numeric});
  std::vector<report::TrainingCurves> curves;
  for (const ComparedModel& compared : models) {
    table.rows.push_back(RowOf(compared));
    if (!compared.epochs.empty()) curves.push_back({NameOf(compared.model), compared.epochs});
  }
  report.sections.push_back({.title = "Models",
                             .text =
                                 "Validation numbers are of the epoch whose weights the model has; the others of its newest evaluation. "
                                 "Compare only what was evaluated on the same images.",
                             .content = std::move(table)});
  AddBars(models, &report.sections);
  if (curves.empty()) return report;
  for (report::Section& section : report::LossAndAccuracy(curves)) report.sections.push_back(std::move(section));
  report.sections.push_back(report::LearningRate(curves));
  return report;
}

}  // namespace seedbed::cli
