#include "core/evaluate/report.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/csv.h"
#include "nlohmann/json.hpp"

namespace seedbed::evaluate {

std::string EvaluationJson(const Evaluation& evaluation, std::span<const std::string> classes) {
  const Scores scores = evaluation.Summarize();
  nlohmann::ordered_json json = {{"images", scores.examples},
                                 {"accuracy", scores.accuracy},
                                 {"top5", scores.top5},
                                 {"top_k", scores.top_k},
                                 {"top_k_accuracy", scores.top_k_accuracy},
                                 {"loss", scores.loss},
                                 {"calibration_error", scores.calibration_error}};
  json["classes"] = std::vector<std::string>(classes.begin(), classes.end());
  json["per_class"] = nlohmann::ordered_json::array();
  json["confusion"] = nlohmann::ordered_json::array();
  for (size_t k = 0; k < classes.size(); ++k) {
    const ClassScores& scored = scores.per_class[k];
    json["per_class"].push_back(
        {{"name", classes[k]}, {"precision", scored.precision}, {"recall", scored.recall}, {"f1", scored.f1}, {"images", scored.examples}});
    const std::span row = std::span(evaluation.confusion()).subspan(k * classes.size(), classes.size());
    json["confusion"].push_back(std::vector<int64_t>(row.begin(), row.end()));
  }
  json["calibration"] = nlohmann::ordered_json::array();
  for (const CalibrationBin& bin : evaluation.calibration()) {
    json["calibration"].push_back({{"images", bin.examples}, {"right", bin.right}, {"probability_sum", bin.probability_sum}});
  }
  // File names need not be UTF-8; JSON must be.
  return json.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string ConfusionCsv(const Evaluation& evaluation, std::span<const std::string> classes) {
  std::string csv = "true\\predicted";
  for (const std::string& name : classes) absl::StrAppend(&csv, ",", CsvField(name));
  for (size_t label = 0; label < classes.size(); ++label) {
    absl::StrAppend(&csv, "\n", CsvField(classes[label]));
    for (size_t k = 0; k < classes.size(); ++k) absl::StrAppend(&csv, ",", evaluation.confusion()[label * classes.size() + k]);
  }
  return csv + "\n";
}

std::string PerClassCsv(const Scores& scores, std::span<const std::string> classes) {
  std::string csv = "class,precision,recall,f1,images\n";
  for (size_t k = 0; k < classes.size(); ++k) {
    const ClassScores& scored = scores.per_class[k];
    absl::StrAppendFormat(&csv, "%s,%.6f,%.6f,%.6f,%d\n", CsvField(classes[k]), scored.precision, scored.recall, scored.f1,
                          scored.examples);
  }
  return csv;
}

std::string PredictionsCsv(std::span<const Prediction> predictions, std::span<const std::string> classes) {
  std::string csv = "path,true,predicted,probability\n";
  for (const Prediction& prediction : predictions) {
    absl::StrAppendFormat(&csv, "%s,%s,%s,%.6f\n", CsvField(prediction.path), CsvField(classes[prediction.label]),
                          CsvField(classes[prediction.judgement.predicted]), prediction.judgement.probability);
  }
  return csv;
}

}  // namespace seedbed::evaluate
