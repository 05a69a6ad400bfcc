// What people see of the manager: submitting, repeating, depending, cancelling, listing.
#include "tests/unit/server/jobs/job_manager_fixture.h"

namespace seedbed::jobs {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

using Submission = JobManagerTest;

TEST_F(Submission, GivesIdsFromOneCounterAndTheFirstEvent) {
  EXPECT_EQ(Submit(IndexJob("maize")), "index-1");
  EXPECT_EQ(Submit(IndexJob("rice")), "index-2");
  const v1::Job job = manager_->Get("index-1").value();
  EXPECT_EQ(job.state(), v1::JOB_STATE_PENDING);
  EXPECT_EQ(job.kind(), v1::JOB_KIND_INDEX);
  EXPECT_EQ(job.last_seq(), 1);
  EXPECT_GT(job.create_time().seconds(), 0);
  EXPECT_FALSE(job.has_start_time());
  EXPECT_FALSE(job.has_error());
  const auto events = Events("index-1");
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].seq(), 1);
  EXPECT_EQ(events[0].state().state(), v1::JOB_STATE_PENDING);
  EXPECT_THAT(observer_.Take(), ElementsAre("index-1 PENDING", "index-2 PENDING"));
}

TEST_F(Submission, UnknownIdsAreNotFound) {
  Submit(IndexJob("maize"));
  for (const char* id : {"", "index", "index-2", "train-1", "index-1x", "index--1", "1", "index-01"}) {
    EXPECT_THAT(manager_->Get(id), StatusIs(absl::StatusCode::kNotFound, HasSubstr(id))) << id;
    EXPECT_THAT(manager_->ReadEvents(id, 0, 10), StatusIs(absl::StatusCode::kNotFound));
    EXPECT_THAT(Cancel(id), StatusIs(absl::StatusCode::kNotFound));
  }
}

TEST_F(Submission, SurvivesARestart) {
  Submit(IndexJob("maize"));
  Restart();
  EXPECT_EQ(State("index-1"), v1::JOB_STATE_PENDING);
  EXPECT_EQ(Submit(IndexJob("rice")), "index-2");
}

TEST_F(Submission, TheSameRequestIdGivesTheFirstJob) {
  SB_ASSERT_OK_AND_ASSIGN(const v1::Job first, TrySubmit(IndexJob("maize"), "r1"));
  SB_ASSERT_OK_AND_ASSIGN(const v1::Job again, TrySubmit(IndexJob("maize"), "r1"));
  EXPECT_EQ(again.id(), first.id());
  const absl::Status other = TrySubmit(IndexJob("rice"), "r1").status();
  EXPECT_THAT(other, StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("r1")));
  EXPECT_EQ(FieldOf(other), "request_id");
  Restart();
  Complete();
  SB_ASSERT_OK_AND_ASSIGN(const v1::Job later, TrySubmit(IndexJob("maize"), "r1"));
  EXPECT_EQ(later.id(), first.id());
  EXPECT_EQ(later.state(), v1::JOB_STATE_SUCCEEDED);
}

TEST_F(Submission, ARepeatedRequestIsAnsweredEvenWhenNewOnesAreRefused) {
  SB_ASSERT_OK(TrySubmit(IndexJob("maize", folder_.path()), "r1"));
  manager_->SetDraining(true);
  SB_EXPECT_OK(TrySubmit(IndexJob("maize", folder_.path()), "r1"));
  EXPECT_THAT(TrySubmit(IndexJob("rice"), "r2"), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(TrySubmit(IndexJob("rice")), StatusIs(absl::StatusCode::kUnavailable));
  manager_->SetDraining(false);
  SB_EXPECT_OK(TrySubmit(IndexJob("rice"), "r2")) << "a refused request leaves no trace";
}

TEST_F(Submission, ATakenDatasetNameSaysHowToGoOn) {
  Submit(IndexJob("maize"));
  EXPECT_THAT(TrySubmit(IndexJob("maize")), StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("being made by job index-1")));
  Complete();
  const absl::Status taken = TrySubmit(IndexJob("maize")).status();
  EXPECT_THAT(taken, StatusIs(absl::StatusCode::kAlreadyExists, AllOf(HasSubstr("version 1"), HasSubstr("update"))));
  EXPECT_EQ(FieldOf(taken), "spec.index.dataset");
  v1::JobSpec update = IndexJob("maize");
  update.mutable_index()->set_update(true);
  Submit(update);
  Complete();
  EXPECT_EQ(store_->GetDataset("maize", 0)->version(), 2);
}

TEST_F(Submission, ANameIsFreeAgainWhenItsJobFailed) {
  const std::string id = Submit(IndexJob("maize"));
  SB_ASSERT_OK(Cancel(id));
  SB_EXPECT_OK(TrySubmit(IndexJob("maize")));
}

TEST_F(Submission, ATakenSplitName) {
  MakeDataset("maize");
  Submit(SplitJob("maize"));
  EXPECT_THAT(TrySubmit(SplitJob("maize", "default")), StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("split-2")));
  Complete();
  EXPECT_THAT(TrySubmit(SplitJob("maize")), StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("12 per class, seed 0")));
  SB_EXPECT_OK(TrySubmit(SplitJob("maize", "other")));
}

TEST_F(Submission, ANameThatWasProbablyMeantIsNamed) {
  MakeDataset("seedlings");
  EXPECT_THAT(TrySubmit(SplitJob("seedling")), StatusIs(absl::StatusCode::kNotFound, EndsWith("did you mean 'seedlings'?")));
  EXPECT_THAT(TrySubmit(SplitJob("photos")), StatusIs(absl::StatusCode::kNotFound, EndsWith("depends_on")));
}

TEST_F(Submission, InputsMustExistOrBeMadeByADependency) {
  EXPECT_EQ(FieldOf(TrySubmit(SplitJob("maize")).status()), "spec.split.dataset");
  EXPECT_THAT(TrySubmit(TrainJob("maize")), StatusIs(absl::StatusCode::kNotFound, AllOf(HasSubstr("'maize'"), HasSubstr("depends_on"))));
  const std::string index = Submit(IndexJob("maize"));
  EXPECT_THAT(TrySubmit(SplitJob("maize")), StatusIs(absl::StatusCode::kNotFound)) << "an unrelated job's promise does not count";
  const std::string split = Submit(After(SplitJob("maize"), {index}));
  // The dataset comes from a dependency's dependency.
  const std::string train = Submit(After(TrainJob("maize", "m", "default"), {split}));
  const std::string evaluate = Submit(After(EvaluateJob("m", "maize", "default"), {train}));
  EXPECT_EQ(State(evaluate), v1::JOB_STATE_WAITING);
  EXPECT_EQ(FieldOf(TrySubmit(After(EvaluateJob("n", "maize", "default"), {train})).status()), "spec.evaluate.model");
  EXPECT_EQ(FieldOf(TrySubmit(After(TrainJob("maize", "m", "other"), {split})).status()), "spec.train.split");
}

TEST_F(Submission, ThingsThatDoNotGoTogether) {
  MakeDataset("maize");
  MakeSplit("maize", "default");
  v1::JobSpec update = IndexJob("maize");
  update.mutable_index()->set_update(true);
  Submit(update);
  Complete();
  v1::JobSpec train = TrainJob("maize", "m", "default");
  train.mutable_train()->set_dataset_version(2);
  EXPECT_THAT(TrySubmit(train), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("divides version 1")));
  train.mutable_train()->set_dataset_version(3);
  EXPECT_EQ(FieldOf(TrySubmit(train).status()), "spec.train.dataset_version");
  MakeModel("maize", "m");
  v1::JobSpec evaluate = EvaluateJob("m", "maize", "default");
  evaluate.mutable_evaluate()->set_subset("test");
  EXPECT_THAT(TrySubmit(evaluate), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("it has train, validation")));
}

TEST_F(Submission, DependenciesMustBeKnownAndNotHaveFailed) {
  EXPECT_THAT(TrySubmit(After(IndexJob("maize"), {"train-9"})), StatusIs(absl::StatusCode::kNotFound, HasSubstr("train-9")));
  const std::string id = Submit(IndexJob("maize"));
  SB_ASSERT_OK(Cancel(id));
  const absl::Status failed = TrySubmit(After(IndexJob("rice"), {id})).status();
  EXPECT_THAT(failed, StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("ended as cancelled")));
  EXPECT_EQ(FieldOf(failed), "spec.depends_on");
}

TEST_F(Submission, AMissingFolderIsToldAtOnce) {
  const absl::Status missing = TrySubmit(IndexJob("maize", "/no/such/folder")).status();
  EXPECT_THAT(missing, StatusIs(absl::StatusCode::kNotFound, HasSubstr("/no/such/folder")));
  EXPECT_EQ(FieldOf(missing), "spec.index.root");
}

TEST_F(Submission, ANearlyFullDiskTakesNoJobs) {
  Stop();
  options_.min_free_bytes = int64_t{1} << 60;
  Start();
  EXPECT_THAT(TrySubmit(IndexJob("maize")),
              StatusIs(absl::StatusCode::kResourceExhausted, AllOf(HasSubstr("MiB are free"), HasSubstr("cache/"))));
}

TEST_F(Submission, TheQueueIsBounded) {
  Stop();
  options_.max_queued_jobs = 2;
  Start();
  Submit(IndexJob("a"));
  Submit(IndexJob("b"));
  EXPECT_THAT(TrySubmit(IndexJob("c")), StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("2 unfinished jobs")));
  Complete();
  SB_EXPECT_OK(TrySubmit(IndexJob("c")));
}

TEST_F(Submission, ValidateOnlyPlansAndStoresNothing) {
  MakeDataset("maize");
  MakeSplit("maize", "default");
  v1::SubmitJobRequest request;
  *request.mutable_spec() = TrainJob("maize", "m", "default");
  request.set_validate_only(true);
  SB_ASSERT_OK_AND_ASSIGN(const v1::SubmitJobResponse response, Request(request));
  EXPECT_EQ(response.job().id(), "");
  EXPECT_EQ(response.job().state(), v1::JOB_STATE_PENDING);
  const v1::Plan& plan = response.plan();
  EXPECT_EQ(plan.training_images(), 456);
  EXPECT_EQ(plan.validation_images(), 24);
  EXPECT_EQ(plan.steps_per_epoch(), 15);
  EXPECT_EQ(plan.parameters(), (150 * 150 * 3 + 1) * 2);
  EXPECT_EQ(plan.cache_bytes(), 480 * 150 * 150 * 3);
  EXPECT_EQ(plan.frozen_layer(), "") << "flattening is no backbone";
  EXPECT_GT(plan.free_bytes(), 0);
  EXPECT_EQ(plan.effective_spec().train().epochs(), 10);
  EXPECT_THAT(plan.split().classes(), ElementsAre("maize", "rice"));
  EXPECT_EQ(plan.split().subsets_size(), 2);
  EXPECT_EQ(manager_->List({})->jobs_size(), 2);
  request.mutable_spec()->mutable_train()->set_dataset("none");
  EXPECT_THAT(Request(request), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(Submission, APlanOfAPipelineLeavesOpenWhatIsNotMadeYet) {
  const std::string index = Submit(IndexJob("maize"));
  v1::SubmitJobRequest request;
  *request.mutable_spec() = After(TrainJob("maize"), {index});
  request.set_validate_only(true);
  SB_ASSERT_OK_AND_ASSIGN(const v1::SubmitJobResponse response, Request(request));
  EXPECT_EQ(response.plan().training_images(), 0);
  EXPECT_EQ(response.job().state(), v1::JOB_STATE_WAITING);
}

TEST_F(Submission, AChainRunsInOrder) {
  const std::string index = Submit(IndexJob("maize"));
  const std::string split = Submit(After(SplitJob("maize"), {index}));
  const std::string train = Submit(After(TrainJob("maize", "m", "default"), {split, index}));
  EXPECT_EQ(Complete(), index);
  EXPECT_EQ(State(split), v1::JOB_STATE_PENDING);
  EXPECT_EQ(State(train), v1::JOB_STATE_WAITING);
  EXPECT_EQ(Complete(), split);
  EXPECT_EQ(Complete(), train);
  EXPECT_EQ(manager_->Get(train)->result().train().version(), 1);
}

TEST_F(Submission, AJobWhoseDependenciesHaveSucceededIsReadyAtOnce) {
  const std::string index = Submit(IndexJob("maize"));
  Complete();
  EXPECT_EQ(State(Submit(After(SplitJob("maize"), {index}))), v1::JOB_STATE_PENDING);
}

TEST_F(Submission, AFailedJobCancelsAllThatDependOnIt) {
  const std::string index = Submit(IndexJob("maize"));
  const std::string split = Submit(After(SplitJob("maize"), {index}));
  const std::string train = Submit(After(TrainJob("maize", "m", "default"), {split}));
  const std::string unrelated = Submit(IndexJob("rice"));
  const v1::Assignment assignment = Run();
  v1::TaskFinished finished;
  finished.set_outcome(v1::TaskFinished::OUTCOME_FAILED);
  finished.mutable_error()->set_reason(v1::REASON_INVALID_INPUT);
  finished.mutable_error()->set_message("no images");
  SB_ASSERT_OK(Finish(assignment.attempt(), finished));
  const v1::Job last = manager_->Get(train).value();
  EXPECT_EQ(last.state(), v1::JOB_STATE_CANCELLED);
  EXPECT_EQ(last.error().reason(), v1::REASON_DEPENDENCY_FAILED);
  EXPECT_EQ(last.error().message(), split + ", which it depends on, ended as cancelled");
  EXPECT_EQ(manager_->Get(split)->error().message(), index + ", which it depends on, ended as failed");
  EXPECT_EQ(State(unrelated), v1::JOB_STATE_PENDING);
}

TEST_F(Submission, WaitingAndPendingJobsAreCancelledAtOnce) {
  const std::string index = Submit(IndexJob("maize"));
  const std::string split = Submit(After(SplitJob("maize"), {index}));
  SB_ASSERT_OK_AND_ASSIGN(const v1::Job cancelled, Cancel(index));
  EXPECT_EQ(cancelled.state(), v1::JOB_STATE_CANCELLED);
  EXPECT_EQ(cancelled.error().reason(), v1::REASON_CANCELLED_BY_USER);
  EXPECT_TRUE(cancelled.has_end_time());
  EXPECT_EQ(State(split), v1::JOB_STATE_CANCELLED);
  SB_EXPECT_OK(Cancel(index)) << "again, for a job that has ended";
  EXPECT_EQ(Events(index).size(), 2u);
}

TEST_F(Submission, ListsNewestFirstByPage) {
  for (int i = 0; i < 5; ++i) Submit(IndexJob("d" + std::to_string(i)));
  v1::ListJobsRequest request;
  request.mutable_page()->set_page_size(2);
  std::vector<std::string> ids;
  int pages = 0;
  do {
    SB_ASSERT_OK_AND_ASSIGN(const v1::ListJobsResponse response, manager_->List(request));
    for (const v1::Job& job : response.jobs()) ids.push_back(job.id());
    request.mutable_page()->set_page_token(response.next_page_token());
    ++pages;
  } while (!request.page().page_token().empty());
  EXPECT_THAT(ids, ElementsAre("index-5", "index-4", "index-3", "index-2", "index-1"));
  EXPECT_EQ(pages, 3);
  request.mutable_page()->set_page_token("bogus");
  EXPECT_THAT(manager_->List(request), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(Submission, ListsByStateAndKindWithQueuePositionsAndErrors) {
  MakeDataset("maize");
  const std::string low = Submit(TrainJob("maize"));
  v1::JobSpec urgent = TrainJob("maize");
  urgent.set_priority(5);
  const std::string high = Submit(urgent);
  const std::string cancelled = Submit(SplitJob("maize"));
  SB_ASSERT_OK(Cancel(cancelled));
  v1::ListJobsRequest request;
  request.add_states(v1::JOB_STATE_PENDING);
  SB_ASSERT_OK_AND_ASSIGN(const v1::ListJobsResponse pending, manager_->List(request));
  ASSERT_EQ(pending.jobs_size(), 2);
  EXPECT_EQ(pending.jobs(0).id(), high);
  EXPECT_EQ(pending.jobs(0).queue_position(), 0);
  EXPECT_EQ(pending.jobs(1).queue_position(), 1);
  EXPECT_FALSE(pending.jobs(1).has_spec());
  EXPECT_EQ(manager_->Get(low)->queue_position(), 1);
  request.add_states(static_cast<v1::JobState>(99));
  EXPECT_EQ(FieldOf(manager_->List(request).status()), "states");
  request.clear_states();
  request.add_kinds(v1::JOB_KIND_SPLIT);
  SB_ASSERT_OK_AND_ASSIGN(const v1::ListJobsResponse splits, manager_->List(request));
  ASSERT_EQ(splits.jobs_size(), 1);
  EXPECT_EQ(splits.jobs(0).error().reason(), v1::REASON_CANCELLED_BY_USER);
}

TEST_F(Submission, CountsByState) {
  Submit(IndexJob("a"));
  Submit(After(SplitJob("a"), {"index-1"}));
  Submit(IndexJob("b"));
  Complete();
  std::map<v1::JobState, int64_t> counts;
  for (const auto& [state, count] : manager_->CountByState()) counts[state] = count;
  EXPECT_EQ(counts.size(), 7u) << "every state is there, zeros too";
  EXPECT_EQ(counts[v1::JOB_STATE_SUCCEEDED], 1);
  EXPECT_EQ(counts[v1::JOB_STATE_PENDING], 2);
  EXPECT_EQ(counts[v1::JOB_STATE_WAITING], 0);
  Restart();
  for (const auto& [state, count] : manager_->CountByState()) EXPECT_EQ(counts[state], count) << state;
}

TEST_F(Submission, KnowsWhoUsesDatasetsAndModels) {
  MakeDataset("maize");
  MakeModel("maize", "m");
  EXPECT_THAT(manager_->UsersOfDataset("maize").value(), IsEmpty());
  const std::string train = Submit(TrainJob("maize", "n"));
  const std::string evaluate = Submit(EvaluateJob("m:1", "maize"));
  EXPECT_THAT(manager_->UsersOfDataset("maize").value(), UnorderedElementsAre(train, evaluate));
  EXPECT_THAT(manager_->UsersOfDataset("rice").value(), IsEmpty());
  EXPECT_THAT(manager_->UsersOfModel("m").value(), ElementsAre(evaluate));
  EXPECT_THAT(manager_->UsersOfModel("n").value(), ElementsAre(train));
}

TEST_F(Submission, EventsAreReadFromAnyNumberThatWasReached) {
  const std::string id = Submit(IndexJob("maize"));
  Complete();
  EXPECT_EQ(Events(id).size(), 4u);
  EXPECT_EQ(Events(id, 3).size(), 1u);
  EXPECT_THAT(Events(id, 4), IsEmpty());
  EXPECT_EQ(manager_->ReadEvents(id, 0, 2)->size(), 2u);
  EXPECT_THAT(manager_->ReadEvents(id, 5, 10), StatusIs(absl::StatusCode::kOutOfRange, HasSubstr("1 to 4")));
  EXPECT_THAT(manager_->ReadEvents(id, -1, 10), StatusIs(absl::StatusCode::kOutOfRange));
}

TEST_F(Submission, WatchersAreWokenUntilTheyUnsubscribe) {
  const std::string id = Submit(IndexJob("maize"));
  int woken = 0;
  auto subscription = manager_->Subscribe(id, [&] { ++woken; });
  const auto other = manager_->Subscribe("index-99", [] { ADD_FAILURE() << "woken for another job"; });
  const v1::Assignment assignment = Run();
  EXPECT_EQ(woken, 2);
  v1::Progress progress;
  progress.set_phase("decode");
  progress.set_done(7);
  manager_->ReportProgress(assignment.attempt(), progress);
  EXPECT_EQ(woken, 3);
  EXPECT_EQ(manager_->LatestProgress(id)->progress().done(), 7);
  EXPECT_EQ(manager_->LatestProgress(id)->seq(), 0);
  EXPECT_EQ(manager_->Get(id)->progress().phase(), "decode");
  subscription.reset();
  SB_ASSERT_OK(Finish(assignment.attempt(), Work(assignment)));
  EXPECT_EQ(woken, 3);
  EXPECT_FALSE(manager_->LatestProgress(id).has_value());
}

TEST_F(JobManagerTest, KeepsTheNewestPictureOfAJobApart) {
  const std::string id = Submit(IndexJob("maize"));
  const v1::Assignment assignment = Run();
  EXPECT_EQ(manager_->LatestPreview(id), nullptr);
  const auto report = [&](int64_t done, const std::string& preview) {
    v1::Progress progress;
    progress.set_done(done);
    progress.set_preview(preview);
    manager_->ReportProgress(assignment.attempt(), progress);
  };
  report(1, "picture");
  report(2, "");
  report(3, std::string((512 << 10) + 1, 'x'));
  EXPECT_EQ(manager_->LatestProgress(id)->progress().done(), 3);
  EXPECT_EQ(manager_->LatestProgress(id)->progress().preview(), "");
  EXPECT_EQ(manager_->Get(id)->progress().preview(), "");
  ASSERT_NE(manager_->LatestPreview(id), nullptr);
  EXPECT_EQ(*manager_->LatestPreview(id), "picture") << "none and one that is too large leave the old one";
  SB_ASSERT_OK(Finish(assignment.attempt(), Work(assignment)));
  EXPECT_EQ(manager_->LatestPreview(id), nullptr);
}

}  // namespace
}  // namespace seedbed::jobs
