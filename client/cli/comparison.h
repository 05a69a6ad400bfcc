// Several models beside each other.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "client/cli/json_output.h"
#include "core/report/report.h"
#include "core/report/training_charts.h"
#include "seedbed/v1/job.pb.h"
#include "seedbed/v1/model.pb.h"

namespace seedbed::cli {

struct ComparedModel {
  v1::Model model;
  std::optional<v1::Job> evaluation;       // the newest that succeeded
  std::vector<report::EpochPoint> epochs;  // of its training; none for models that were not trained here
};

// The epochs of a history.csv. DATA_LOSS for anything else.
absl::StatusOr<std::vector<report::EpochPoint>> ParseHistory(std::string_view csv);

// Of jobs, newest first: the first evaluation of this version of the model that succeeded.
std::optional<v1::Job> NewestEvaluation(const std::vector<v1::Job>& jobs, const v1::Model& model);

std::string RenderComparison(const std::vector<ComparedModel>& models);
// {"models": [{"model", "arch", "parameters", "trainable_parameters", "epochs", "val_accuracy", "val_loss", "dataset", "bytes",
// "training_seconds", "evaluation": {"job", "dataset", "split", "subset", "images", "accuracy", "top5", "loss"}}]}; null where there is
// nothing to say.
Json ComparisonToJson(const std::vector<ComparedModel>& models);
// The table, and the curves over each other.
report::Report ComparisonReport(const std::vector<ComparedModel>& models);

}  // namespace seedbed::cli
