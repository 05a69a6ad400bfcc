// The evaluate job: a model and labelled images in, scores out.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/tasks/task_context.h"

namespace seedbed::tasks {

struct EvaluateSpec {
  std::string model;
  int model_version = 1;
  std::filesystem::path model_dir;
  std::string dataset;
  int dataset_version = 1;
  std::filesystem::path dataset_dir;
  std::filesystem::path split_file;  // empty: the whole dataset
  std::string subset;
  int batch_size = 32;
  int top_k = 5;
  std::string job = {};     // its id, for the report
  std::string recipe = {};  // the job's specification as JSON, for the report
};

struct ClassScore {
  std::string name;
  double precision = 0;
  double recall = 0;
  double f1 = 0;
  int64_t images = 0;
};

struct EvaluateResult {
  int64_t images = 0;
  double accuracy = 0;
  double top5 = 0;
  int top_k = 5;
  double top_k_accuracy = 0;  // share of images whose class is among the top_k best
  double loss = 0;
  std::vector<ClassScore> per_class;
  std::vector<int64_t> confusion;  // row: true class, column: predicted; row-major
};

// Writes report.html, evaluation.json, confusion.csv, per_class.csv and predictions.csv to artifacts_dir. INVALID_ARGUMENT when the
// dataset's classes are not the model's.
absl::StatusOr<EvaluateResult> RunEvaluate(const EvaluateSpec& spec, TaskContext& context);

}  // namespace seedbed::tasks
