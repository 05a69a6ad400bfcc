// The life of attempts: claims, events, ends, losses.
#include <google/protobuf/util/time_util.h>

#include "tests/unit/server/jobs/job_manager_fixture.h"

namespace seedbed::jobs {
namespace {

using ::seedbed::testing::IsOkAndHolds;
using ::seedbed::testing::StatusIs;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

MATCHER(ClaimsNothing, "claims nothing") { return arg.ok() && !arg->has_value(); }

class Attempts : public JobManagerTest {
 protected:
  // Waits until the back-off of every job has passed.
  void PassBackoff() {
    clock_.Advance(options_.max_backoff);
    manager_->Tick();
  }
};

TEST_F(Attempts, AnAssignmentHoldsAllThatTheWorkerNeeds) {
  MakeDataset("maize");
  MakeSplit("maize", "default");
  Submit(TrainJob("maize", "m", "default"));
  const v1::Assignment assignment = Claim();
  EXPECT_EQ(assignment.attempt().job_id(), "train-3");
  EXPECT_EQ(assignment.attempt().epoch(), 1);
  EXPECT_EQ(assignment.attempt_number(), 1);
  EXPECT_EQ(assignment.spec().train().epochs(), 10);
  const v1::TaskInputs& inputs = assignment.inputs();
  EXPECT_EQ(inputs.dataset_dir(), layout_.dataset("maize", 1));
  EXPECT_EQ(inputs.dataset_version(), 1);
  EXPECT_EQ(inputs.split_file(), layout_.split("maize", "default"));
  EXPECT_EQ(inputs.output_version(), 1);
  EXPECT_EQ(inputs.cache_dir(), layout_.cache());
  EXPECT_EQ(inputs.profile().instruction_set(), "avx2");
  EXPECT_TRUE(fs::is_empty(fs::path(inputs.staging_dir()) / "output"));
  EXPECT_TRUE(fs::is_empty(fs::path(inputs.staging_dir()) / "artifacts"));
  EXPECT_TRUE(fs::is_directory(inputs.checkpoint_dir()));
  EXPECT_EQ(manager_->Get("train-3")->worker(), "jobs-cpu");
  EXPECT_EQ(manager_->Get("train-3")->profile().device(), "cpu");
}

TEST_F(Attempts, NothingToClaimIsNoError) { EXPECT_THAT(TryClaim(), ClaimsNothing()); }

TEST_F(Attempts, NothingIsClaimedWhileDraining) {
  Submit(IndexJob("maize"));
  manager_->SetDraining(true);
  EXPECT_THAT(TryClaim(), ClaimsNothing());
  int runnable = 0;
  manager_->SetWakeups([&] { ++runnable; }, [](const v1::Attempt&) {});
  manager_->SetDraining(false);
  EXPECT_EQ(runnable, 1);
  EXPECT_EQ(Claim().attempt().job_id(), "index-1");
}

TEST_F(Attempts, HigherPriorityFirstThenOlder) {
  for (const int priority : {0, -100, 7, 0, 100, 7}) {
    v1::JobSpec spec = IndexJob("d" + std::to_string(manager_->List({})->jobs_size()));
    spec.set_priority(priority);
    Submit(spec);
  }
  std::vector<std::string> order;
  for (int i = 0; i < 6; ++i) order.push_back(Claim().attempt().job_id());
  EXPECT_THAT(order, ElementsAre("index-5", "index-3", "index-6", "index-1", "index-4", "index-2"));
}

TEST_F(Attempts, TheWholeLifeInEvents) {
  const std::string id = Submit(IndexJob("maize"));
  clock_.Advance(seconds(5));
  const v1::Assignment assignment = Run();
  v1::TaskEvent event;
  event.set_key("log/1");
  event.mutable_event()->mutable_log()->set_message("Found 480 images belonging to 2 classes.");
  EXPECT_THAT(Append(assignment.attempt(), event), IsOkAndHolds(true));
  v1::TaskFinished finished = Work(assignment);
  Stage(assignment, "artifacts/rejected.tsv", "x");
  finished.add_artifacts()->set_name("rejected.tsv");
  SB_ASSERT_OK(Finish(assignment.attempt(), finished));
  std::vector<int> states;
  int64_t seq = 0;
  for (const v1::Event& one : Events(id)) {
    EXPECT_EQ(one.seq(), ++seq);
    states.push_back(one.has_state() ? one.state().state() : -1);
  }
  EXPECT_THAT(states, ElementsAre(v1::JOB_STATE_PENDING, v1::JOB_STATE_ASSIGNED, v1::JOB_STATE_RUNNING, -1, -1, v1::JOB_STATE_SUCCEEDED));
  EXPECT_THAT(observer_.Take(), ElementsAre("index-1 PENDING", "index-1 ASSIGNED", "index-1 RUNNING", "index-1 other", "index-1 artifact",
                                            "index-1 SUCCEEDED"));
  const v1::Job job = manager_->Get(id).value();
  EXPECT_EQ(job.attempt(), 1);
  EXPECT_EQ(google::protobuf::util::TimeUtil::DurationToSeconds(job.start_time() - job.create_time()), 5);
  EXPECT_EQ(job.result().index().version(), 1);
  EXPECT_EQ(job.result().index().dataset(), "maize");
  const v1::Dataset dataset = store_->GetDataset("maize", 1).value();
  EXPECT_EQ(dataset.images(), 480);
  EXPECT_EQ(dataset.root(), "/");
  EXPECT_EQ(dataset.job_id(), id);
  EXPECT_TRUE(fs::exists(layout_.dataset("maize", 1) / "manifest.tsv"));
  EXPECT_TRUE(fs::exists(layout_.artifacts(id) / "rejected.tsv"));
  EXPECT_FALSE(fs::exists(layout_.staging(id)));
  EXPECT_FALSE(fs::exists(layout_.checkpoints(id)));
}

TEST_F(Attempts, StartedTwiceIsTheSameAsOnce) {
  Submit(IndexJob("maize"));
  const v1::Assignment assignment = Run();
  SB_EXPECT_OK(Started(assignment.attempt()));
  EXPECT_EQ(Events("index-1").size(), 3u);
}

TEST_F(Attempts, AnEventIsStoredOncePerKey) {
  MakeDataset("maize");
  const std::string id = Submit(TrainJob("maize"));
  const v1::Assignment first = Run();
  EXPECT_THAT(AppendEpoch(first.attempt(), 1), IsOkAndHolds(true));
  EXPECT_THAT(AppendEpoch(first.attempt(), 1), IsOkAndHolds(false));
  SB_ASSERT_OK(Lose(first.attempt()));
  PassBackoff();
  const v1::Assignment second = Run();
  EXPECT_THAT(AppendEpoch(second.attempt(), 1), IsOkAndHolds(false)) << "a later attempt says it again";
  EXPECT_THAT(AppendEpoch(second.attempt(), 2), IsOkAndHolds(true));
  int epochs = 0;
  for (const v1::Event& event : Events(id)) epochs += event.has_epoch();
  EXPECT_EQ(epochs, 2);
}

TEST_F(Attempts, WorkersCannotForgeStatesNorStoreProgress) {
  Submit(IndexJob("maize"));
  const v1::Assignment assignment = Run();
  v1::TaskEvent event;
  event.set_key("k");
  EXPECT_THAT(Append(assignment.attempt(), event), StatusIs(absl::StatusCode::kInvalidArgument));
  event.mutable_event()->mutable_state()->set_state(v1::JOB_STATE_SUCCEEDED);
  EXPECT_THAT(Append(assignment.attempt(), event), StatusIs(absl::StatusCode::kInvalidArgument));
  event.mutable_event()->mutable_progress();
  EXPECT_THAT(Append(assignment.attempt(), event), StatusIs(absl::StatusCode::kInvalidArgument));
  event.mutable_event()->mutable_log();
  event.clear_key();
  EXPECT_THAT(Append(assignment.attempt(), event), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(Attempts, AStaleAttemptChangesNothing) {
  MakeDataset("maize");
  const std::string id = Submit(TrainJob("maize"));
  const v1::Assignment stale = Run();
  SB_ASSERT_OK(Lose(stale.attempt()));
  PassBackoff();
  const v1::Assignment current = Run();
  const size_t events = Events(id).size();
  const auto expect_aborted = [](const absl::StatusOr<bool>& answer) { EXPECT_THAT(answer, StatusIs(absl::StatusCode::kAborted)); };
  for (int i = 0; i < 100; ++i) {
    expect_aborted(Started(stale.attempt()));
    expect_aborted(AppendEpoch(stale.attempt(), 9));
    expect_aborted(Checkpointed(stale.attempt(), 9));
    expect_aborted(Finish(stale.attempt(), v1::TaskFinished::OUTCOME_FAILED));
    expect_aborted(Lose(stale.attempt()));
  }
  fs::create_directories(fs::path(stale.inputs().staging_dir()) / "output");
  expect_aborted(Finish(stale.attempt(), Work(stale)));
  EXPECT_FALSE(fs::exists(layout_.model("baseline", 1))) << "a stale attempt publishes nothing";
  manager_->ReportProgress(stale.attempt(), v1::Progress());
  EXPECT_FALSE(manager_->LatestProgress(id).has_value());
  EXPECT_EQ(Events(id).size(), events);
  EXPECT_TRUE(manager_->StateOf(current.attempt()).current);
  EXPECT_FALSE(manager_->StateOf(stale.attempt()).current);
  SB_EXPECT_OK(Finish(current.attempt(), Work(current)));
}

TEST_F(Attempts, FinishIsAnsweredAgainForTheAttemptThatFinished) {
  Submit(IndexJob("maize"));
  const v1::Assignment assignment = Run();
  const v1::TaskFinished finished = Work(assignment);
  SB_ASSERT_OK(Finish(assignment.attempt(), finished));
  SB_EXPECT_OK(Finish(assignment.attempt(), finished));
  Restart();
  SB_EXPECT_OK(Finish(assignment.attempt(), finished));
  EXPECT_TRUE(fs::exists(layout_.dataset("maize", 1) / "manifest.tsv"));
  v1::Attempt other = assignment.attempt();
  other.set_epoch(7);
  EXPECT_THAT(Finish(other, finished), StatusIs(absl::StatusCode::kAborted));
  EXPECT_THAT(Started(assignment.attempt()), StatusIs(absl::StatusCode::kAborted));
}

TEST_F(Attempts, SuccessWithoutTheStartedMessageStillPassesThroughRunning) {
  const std::string id = Submit(IndexJob("maize"));
  const v1::Assignment assignment = Claim();
  SB_ASSERT_OK(Finish(assignment.attempt(), Work(assignment)));
  EXPECT_EQ(Events(id)[2].state().state(), v1::JOB_STATE_RUNNING);
  EXPECT_EQ(State(id), v1::JOB_STATE_SUCCEEDED);
}

TEST_F(Attempts, ATasksFailureIsFinalAndKeepsItsArtifacts) {
  MakeDataset("maize");
  const std::string id = Submit(TrainJob("maize"));
  const v1::Assignment assignment = Run();
  Stage(assignment, "artifacts/history.csv", "epoch\n");
  Stage(assignment, "output/model.json", "half");
  v1::TaskFinished finished;
  finished.set_outcome(v1::TaskFinished::OUTCOME_FAILED);
  finished.mutable_error()->set_reason(v1::REASON_DIVERGED);
  finished.mutable_error()->set_message("loss is not a number at epoch 2, batch 17");
  finished.add_artifacts()->set_name("history.csv");
  SB_ASSERT_OK(Finish(assignment.attempt(), finished));
  const v1::Job job = manager_->Get(id).value();
  EXPECT_EQ(job.state(), v1::JOB_STATE_FAILED);
  EXPECT_EQ(job.error().reason(), v1::REASON_DIVERGED);
  EXPECT_THAT(job.error().message(), HasSubstr("batch 17"));
  EXPECT_TRUE(fs::exists(layout_.artifacts(id) / "history.csv"));
  EXPECT_FALSE(fs::exists(layout_.model("baseline", 1)));
  EXPECT_THAT(TryClaim(), ClaimsNothing());
}

TEST_F(Attempts, ASuccessWithoutOutputIsAFailureOfOurs) {
  const std::string no_result = Submit(IndexJob("maize"));
  const v1::Assignment first = Run();
  SB_ASSERT_OK(Finish(first.attempt(), v1::TaskFinished::OUTCOME_SUCCEEDED));
  EXPECT_EQ(manager_->Get(no_result)->error().reason(), v1::REASON_INTERNAL);
  const std::string no_output = Submit(IndexJob("rice"));
  const v1::Assignment second = Run();
  const v1::TaskFinished finished = Work(second);
  fs::remove_all(fs::path(second.inputs().staging_dir()) / "output");
  SB_ASSERT_OK(Finish(second.attempt(), finished));
  EXPECT_THAT(manager_->Get(no_output)->error().message(), HasSubstr("left nothing"));
  const std::string no_record = Submit(IndexJob("rye"));
  const v1::Assignment third = Run();
  v1::TaskFinished damaged = Work(third);
  damaged.set_record("\xff\xff");
  SB_ASSERT_OK(Finish(third.attempt(), damaged));
  EXPECT_THAT(manager_->Get(no_record)->error().message(), HasSubstr("damaged record"));
}

TEST_F(Attempts, ALostAttemptGoesBackToTheQueueUnderANewEpochAfterItsBackoff) {
  MakeDataset("maize");
  const std::string id = Submit(TrainJob("maize"));
  const v1::Assignment first = Run();
  std::ofstream(fs::path(first.inputs().checkpoint_dir()) / "checkpoint-1") << "x";
  SB_ASSERT_OK(Lose(first.attempt()));
  const v1::Job job = manager_->Get(id).value();
  EXPECT_EQ(job.state(), v1::JOB_STATE_PENDING);
  EXPECT_EQ(Events(id).back().state().reason(), v1::REASON_WORKER_LOST);
  EXPECT_EQ(Events(id).back().state().worker(), "");
  EXPECT_FALSE(fs::exists(first.inputs().staging_dir()));
  EXPECT_THAT(TryClaim(), ClaimsNothing()) << "not before its back-off has passed";
  int runnable = 0;
  manager_->SetWakeups([&] { ++runnable; }, [](const v1::Attempt&) {});
  clock_.Advance(milliseconds(1001));
  manager_->Tick();
  EXPECT_EQ(runnable, 1);
  const v1::Assignment second = Run();
  EXPECT_EQ(second.attempt().epoch(), 2);
  EXPECT_EQ(second.attempt_number(), 2);
  EXPECT_EQ(second.inputs().output_version(), first.inputs().output_version());
  EXPECT_NE(second.inputs().staging_dir(), first.inputs().staging_dir());
  EXPECT_TRUE(fs::exists(fs::path(second.inputs().checkpoint_dir()) / "checkpoint-1"));
}

TEST_F(Attempts, TickSaysWhenTheBackoffIsOver) {
  MakeDataset("maize");
  Submit(TrainJob("maize"));
  SB_ASSERT_OK(Lose(Run().attempt()));
  for (int i = 0; i < 100 && !TryClaim()->has_value(); ++i) {
    const MonotonicTime next = manager_->Tick();
    ASSERT_GT(next, clock_.Monotonic());
    clock_.Advance(next - clock_.Monotonic());
  }
  EXPECT_EQ(State("train-2"), v1::JOB_STATE_ASSIGNED);
  EXPECT_LE(clock_.Monotonic() - MonotonicTime(std::chrono::hours(1)), milliseconds(1300));
}

TEST_F(Attempts, TooManyLossesWithoutProgressEndTheJob) {
  MakeDataset("maize");
  const std::string id = Submit(TrainJob("maize"));
  for (int i = 0; i < 3; ++i) {
    SB_ASSERT_OK(Lose(Run().attempt()));
    PassBackoff();
  }
  const v1::Job job = manager_->Get(id).value();
  EXPECT_EQ(job.state(), v1::JOB_STATE_FAILED);
  EXPECT_EQ(job.error().reason(), v1::REASON_WORKER_LOST);
  EXPECT_THAT(job.error().message(), HasSubstr("3 lost attempts"));
}

TEST_F(Attempts, TwoCrashesWithoutProgressEndTheJob) {
  MakeDataset("maize");
  const std::string id = Submit(TrainJob("maize"));
  SB_ASSERT_OK(Lose(Run().attempt(), v1::REASON_WORKER_CRASHED));
  PassBackoff();
  SB_ASSERT_OK(Lose(Run().attempt(), v1::REASON_OUT_OF_MEMORY));
  EXPECT_EQ(manager_->Get(id)->error().reason(), v1::REASON_OUT_OF_MEMORY);
  EXPECT_EQ(State(id), v1::JOB_STATE_FAILED);
}

TEST_F(Attempts, ProgressStartsTheCountAnew) {
  MakeDataset("maize");
  const std::string id = Submit(TrainJob("maize"));
  for (int i = 1; i <= 10; ++i) {
    const v1::Assignment assignment = Run();
    if (i % 2 == 0) {
      EXPECT_THAT(Checkpointed(assignment.attempt(), i), IsOkAndHolds(true));
      EXPECT_THAT(Checkpointed(assignment.attempt(), i), IsOkAndHolds(false));
    } else {
      EXPECT_THAT(AppendEpoch(assignment.attempt(), i), IsOkAndHolds(true));
    }
    SB_ASSERT_OK(Lose(assignment.attempt(), v1::REASON_WORKER_CRASHED));
    ASSERT_EQ(State(id), v1::JOB_STATE_PENDING) << i;
    PassBackoff();
  }
  // Marks and epochs that were reached before are no progress.
  const v1::Assignment again = Run();
  EXPECT_THAT(Checkpointed(again.attempt(), 10), IsOkAndHolds(false));
  EXPECT_THAT(AppendEpoch(again.attempt(), 9), IsOkAndHolds(false));
  SB_ASSERT_OK(Lose(again.attempt(), v1::REASON_WORKER_CRASHED));
  EXPECT_EQ(State(id), v1::JOB_STATE_FAILED);
}

TEST_F(Attempts, DrainingNeverCounts) {
  MakeDataset("maize");
  const std::string id = Submit(TrainJob("maize"));
  for (int i = 0; i < 10; ++i) {
    const v1::Assignment assignment = Run();
    if (i % 2 == 0) {
      SB_ASSERT_OK(Finish(assignment.attempt(), v1::TaskFinished::OUTCOME_DRAINED));
      SB_ASSERT_OK(Finish(assignment.attempt(), v1::TaskFinished::OUTCOME_DRAINED)) << "its acknowledgement was lost";
    } else {
      SB_ASSERT_OK(Lose(assignment.attempt(), v1::REASON_DRAINED));
    }
    EXPECT_EQ(State(id), v1::JOB_STATE_PENDING);
  }
}

TEST_F(Attempts, ARetryNeedsAMatchingWorker) {
  MakeDataset("maize");
  const std::string id = Submit(TrainJob("maize"));
  SB_ASSERT_OK(Lose(Run().attempt(), v1::REASON_DRAINED));
  EXPECT_THAT(TryClaim(CpuProfile("avx512")), ClaimsNothing());
  v1::ExecutionProfile more_threads = CpuProfile();
  more_threads.set_threads(64);
  SB_ASSERT_OK_AND_ASSIGN(const auto assignment, TryClaim(more_threads));
  ASSERT_TRUE(assignment.has_value());
  EXPECT_EQ(assignment->inputs().profile().threads(), 2) << "the job keeps the profile it began with";
  // A worker that does not match takes the next job that does.
  const std::string other = Submit(TrainJob("maize"));
  SB_ASSERT_OK(Lose(assignment->attempt(), v1::REASON_DRAINED));
  EXPECT_EQ(TryClaim(CpuProfile("avx512"))->value().attempt().job_id(), other);
  EXPECT_EQ(State(id), v1::JOB_STATE_PENDING);
}

TEST_F(Attempts, CancellingARunningJobTellsItsWorkerAndKeepsWhatItLeft) {
  MakeDataset("maize");
  const std::string id = Submit(TrainJob("maize"));
  const v1::Assignment assignment = Run();
  std::vector<std::string> told;
  manager_->SetWakeups([] {}, [&](const v1::Attempt& attempt) { told.push_back(attempt.job_id()); });
  SB_ASSERT_OK_AND_ASSIGN(const v1::Job job, Cancel(id));
  EXPECT_EQ(job.state(), v1::JOB_STATE_RUNNING);
  EXPECT_THAT(told, ElementsAre(id));
  EXPECT_TRUE(manager_->StateOf(assignment.attempt()).cancel_requested);
  Stage(assignment, "artifacts/best.json", "{}");
  v1::TaskFinished finished;
  finished.set_outcome(v1::TaskFinished::OUTCOME_CANCELLED);
  finished.add_artifacts()->set_name("best.json");
  SB_ASSERT_OK(Finish(assignment.attempt(), finished));
  EXPECT_EQ(State(id), v1::JOB_STATE_CANCELLED);
  EXPECT_EQ(manager_->Get(id)->error().reason(), v1::REASON_CANCELLED_BY_USER);
  EXPECT_TRUE(fs::exists(layout_.artifacts(id) / "best.json"));
}

TEST_F(Attempts, ASuccessThatComesFirstWinsOverACancel) {
  const std::string id = Submit(IndexJob("maize"));
  const v1::Assignment assignment = Run();
  SB_ASSERT_OK(Cancel(id));
  SB_ASSERT_OK(Finish(assignment.attempt(), Work(assignment)));
  EXPECT_EQ(State(id), v1::JOB_STATE_SUCCEEDED);
}

TEST_F(Attempts, ALostJobThatWasCancelledEnds) {
  const std::string id = Submit(IndexJob("maize"));
  const v1::Assignment assignment = Claim();
  SB_ASSERT_OK(Cancel(id));
  SB_ASSERT_OK(Lose(assignment.attempt()));
  EXPECT_EQ(State(id), v1::JOB_STATE_CANCELLED);
}

TEST_F(Attempts, AWorkerThatStopsUnaskedCountsAsLost) {
  const std::string id = Submit(IndexJob("maize"));
  const v1::Assignment assignment = Run();
  SB_ASSERT_OK(Finish(assignment.attempt(), v1::TaskFinished::OUTCOME_CANCELLED));
  EXPECT_EQ(State(id), v1::JOB_STATE_PENDING);
  EXPECT_EQ(Events(id).back().state().reason(), v1::REASON_WORKER_LOST);
}

TEST_F(Attempts, ATimeoutCountsRunningTimeOnlyAndFailsTheJob) {
  MakeDataset("maize");
  v1::JobSpec spec = TrainJob("maize");
  spec.mutable_timeout()->set_seconds(60);
  const std::string id = Submit(spec);
  std::vector<v1::Attempt> told;
  manager_->SetWakeups([] {}, [&](const v1::Attempt& attempt) { told.push_back(attempt); });
  clock_.Advance(seconds(1000));  // in the queue
  const v1::Assignment first = Run();
  clock_.Advance(seconds(40));
  manager_->Tick();
  SB_ASSERT_OK(Lose(first.attempt(), v1::REASON_DRAINED));
  clock_.Advance(seconds(1000));
  const v1::Assignment second = Run();
  clock_.Advance(seconds(19));
  manager_->Tick();
  SB_ASSERT_OK(AppendEpoch(second.attempt(), 1));  // lets what Tick began come to its end
  EXPECT_TRUE(told.empty());
  clock_.Advance(seconds(1));
  manager_->Tick();
  SB_ASSERT_OK(AppendEpoch(second.attempt(), 2));
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].epoch(), 2);
  SB_ASSERT_OK(Cancel(id)) << "too late: the first reason stays";
  SB_ASSERT_OK(Finish(second.attempt(), v1::TaskFinished::OUTCOME_CANCELLED));
  EXPECT_EQ(State(id), v1::JOB_STATE_FAILED);
  EXPECT_EQ(manager_->Get(id)->error().reason(), v1::REASON_TIMEOUT);
  EXPECT_THAT(manager_->Get(id)->error().message(), HasSubstr("60 s"));
}

TEST_F(Attempts, InputsArePinnedAtTheFirstAssignment) {
  MakeDataset("maize");
  Submit(TrainJob("maize"));
  SB_ASSERT_OK(Lose(Run().attempt(), v1::REASON_DRAINED));
  v1::JobSpec update = IndexJob("maize");
  update.mutable_index()->set_update(true);
  update.set_priority(1);
  Submit(update);
  Complete();
  EXPECT_EQ(store_->GetDataset("maize", 0)->version(), 2);
  EXPECT_EQ(Claim().inputs().dataset_version(), 1);
  Submit(TrainJob("maize"));
  EXPECT_EQ(Claim().inputs().dataset_version(), 2);
}

TEST_F(Attempts, ASplitDecidesTheDatasetVersion) {
  MakeDataset("maize");
  MakeSplit("maize", "default");
  v1::JobSpec update = IndexJob("maize");
  update.mutable_index()->set_update(true);
  Submit(update);
  Complete();
  Submit(TrainJob("maize", "m", "default"));
  EXPECT_EQ(Claim().inputs().dataset_version(), 1);
}

TEST_F(Attempts, WhatADependencyMadeGoesBeforeWhatIsNewest) {
  MakeDataset("maize");
  const std::string train = Submit(TrainJob("maize", "m"));
  const std::string evaluate = Submit(After(EvaluateJob("m", "maize"), {train}));
  Complete();
  v1::JobSpec urgent = TrainJob("maize", "m");
  urgent.set_priority(1);
  Submit(urgent);
  Complete();
  EXPECT_EQ(store_->GetModel("m", 0)->version(), 2);
  const v1::Assignment assignment = Claim();
  EXPECT_EQ(assignment.attempt().job_id(), evaluate);
  EXPECT_EQ(assignment.inputs().model_version(), 1);
  EXPECT_EQ(assignment.inputs().model_dir(), layout_.model("m", 1));
}

TEST_F(Attempts, AJobWhoseInputsAreGoneFailsAndTheNextOneIsTaken) {
  MakeDataset("maize");
  MakeDataset("rice");
  const std::string orphan = Submit(TrainJob("maize"));
  const std::string waiting = Submit(After(EvaluateJob("baseline", "rice"), {orphan}));
  const std::string next = Submit(TrainJob("rice"));
  SB_ASSERT_OK(store_->DeleteDataset("maize", ""));
  EXPECT_EQ(Claim().attempt().job_id(), next);
  EXPECT_EQ(manager_->Get(orphan)->error().reason(), v1::REASON_INVALID_INPUT);
  EXPECT_THAT(manager_->Get(orphan)->error().message(), HasSubstr("no dataset 'maize'"));
  EXPECT_EQ(State(waiting), v1::JOB_STATE_CANCELLED);
}

TEST_F(Attempts, AnAttemptThatCannotBePreparedIsGivenBack) {
  const std::string id = Submit(IndexJob("maize"));
  fs::remove_all(layout_.staging());
  std::ofstream(layout_.staging()) << "in the way";
  EXPECT_FALSE(TryClaim().ok());
  EXPECT_EQ(State(id), v1::JOB_STATE_PENDING);
  EXPECT_THAT(Events(id).back().state().message(), HasSubstr("could not prepare"));
}

}  // namespace
}  // namespace seedbed::jobs
