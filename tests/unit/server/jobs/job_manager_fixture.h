// A manager with everything around it: data root, store, clock, and a worker played by the test.
#pragma once

#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/file.h"
#include "core/base/mutex.h"
#include "core/base/status_macros.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/jobs/job_manager.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temporary_directory.h"

namespace seedbed::jobs {

// The value that `start` hands to its callback.
template <typename T>
absl::StatusOr<T> Await(const std::function<void(JobManager::Done<T>)>& start) {
  std::promise<absl::StatusOr<T>> answer;
  start([&](absl::StatusOr<T> value) { answer.set_value(std::move(value)); });
  return answer.get_future().get();
}

inline v1::ExecutionProfile CpuProfile(const std::string& instruction_set = "avx2") {
  v1::ExecutionProfile profile;
  profile.set_device("cpu");
  profile.set_instruction_set(instruction_set);
  profile.set_precision("float32");
  profile.set_threads(2);
  return profile;
}

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
  if (spec.has_index()) {
    Stage(assignment, "output/manifest.tsv", "path\tlabel\n");
    finished.mutable_result()->mutable_index()->set_images(480);
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

// Remembers what it was told, as "train-1 PENDING" and "train-1 epoch".
class RecordingObserver : public JobObserver {
 public:
  void OnTransition(const v1::Job& job, v1::JobState, const v1::StateChange& change) override {
    Add(job.id() + " " + v1::JobState_Name(change.state()).substr(10));
  }
  void OnEvent(std::string_view job_id, std::string_view, const v1::Event& event) override {
    Add(std::string(job_id) + (event.has_epoch() ? " epoch" : event.has_artifact() ? " artifact" : " other"));
  }
  std::vector<std::string> Take() {
    MutexLock lock(&mutex_);
    return std::exchange(seen_, {});
  }

 private:
  void Add(std::string line) {
    MutexLock lock(&mutex_);
    seen_.push_back(std::move(line));
  }
  Mutex mutex_;
  std::vector<std::string> seen_ ABSL_GUARDED_BY(mutex_);
};

class JobManagerTest : public ::testing::Test {
 protected:
  JobManagerTest() {
    SB_EXPECT_OK(layout_.Create());
    options_.min_free_bytes = 0;
    options_.executor = [](const std::function<void()>& work) { work(); };
    Start();
  }

  void Start() {
    store::StoreOptions store_options;
    store_options.reserve_bytes = 0;
    store_ = store::Store::Open(layout_.database(), store_options).value();
    StartManager(store_.get());
  }
  void StartManager(store::Store* store) {
    manager_ = JobManager::Create(store, &layout_, &clock_, &observer_, options_).value();
    recovered_ = manager_->Recover().value();
  }
  void Stop() {
    manager_.reset();
    store_.reset();
  }
  void Restart() {
    Stop();
    Start();
  }

  absl::StatusOr<v1::SubmitJobResponse> Request(const v1::SubmitJobRequest& request) {
    return Await<v1::SubmitJobResponse>([&](auto done) { manager_->Submit(request, std::move(done)); });
  }
  absl::StatusOr<v1::Job> TrySubmit(const v1::JobSpec& spec, const std::string& request_id = "") {
    v1::SubmitJobRequest request;
    *request.mutable_spec() = spec;
    request.set_request_id(request_id);
    SB_ASSIGN_OR_RETURN(const v1::SubmitJobResponse response, Request(request));
    return response.job();
  }
  // The new job's id.
  std::string Submit(const v1::JobSpec& spec) {
    const absl::StatusOr<v1::Job> job = TrySubmit(spec);
    SB_EXPECT_OK(job);
    return job.ok() ? job->id() : "";
  }
  absl::StatusOr<v1::Job> Cancel(const std::string& id) {
    return Await<v1::Job>([&](auto done) { manager_->Cancel(id, std::move(done)); });
  }
  v1::JobState State(const std::string& id) { return manager_->Get(id).value().state(); }
  std::vector<v1::Event> Events(const std::string& id, int64_t after = 0) { return manager_->ReadEvents(id, after, 10'000).value(); }

  using MaybeAssignment = std::optional<v1::Assignment>;
  absl::StatusOr<MaybeAssignment> TryClaim(const v1::ExecutionProfile& profile = CpuProfile()) {
    return Await<MaybeAssignment>([&](auto done) { manager_->Claim("jobs-cpu", profile, std::move(done)); });
  }
  v1::Assignment Claim() { return TryClaim().value().value(); }
  absl::StatusOr<bool> Started(const v1::Attempt& attempt) {
    return Await<bool>([&](auto done) { manager_->Started(attempt, std::move(done)); });
  }
  // Claims and starts the next job.
  v1::Assignment Run() {
    v1::Assignment assignment = Claim();
    SB_EXPECT_OK(Started(assignment.attempt()));
    return assignment;
  }
  absl::StatusOr<bool> Append(const v1::Attempt& attempt, const v1::TaskEvent& event) {
    return Await<bool>([&](auto done) { manager_->AppendEvent(attempt, event, std::move(done)); });
  }
  absl::StatusOr<bool> AppendEpoch(const v1::Attempt& attempt, int epoch) {
    v1::TaskEvent event;
    event.set_key("epoch/" + std::to_string(epoch));
    event.mutable_event()->mutable_epoch()->set_epoch(epoch);
    return Append(attempt, event);
  }
  absl::StatusOr<bool> Checkpointed(const v1::Attempt& attempt, int64_t mark) {
    return Await<bool>([&](auto done) { manager_->Checkpointed(attempt, mark, std::move(done)); });
  }
  absl::StatusOr<bool> Finish(const v1::Attempt& attempt, const v1::TaskFinished& finished) {
    return Await<bool>([&](auto done) { manager_->Finish(attempt, finished, std::move(done)); });
  }
  absl::StatusOr<bool> Finish(const v1::Attempt& attempt, v1::TaskFinished::Outcome outcome) {
    v1::TaskFinished finished;
    finished.set_outcome(outcome);
    return Finish(attempt, finished);
  }
  absl::StatusOr<bool> Lose(const v1::Attempt& attempt, v1::Reason reason = v1::REASON_WORKER_LOST) {
    return Await<bool>([&](auto done) { manager_->Lost(attempt, {reason, "the worker went away"}, std::move(done)); });
  }

  // Runs the next job to its success; its id.
  std::string Complete() {
    const v1::Assignment assignment = Run();
    SB_EXPECT_OK(Finish(assignment.attempt(), Work(assignment)));
    return assignment.attempt().job_id();
  }
  void MakeDataset(const std::string& name) {
    Submit(IndexJob(name));
    Complete();
  }
  void MakeSplit(const std::string& dataset, const std::string& name) {
    Submit(SplitJob(dataset, name));
    Complete();
  }
  void MakeModel(const std::string& dataset, const std::string& name) {
    Submit(TrainJob(dataset, name));
    Complete();
  }
  void MakeFeatures(const std::string& dataset, const std::string& model, const std::string& name) {
    Submit(ExtractJob(dataset, model, name));
    Complete();
  }

  testing::TemporaryDirectory folder_;
  const store::DataLayout layout_{folder_.path() / "data"};
  testing::FakeClock clock_;
  RecordingObserver observer_;
  JobManagerOptions options_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<JobManager> manager_;
  RecoveryReport recovered_;
};

// The field that an error names.
inline std::string FieldOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kFieldPayload);
  return payload ? std::string(*payload) : "";
}

}  // namespace seedbed::jobs
