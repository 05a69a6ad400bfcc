// What survives: server restarts, crashes between publication and record, damaged rows, full disks.
#include "server/jobs/publication.h"
#include "server/store/connection.h"
#include "server/store/tables.h"
#include "tests/unit/server/jobs/job_manager_fixture.h"

namespace seedbed::jobs {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

// A store whose next commits fail, as on a full disk, or whose acknowledgements get lost, as in a crash right after the commit.
class FaultyStore : public store::Store {
 public:
  enum class Fault { kNone, kCommitFails, kAnswerLost };
  explicit FaultyStore(store::Store* inner) : inner_(*inner) {}

  void SetFault(Fault fault) { fault_ = fault; }
  void Write(Operation operation, WriteDone done) override {
    if (fault_ == Fault::kAnswerLost) {
      const absl::Status stored = inner_.WriteAndWait(std::move(operation));
      done(stored.ok() ? absl::UnavailableError("the answer was lost") : stored);
      return;
    }
    if (fault_ == Fault::kNone) return inner_.Write(std::move(operation), std::move(done));
    inner_.Write(
        [operation](store::Writer& writer) {
          SB_RETURN_IF_ERROR(operation(writer));
          return absl::ResourceExhaustedError("the disk is full");
        },
        std::move(done));
  }
  absl::Status Read(const std::function<absl::Status(store::Reader&)>& operation) const override { return inner_.Read(operation); }
  int64_t Bytes() const override { return inner_.Bytes(); }

 private:
  store::Store& inner_;
  Fault fault_ = Fault::kNone;
};

class Recovery : public JobManagerTest {
 protected:
  // A worker of the slot is alive.
  FileLock HoldSlot() { return FileLock::TryAcquire(layout_.slot_lock("jobs-cpu")).value(); }
  // The manager over a store that can fail.
  void StartFaulty() {
    manager_.reset();
    faulty_ = std::make_unique<FaultyStore>(store_.get());
    StartManager(faulty_.get());
  }

  std::unique_ptr<FaultyStore> faulty_;
};

TEST_F(Recovery, ReportsWhatItFound) {
  MakeDataset("maize");
  const std::string held = Submit(TrainJob("maize"));
  const v1::Assignment assignment = Run();
  Submit(TrainJob("maize"));
  Submit(After(EvaluateJob("baseline", "maize"), {held}));
  const FileLock alive = HoldSlot();
  Restart();
  EXPECT_EQ(recovered_.ended, 1);
  EXPECT_EQ(recovered_.queued, 2);
  EXPECT_EQ(recovered_.requeued, 0);
  EXPECT_EQ(recovered_.failed, 0);
  ASSERT_EQ(recovered_.held.size(), 1u);
  EXPECT_EQ(recovered_.held[0].attempt.job_id(), held);
  EXPECT_EQ(recovered_.held[0].attempt.epoch(), 1);
  EXPECT_EQ(recovered_.held[0].slot, "jobs-cpu");
  // The worker goes on where it was.
  EXPECT_TRUE(manager_->StateOf(assignment.attempt()).current);
  SB_EXPECT_OK(AppendEpoch(assignment.attempt(), 1));
  SB_EXPECT_OK(Finish(assignment.attempt(), Work(assignment)));
  EXPECT_EQ(State(held), v1::JOB_STATE_SUCCEEDED);
}

TEST_F(Recovery, AJobWhoseWorkerIsGoneIsRequeuedWithoutBeingCounted) {
  MakeDataset("maize");
  const std::string id = Submit(TrainJob("maize"));
  for (int i = 0; i < 5; ++i) {
    const v1::Assignment assignment = Run();
    EXPECT_EQ(assignment.attempt().epoch(), i + 1);
    Restart();
    EXPECT_EQ(recovered_.requeued, 1);
    EXPECT_EQ(State(id), v1::JOB_STATE_PENDING);
    EXPECT_EQ(Events(id).back().state().reason(), v1::REASON_DRAINED);
    EXPECT_THAT(Started(assignment.attempt()), StatusIs(absl::StatusCode::kAborted));
  }
}

TEST_F(Recovery, ACancelThatWasAskedForIsNotForgotten) {
  MakeDataset("maize");
  const std::string alive_id = Submit(TrainJob("maize"));
  const v1::Assignment assignment = Run();
  SB_ASSERT_OK(Cancel(alive_id));
  {
    const FileLock alive = HoldSlot();
    Restart();
    EXPECT_TRUE(manager_->StateOf(assignment.attempt()).cancel_requested);
  }
  Restart();
  EXPECT_EQ(State(alive_id), v1::JOB_STATE_CANCELLED);
  EXPECT_EQ(recovered_.requeued, 0);
}

TEST_F(Recovery, LossesAreCountedAcrossRestarts) {
  MakeDataset("maize");
  const std::string id = Submit(TrainJob("maize"));
  SB_ASSERT_OK(Lose(Run().attempt(), v1::REASON_WORKER_CRASHED));
  Restart();
  SB_ASSERT_OK(Lose(Run().attempt(), v1::REASON_WORKER_CRASHED)) << "a back-off does not outlive the server";
  EXPECT_EQ(State(id), v1::JOB_STATE_FAILED);
}

TEST_F(Recovery, ADamagedJobFailsByNameAndTheServerGoesOn) {
  const std::string damaged = Submit(IndexJob("maize"));
  const std::string dependant = Submit(After(SplitJob("maize"), {damaged}));
  const std::string sound = Submit(IndexJob("rice"));
  Stop();
  {
    const auto connection = store::Connection::Open(layout_.database(), store::Connection::Mode::kWriter).value();
    SB_ASSERT_OK(connection->Execute("UPDATE jobs SET spec = x'ffffff' WHERE number = 1"));
  }
  Start();
  EXPECT_EQ(recovered_.failed, 1);
  EXPECT_EQ(recovered_.queued, 1);
  EXPECT_EQ(recovered_.ended, 1);
  EXPECT_EQ(State(damaged), v1::JOB_STATE_FAILED);
  EXPECT_EQ(manager_->Get(damaged)->error().reason(), v1::REASON_INTERNAL);
  EXPECT_THAT(manager_->Get(damaged)->error().message(), HasSubstr(damaged));
  EXPECT_EQ(State(dependant), v1::JOB_STATE_CANCELLED);
  EXPECT_EQ(Complete(), sound);
}

TEST_F(Recovery, OrphanedFilesAreSweptAndNeededOnesKept) {
  MakeDataset("maize");
  const std::string id = Submit(TrainJob("maize"));
  const v1::Assignment assignment = Run();
  for (const fs::path& orphan :
       {layout_.staging("train-99", 1), layout_.checkpoints("train-99"), layout_.checkpoints("index-1"), layout_.staging(id, 0)}) {
    fs::create_directories(orphan / "x");
  }
  const FileLock alive = HoldSlot();
  Restart();
  EXPECT_FALSE(fs::exists(layout_.staging("train-99")));
  EXPECT_FALSE(fs::exists(layout_.checkpoints("train-99")));
  EXPECT_FALSE(fs::exists(layout_.checkpoints("index-1")));
  EXPECT_FALSE(fs::exists(layout_.staging(id, 0)));
  EXPECT_TRUE(fs::exists(layout_.staging(id, 1) / "output"));
  EXPECT_TRUE(fs::exists(layout_.checkpoints(id)));
}

TEST_F(Recovery, ACrashBetweenPublicationAndRecordIsRepairedByTheSameAttempt) {
  StartFaulty();
  for (const v1::JobSpec& spec : {IndexJob("maize"), SplitJob("maize"), TrainJob("maize"), EvaluateJob("baseline", "maize"),
                                  ImportModelJob("imported"), ExtractJob("maize", "imported", "rows"), PopJob("imported", "popped"),
                                  ExportFeaturesJob("rows"), TrainOnFeaturesJob("rows"), CleanJob("maize", "masks")}) {
    const std::string id = Submit(spec);
    const v1::Assignment assignment = Run();
    const v1::TaskFinished finished = Work(assignment);
    faulty_->SetFault(FaultyStore::Fault::kCommitFails);
    EXPECT_THAT(Finish(assignment.attempt(), finished), StatusIs(absl::StatusCode::kResourceExhausted));
    EXPECT_EQ(State(id), v1::JOB_STATE_RUNNING);
    faulty_->SetFault(FaultyStore::Fault::kNone);
    SB_EXPECT_OK(Finish(assignment.attempt(), finished));
    EXPECT_EQ(State(id), v1::JOB_STATE_SUCCEEDED);
  }
  EXPECT_TRUE(fs::exists(layout_.dataset("maize", 1) / "manifest.tsv"));
  EXPECT_TRUE(fs::exists(layout_.dataset("masks", 1) / "manifest.tsv"));
  EXPECT_TRUE(fs::exists(layout_.split("maize", "default")));
  EXPECT_TRUE(fs::exists(layout_.model("baseline", 1) / "model.json"));
  EXPECT_TRUE(fs::exists(layout_.artifacts("evaluate-4") / "confusion.csv"));
  EXPECT_TRUE(fs::exists(layout_.model("imported", 1) / "model.json"));
  EXPECT_TRUE(fs::exists(layout_.features("rows") / ".zgroup"));
  EXPECT_TRUE(fs::exists(layout_.model("popped", 1) / "model.json"));
  EXPECT_TRUE(fs::exists(layout_.artifacts("export-8") / "m.safetensors"));
  EXPECT_TRUE(fs::exists(layout_.model("head", 1) / "model.json"));
}

TEST_F(Recovery, ACrashBetweenPublicationAndRecordIsRepairedByALaterAttempt) {
  StartFaulty();
  for (const v1::JobSpec& spec : {IndexJob("maize"), SplitJob("maize"), TrainJob("maize"), EvaluateJob("baseline", "maize"),
                                  ExtractJob("maize", "baseline", "rows"), PopJob("baseline", "popped")}) {
    const std::string id = Submit(spec);
    const v1::Assignment first = Run();
    const v1::TaskFinished finished = Work(first);
    faulty_->SetFault(FaultyStore::Fault::kCommitFails);
    EXPECT_FALSE(Finish(first.attempt(), finished).ok());
    faulty_->SetFault(FaultyStore::Fault::kNone);
    SB_ASSERT_OK(Lose(first.attempt(), v1::REASON_DRAINED));
    const v1::Assignment second = Run();
    EXPECT_EQ(second.inputs().output_version(), first.inputs().output_version());
    SB_EXPECT_OK(Finish(second.attempt(), Work(second)));
    EXPECT_EQ(State(id), v1::JOB_STATE_SUCCEEDED);
  }
  EXPECT_EQ(store_->GetDataset("maize", 0)->version(), 1);
  EXPECT_TRUE(fs::exists(layout_.dataset("maize", 1) / "manifest.tsv"));
  EXPECT_EQ(store_->GetFeatures("rows")->rows(), 480);
  EXPECT_TRUE(fs::exists(layout_.features("rows") / ".zgroup"));
}

TEST_F(Recovery, OutputOfAJobThatDidNotSucceedAfterAllIsDiscarded) {
  StartFaulty();
  for (const v1::JobSpec& spec :
       {IndexJob("maize"), SplitJob("rice"), TrainJob("rice"), ExtractJob("rice", "net", "rows"), PopJob("net", "popped")}) {
    if (spec.has_split()) MakeDataset("rice");
    if (spec.has_extract()) MakeModel("rice", "net");
    const std::string id = Submit(spec);
    const v1::Assignment assignment = Run();
    faulty_->SetFault(FaultyStore::Fault::kCommitFails);
    EXPECT_FALSE(Finish(assignment.attempt(), Work(assignment)).ok());
    faulty_->SetFault(FaultyStore::Fault::kNone);
    SB_ASSERT_OK(Cancel(id));
    SB_ASSERT_OK(Lose(assignment.attempt()));
    EXPECT_EQ(State(id), v1::JOB_STATE_CANCELLED);
  }
  EXPECT_FALSE(fs::exists(layout_.dataset("maize", 1)));
  EXPECT_FALSE(fs::exists(layout_.split("rice", "default")));
  EXPECT_FALSE(fs::exists(layout_.model("baseline", 1)));
  EXPECT_FALSE(fs::exists(layout_.features("rows")));
  EXPECT_FALSE(fs::exists(layout_.model("popped", 1)));
  EXPECT_TRUE(fs::exists(layout_.dataset("rice", 1)));
}

TEST_F(Recovery, ALostAnswerToASubmissionOrAFinishIsFoundAgain) {
  StartFaulty();
  faulty_->SetFault(FaultyStore::Fault::kAnswerLost);
  EXPECT_FALSE(TrySubmit(IndexJob("maize"), "r1").ok());
  StartFaulty();
  SB_ASSERT_OK_AND_ASSIGN(const v1::Job job, TrySubmit(IndexJob("maize"), "r1"));
  EXPECT_EQ(job.id(), "index-1");
  EXPECT_EQ(manager_->List({})->jobs_size(), 1);
  const v1::Assignment assignment = Run();
  const v1::TaskFinished finished = Work(assignment);
  faulty_->SetFault(FaultyStore::Fault::kAnswerLost);
  EXPECT_FALSE(Finish(assignment.attempt(), finished).ok());
  StartFaulty();
  SB_EXPECT_OK(Finish(assignment.attempt(), finished));
  EXPECT_EQ(State("index-1"), v1::JOB_STATE_SUCCEEDED);
}

TEST_F(Recovery, AFailedCommitChangesNothingInMemory) {
  StartFaulty();
  const std::string id = Submit(IndexJob("maize"));
  const auto before = manager_->CountByState();
  observer_.Take();
  faulty_->SetFault(FaultyStore::Fault::kCommitFails);
  EXPECT_THAT(TrySubmit(IndexJob("rice")), StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_FALSE(TryClaim().ok());
  EXPECT_FALSE(Cancel(id).ok());
  EXPECT_EQ(manager_->CountByState(), before);
  EXPECT_THAT(observer_.Take(), ElementsAre());
  faulty_->SetFault(FaultyStore::Fault::kNone);
  EXPECT_EQ(Complete(), id) << "and everything works again when there is room";
}

TEST_F(Recovery, AFinishThatCannotBePublishedFailsTheJobWithTheReason) {
  const std::string id = Submit(IndexJob("maize"));
  const v1::Assignment assignment = Run();
  const v1::TaskFinished finished = Work(assignment);
  fs::remove_all(layout_.root() / "datasets");
  std::ofstream(layout_.root() / "datasets") << "in the way";
  SB_ASSERT_OK(Finish(assignment.attempt(), finished));
  EXPECT_EQ(State(id), v1::JOB_STATE_FAILED);
  EXPECT_EQ(manager_->Get(id)->error().reason(), v1::REASON_INTERNAL);
  EXPECT_THAT(manager_->Get(id)->error().message(), HasSubstr("could not publish"));
}

TEST_F(Recovery, PublishingTwiceIsPublishingOnce) {
  store::JobRow job;
  job.number = 1;
  job.kind = v1::JOB_KIND_INDEX;
  job.epoch = 1;
  job.makes = "dataset/maize";
  job.spec = IndexJob("maize");
  job.inputs.set_output_version(1);
  SB_ASSERT_OK(PrepareAttempt(layout_, job));
  EXPECT_THAT(PublishOutput(layout_, job), StatusIs(absl::StatusCode::kInternal, HasSubstr("left nothing")));
  std::ofstream(layout_.staging("index-1", 1) / "output" / "manifest.tsv") << "first";
  SB_ASSERT_OK(PublishOutput(layout_, job));
  SB_ASSERT_OK(PublishOutput(layout_, job));
  // A later attempt replaces what was never recorded.
  job.epoch = 2;
  SB_ASSERT_OK(PrepareAttempt(layout_, job));
  std::ofstream(layout_.staging("index-1", 2) / "output" / "manifest.tsv") << "second";
  SB_ASSERT_OK(PublishOutput(layout_, job));
  std::string content;
  std::ifstream(layout_.dataset("maize", 1) / "manifest.tsv") >> content;
  EXPECT_EQ(content, "second");
}

}  // namespace
}  // namespace seedbed::jobs
