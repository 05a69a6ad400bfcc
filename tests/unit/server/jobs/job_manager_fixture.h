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
#include "tests/unit/server/jobs/fixture_jobs.h"

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
