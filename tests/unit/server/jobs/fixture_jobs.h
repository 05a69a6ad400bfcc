// Specifications of each kind of job, and a worker's answer to them.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "seedbed/v1/dataset.pb.h"
#include "seedbed/v1/features.pb.h"
#include "seedbed/v1/model.pb.h"
#include "seedbed/v1/worker.pb.h"

namespace seedbed::jobs {

inline v1::JobSpec IndexJob(const std::string& dataset, const std::string& root = "/") {
  v1::JobSpec spec;
  spec.mutable_index()->set_dataset(dataset);
  spec.mutable_index()->set_root(root);
  return spec;
}

inline v1::JobSpec SplitJob(const std::string& dataset, const std::string& name = "") {
  v1::JobSpec spec;
  spec.mutable_split()->set_dataset(dataset);
  spec.mutable_split()->set_name(name);
  spec.mutable_split()->set_per_class(12);
  return spec;
}

inline v1::JobSpec TrainJob(const std::string& dataset, const std::string& model = "baseline", const std::string& split = "") {
  v1::JobSpec spec;
  spec.mutable_train()->set_dataset(dataset);
  spec.mutable_train()->set_split(split);
  spec.mutable_train()->set_arch("logistic");
  spec.mutable_train()->set_model(model);
  return spec;
}

inline v1::JobSpec EvaluateJob(const std::string& model, const std::string& dataset, const std::string& split = "") {
  v1::JobSpec spec;
  spec.mutable_evaluate()->set_model(model);
  spec.mutable_evaluate()->set_dataset(dataset);
  spec.mutable_evaluate()->set_split(split);
  return spec;
}

inline v1::JobSpec ImportModelJob(const std::string& model) {
  v1::JobSpec spec;
  spec.mutable_import_model()->set_model(model);
  spec.mutable_import_model()->set_arch("logistic");
  spec.mutable_import_model()->set_weights_sha256(std::string(64, 'a'));
  return spec;
}

inline v1::JobSpec ExtractJob(const std::string& dataset, const std::string& model, const std::string& features) {
  v1::JobSpec spec;
  spec.mutable_extract()->set_dataset(dataset);
  spec.mutable_extract()->set_model(model);
  spec.mutable_extract()->set_features(features);
  return spec;
}

inline v1::JobSpec PopJob(const std::string& model, const std::string& output, int count = 1) {
  v1::JobSpec spec;
  spec.mutable_edit_model()->set_model(model);
  spec.mutable_edit_model()->set_output(output);
  spec.mutable_edit_model()->set_pop(count);
  return spec;
}

inline v1::JobSpec CleanJob(const std::string& dataset, const std::string& output) {
  v1::JobSpec spec;
  spec.mutable_clean()->set_dataset(dataset);
  spec.mutable_clean()->set_output(output);
  spec.mutable_clean()->mutable_pipeline()->add_values()->set_string_value("remove_background");
  return spec;
}

inline v1::JobSpec ExportModelJob(const std::string& model) {
  v1::JobSpec spec;
  spec.mutable_export_()->set_model(model);
  return spec;
}

inline v1::JobSpec ExportFeaturesJob(const std::string& features) {
  v1::JobSpec spec;
  spec.mutable_export_()->set_features(features);
  return spec;
}

inline v1::JobSpec TrainOnFeaturesJob(const std::string& features, const std::string& model = "head") {
  v1::JobSpec spec;
  spec.mutable_train()->set_features(features);
  spec.mutable_train()->set_model(model);
  return spec;
}

inline v1::JobSpec After(v1::JobSpec spec, const std::vector<std::string>& jobs) {
  for (const std::string& job : jobs) spec.add_depends_on(job);
  return spec;
}

// Puts a file where the task would.
inline void Stage(const v1::Assignment& assignment, const std::string& path, const std::string& content) {
  std::ofstream(std::filesystem::path(assignment.inputs().staging_dir()) / path) << content;
}
// Does the job's work: stages what it makes, and says that it succeeded.
inline v1::TaskFinished Work(const v1::Assignment& assignment) {
  v1::TaskFinished finished;
  finished.set_outcome(v1::TaskFinished::OUTCOME_SUCCEEDED);
  const v1::JobSpec& spec = assignment.spec();
  if (spec.has_index() || spec.has_clean()) {
    Stage(assignment, "output/manifest.tsv", "path\tlabel\n");
    if (spec.has_clean()) {
      finished.mutable_result()->mutable_clean();
    } else {
      finished.mutable_result()->mutable_index()->set_images(480);
    }
    v1::Dataset dataset;
    dataset.set_images(480);
    dataset.add_classes()->set_name("maize");
    dataset.add_classes()->set_name("rice");
    finished.set_record(dataset.SerializeAsString());
  } else if (spec.has_split()) {
    Stage(assignment, "output/split.tsv", "row\tsubset\n");
    finished.mutable_result()->mutable_split();
    v1::Split split;
    for (const char* name : {"train", "validation"}) {
      split.add_subsets()->set_name(name);
      split.mutable_subsets()->rbegin()->set_images(*name == 't' ? 456 : 24);
    }
    split.set_rule("12 per class, seed 0");
    finished.set_record(split.SerializeAsString());
  } else if (spec.has_train()) {
    Stage(assignment, "output/model.json", "{}");
    finished.mutable_result()->mutable_train()->set_weights_sha256("abc");
    finished.set_record(v1::Model().SerializeAsString());
  } else if (spec.has_import_model()) {
    Stage(assignment, "output/model.json", "{}");
    finished.mutable_result()->mutable_import_model()->set_naming("keras");
    finished.set_record(v1::Model().SerializeAsString());
  } else if (spec.has_edit_model()) {
    Stage(assignment, "output/model.json", "{}");
    finished.mutable_result()->mutable_edit_model()->set_output_layer("fc1");
    finished.set_record(v1::Model().SerializeAsString());
  } else if (spec.has_extract()) {
    Stage(assignment, "output/.zgroup", "{}");
    finished.mutable_result()->mutable_extract()->set_rows(480);
    v1::FeatureSet features;
    features.set_rows(480);
    features.add_shape(8);
    features.set_arch("logistic");
    features.set_layer("fc1");
    features.set_weights_sha256("abc");
    features.add_classes("maize");
    features.add_classes("rice");
    finished.set_record(features.SerializeAsString());
  } else if (spec.has_export_()) {
    Stage(assignment, "artifacts/m.safetensors", "x");
    finished.mutable_result()->mutable_export_()->add_files("m.safetensors");
    finished.add_artifacts()->set_name("m.safetensors");
  } else {
    Stage(assignment, "artifacts/confusion.csv", "1,2\n");
    finished.mutable_result()->mutable_evaluate()->set_accuracy(0.5);
    finished.add_artifacts()->set_name("confusion.csv");
  }
  return finished;
}

}  // namespace seedbed::jobs
