// Random interleavings of everybody who acts on jobs, on a real store, with crashes; the history is then checked against the table of
// states. All of it follows from one seed: a failure prints it, and SEEDBED_TEST_SEED runs that one alone.
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <set>

#include "server/jobs/state_machine.h"
#include "tests/unit/server/jobs/job_manager_fixture.h"

namespace seedbed::jobs {
namespace {
namespace fs = std::filesystem;

// A store whose writes happen when the test says so.
class PuppetStore : public store::Store {
 public:
  explicit PuppetStore(std::unique_ptr<store::Store> inner) : inner_(std::move(inner)) {}

  void Write(Operation operation, WriteDone done) override {
    queue_.emplace_back(std::move(operation), std::move(done));
    while (at_once_ && !queue_.empty()) Step();
  }
  absl::Status Read(const std::function<absl::Status(store::Reader&)>& operation) const override { return inner_->Read(operation); }
  int64_t Bytes() const override { return inner_->Bytes(); }

  void SetAtOnce(bool at_once) { at_once_ = at_once; }
  bool idle() const { return queue_.empty(); }
  void Step() {
    auto [operation, done] = std::move(queue_.front());
    queue_.pop_front();
    done(inner_->WriteAndWait(std::move(operation)));
  }
  // Committed, but the server dies before it can tell anyone.
  void StepWithoutAnswer() {
    inner_->WriteAndWait(std::move(queue_.front().first)).IgnoreError();
    queue_.pop_front();
  }
  void DropAll() { queue_.clear(); }

 private:
  const std::unique_ptr<store::Store> inner_;
  std::deque<std::pair<Operation, WriteDone>> queue_;
  bool at_once_ = false;
};

// In memory, where there is such a folder: the test is about orders of events, not about disks.
fs::path FastestFolder() { return ::access("/dev/shm", W_OK) == 0 ? fs::path("/dev/shm") : fs::temp_directory_path(); }

class Simulation {
 public:
  explicit Simulation(uint64_t seed) : random_(seed) {
    SB_EXPECT_OK(layout_.Create());
    options_.min_free_bytes = 0;
    options_.executor = [this](std::function<void()> work) { file_work_.push_back(std::move(work)); };
    Open(layout_.database());
  }
  ~Simulation() { Close(); }

  // A few fresh jobs, random steps of everybody, then everything is brought to its end and checked.
  void RunSchedule() {
    jobs_.clear();
    workers_.clear();
    outcomes_.clear();
    for (int i = 0; i < 3; ++i) SubmitNew();
    for (int i = 0; i < 40; ++i) Act();
    RunToTheEnd();
    for (const Known& job : jobs_) CheckHistory(job);
  }

  int crashes() const { return crashes_; }
  const std::map<v1::JobState, int>& ends() const { return ends_; }

 private:
  struct Known {
    v1::SubmitJobRequest request;
    std::string id;              // once a submission was answered
    std::set<std::string> keys;  // events whose storage was acknowledged
    int64_t newest_epoch = 0;    // of the claims that were answered
    bool success_acknowledged = false;
  };

  size_t Pick(size_t bound) { return std::uniform_int_distribution<size_t>(0, bound - 1)(random_); }
  bool Chance(int percent) { return Pick(100) < static_cast<size_t>(percent); }

  void Open(const fs::path& database) {
    database_ = database;
    store::StoreOptions options;
    options.readers = 1;
    options.reserve_bytes = 0;
    store_ = std::make_unique<PuppetStore>(store::Store::Open(database, options).value());
    manager_ = JobManager::Create(store_.get(), &layout_, &clock_, nullptr, options_).value();
    store_->SetAtOnce(true);
    SB_EXPECT_OK(manager_->Recover());
    store_->SetAtOnce(false);
  }
  void Close() {
    file_work_.clear();
    store_->DropAll();
    manager_.reset();
    store_.reset();
  }

  // kill -9 and a new start: whatever was not committed is gone, whatever was not answered stays unanswered.
  void Crash() {
    ++crashes_;
    if (!store_->idle() && Chance(50)) store_->StepWithoutAnswer();
    const fs::path copy = layout_.root() / ("crash-" + std::to_string(crashes_) + ".db");
    for (const char* suffix : {"", "-wal"}) fs::copy_file(database_.string() + suffix, copy.string() + suffix);
    Close();
    for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(database_.string() + suffix);
    std::optional<FileLock> worker_alive;
    if (Chance(50)) worker_alive = FileLock::TryAcquire(layout_.slot_lock("jobs-cpu")).value();
    Open(copy);
  }

  bool StepFiles() {
    if (file_work_.empty()) return false;
    const std::function<void()> work = std::move(file_work_.front());
    file_work_.pop_front();
    work();
    return true;
  }
  bool StepStore() {
    if (store_->idle()) return false;
    store_->Step();
    return true;
  }
  void Settle() {
    while (StepFiles() || StepStore()) {
    }
  }

  void SubmitNew() {
    Known& job = jobs_.emplace_back();
    *job.request.mutable_spec() = IndexJob("d" + std::to_string(++names_));
    job.request.set_request_id("r" + std::to_string(names_));
    job.request.mutable_spec()->set_priority(static_cast<int>(Pick(3)));
    if (Chance(20)) job.request.mutable_spec()->mutable_timeout()->set_seconds(2);
    const Known& other = jobs_[Pick(jobs_.size())];
    if (Chance(40) && !other.id.empty()) job.request.mutable_spec()->add_depends_on(other.id);
    Send(jobs_.size() - 1);
  }
  void Send(size_t index) {
    manager_->Submit(jobs_[index].request, [this, index](const absl::StatusOr<v1::SubmitJobResponse>& response) {
      Known& job = jobs_[index];
      if (!response.ok()) {
        EXPECT_EQ(response.status().code(), absl::StatusCode::kFailedPrecondition) << response.status();
        EXPECT_TRUE(job.id.empty()) << "refused after it was accepted";
        return;
      }
      EXPECT_TRUE(job.id.empty() || job.id == response->job().id()) << "one request, two jobs";
      job.id = response->job().id();
    });
  }

  Known* Find(const std::string& id) {
    const auto found = std::find_if(jobs_.begin(), jobs_.end(), [&](const Known& job) { return job.id == id; });
    return found == jobs_.end() ? nullptr : &*found;
  }
  // An answer OK to an attempt after a newer one was handed out would be two owners at once.
  void CheckFenced(const v1::Attempt& attempt, const absl::StatusOr<bool>& answer) {
    const Known* job = Find(attempt.job_id());
    if (answer.ok() && job != nullptr) {
      EXPECT_GE(attempt.epoch(), job->newest_epoch) << attempt.ShortDebugString();
    }
    if (!answer.ok()) {
      EXPECT_EQ(answer.status().code(), absl::StatusCode::kAborted) << answer.status();
    }
  }

  void Claim() {
    manager_->Claim("jobs-cpu", CpuProfile(), [this](const absl::StatusOr<std::optional<v1::Assignment>>& answer) {
      SB_ASSERT_OK(answer);
      if (!answer->has_value()) return;
      const v1::Assignment& assignment = **answer;
      workers_.push_back(assignment);
      Known* job = Find(assignment.attempt().job_id());
      if (job == nullptr) return;
      EXPECT_GT(assignment.attempt().epoch(), job->newest_epoch) << "an epoch was given out twice";
      job->newest_epoch = assignment.attempt().epoch();
    });
  }
  void AppendEpoch(const v1::Attempt& attempt) {
    v1::TaskEvent event;
    event.set_key("epoch/" + std::to_string(1 + Pick(4)));
    event.mutable_event()->mutable_epoch()->set_epoch(1);
    manager_->AppendEvent(attempt, event, [this, attempt, key = event.key()](const absl::StatusOr<bool>& answer) {
      CheckFenced(attempt, answer);
      Known* job = Find(attempt.job_id());
      if (answer.ok() && job != nullptr) job->keys.insert(key);
    });
  }
  // An attempt ends in one way only, however often it has to say so.
  void Finish(const v1::Assignment& assignment, v1::TaskFinished::Outcome wanted) {
    const auto key = std::pair(assignment.attempt().job_id(), assignment.attempt().epoch());
    const v1::TaskFinished::Outcome outcome = outcomes_.emplace(key, wanted).first->second;
    v1::TaskFinished finished = Work(assignment);
    finished.set_outcome(outcome);
    if (outcome == v1::TaskFinished::OUTCOME_FAILED) finished.mutable_error()->set_reason(v1::REASON_INVALID_INPUT);
    manager_->Finish(assignment.attempt(), finished, [this, assignment, outcome](const absl::StatusOr<bool>& answer) {
      if (!answer.ok()) {
        EXPECT_EQ(answer.status().code(), absl::StatusCode::kAborted) << answer.status();
      }
      Known* job = Find(assignment.attempt().job_id());
      if (answer.ok() && outcome == v1::TaskFinished::OUTCOME_SUCCEEDED && job != nullptr) job->success_acknowledged = true;
    });
  }
  void Lose(const v1::Attempt& attempt) {
    const v1::Reason reasons[] = {v1::REASON_WORKER_LOST, v1::REASON_WORKER_CRASHED, v1::REASON_DRAINED};
    manager_->Lost(attempt, {reasons[Pick(3)], "lost"},
                   [this, attempt](const absl::StatusOr<bool>& answer) { CheckFenced(attempt, answer); });
  }

  // Something that a worker says; any of those that ever got the job, the fenced ones included.
  void ActAsWorker() {
    if (workers_.empty()) return Claim();
    const v1::Assignment assignment = workers_[Pick(workers_.size())];
    const v1::Attempt& attempt = assignment.attempt();
    const auto check = [this, attempt](const absl::StatusOr<bool>& answer) { CheckFenced(attempt, answer); };
    switch (Pick(8)) {
      case 0:
      case 1:
        return manager_->Started(attempt, check);
      case 2:
      case 3:
        return AppendEpoch(attempt);
      case 4:
        return manager_->Checkpointed(attempt, static_cast<int64_t>(Pick(10)), check);
      case 5:
        return manager_->ReportProgress(attempt, v1::Progress());
      case 6:
        return Lose(attempt);
      default:
        return Finish(assignment, static_cast<v1::TaskFinished::Outcome>(1 + Pick(4)));
    }
  }

  void Act() {
    const size_t dice = Pick(100);
    if (dice < 30) {
      StepStore();
    } else if (dice < 50) {
      StepFiles();
    } else if (dice < 62) {
      Claim();
    } else if (dice < 88) {
      ActAsWorker();
    } else if (dice < 91) {
      clock_.Advance(std::chrono::milliseconds(Pick(1500)));
      manager_->Tick();
    } else if (dice < 94) {
      const Known& job = jobs_[Pick(jobs_.size())];
      if (!job.id.empty()) manager_->Cancel(job.id, [](const absl::StatusOr<v1::Job>& answer) { SB_EXPECT_OK(answer); });
    } else if (dice < 96) {
      Send(Pick(jobs_.size()));
    } else if (dice < 98) {
      SubmitNew();
    } else if (dice == 98) {
      Crash();
    }
  }

  // From here on nothing goes wrong any more: whatever is left must come to its end.
  void RunToTheEnd() {
    Settle();
    for (size_t i = 0; i < jobs_.size(); ++i) Send(i);  // answers that were lost
    Settle();
    for (int i = 0; i < 100 && !AllEnded(); ++i) {
      clock_.Advance(options_.max_backoff);
      Claim();
      Settle();
      const std::vector<v1::Assignment> workers = workers_;
      for (const v1::Assignment& assignment : workers) {
        const JobManager::AttemptState state = manager_->StateOf(assignment.attempt());
        if (!state.current) continue;
        Finish(assignment, state.cancel_requested ? v1::TaskFinished::OUTCOME_CANCELLED : v1::TaskFinished::OUTCOME_SUCCEEDED);
      }
      Settle();
      LoseUnowned();
    }
    EXPECT_TRUE(AllEnded());
  }
  bool AllEnded() {
    return std::all_of(jobs_.begin(), jobs_.end(),
                       [&](const Known& job) { return job.id.empty() || IsTerminal(manager_->Get(job.id)->state()); });
  }
  // Attempts whose assignment never reached a worker: their leases run out.
  void LoseUnowned() {
    for (const Known& job : jobs_) {
      if (job.id.empty()) continue;
      const v1::Job view = manager_->Get(job.id).value();
      v1::Attempt attempt;
      attempt.set_job_id(job.id);
      attempt.set_epoch(view.attempt());  // one epoch for each attempt
      if (IsHeld(view.state()) && job.newest_epoch < attempt.epoch()) Lose(attempt);
    }
    Settle();
  }

  void CheckHistory(const Known& job) {
    if (job.id.empty()) return;
    const v1::Job view = manager_->Get(job.id).value();
    const std::vector<v1::Event> events = manager_->ReadEvents(job.id, 0, 10'000).value();
    v1::JobState state = v1::JOB_STATE_UNSPECIFIED;
    int attempt = 0;
    int epochs = 0;
    int64_t seq = 0;
    for (const v1::Event& event : events) {
      ASSERT_EQ(event.seq(), ++seq) << job.id << ": a hole or a repetition";
      ASSERT_FALSE(IsTerminal(state)) << job.id << ": an event after the end";
      if (event.has_epoch()) ++epochs;
      if (!event.has_state()) continue;
      ASSERT_TRUE(IsLegalTransition(state, event.state().state())) << job.id << ": " << state << " -> " << event.state().state();
      state = event.state().state();
      attempt += state == v1::JOB_STATE_ASSIGNED;
      ASSERT_EQ(event.state().attempt(), attempt) << job.id;
    }
    EXPECT_EQ(view.state(), state) << job.id;
    EXPECT_EQ(view.last_seq(), seq) << job.id;
    EXPECT_TRUE(IsTerminal(state)) << job.id;
    EXPECT_GE(epochs, static_cast<int>(job.keys.size())) << job.id << ": an acknowledged event is missing";
    EXPECT_LE(epochs, 4) << job.id << ": a key was stored twice";
    if (job.success_acknowledged) {
      EXPECT_EQ(state, v1::JOB_STATE_SUCCEEDED) << job.id;
    }
    const bool published = fs::exists(layout_.dataset(job.request.spec().index().dataset(), 1));
    EXPECT_EQ(published, state == v1::JOB_STATE_SUCCEEDED) << job.id;
    EXPECT_FALSE(fs::exists(layout_.staging(job.id)) && IsNeverClaimedAgain(job)) << job.id << ": files were left behind";
    ++ends_[state];
  }
  // A fenced worker may write into a folder that was swept before; only the others' must be gone.
  bool IsNeverClaimedAgain(const Known& job) const { return job.newest_epoch == 0; }

  std::mt19937_64 random_;
  testing::TemporaryDirectory folder_{FastestFolder()};
  const store::DataLayout layout_{folder_.path() / "data"};
  fs::path database_;
  testing::FakeClock clock_;
  JobManagerOptions options_;
  std::deque<std::function<void()>> file_work_;
  std::unique_ptr<PuppetStore> store_;
  std::unique_ptr<JobManager> manager_;
  std::vector<v1::Assignment> workers_;  // every assignment that was handed out in this schedule
  std::map<std::pair<std::string, int64_t>, v1::TaskFinished::Outcome> outcomes_;
  std::vector<Known> jobs_;  // of this schedule
  std::map<v1::JobState, int> ends_;
  int names_ = 0;
  int crashes_ = 0;
};

uint64_t FirstSeed(uint64_t fallback) {
  const char* wanted = std::getenv("SEEDBED_TEST_SEED");
  return wanted == nullptr ? fallback : std::strtoull(wanted, nullptr, 10);
}

// 10,000 schedules, in parts that run beside each other.
class Interleavings : public ::testing::TestWithParam<int> {};

TEST_P(Interleavings, KeepEveryPromise) {
  constexpr int kSimulations = 20;
  constexpr int kSchedules = 100;
  std::map<v1::JobState, int> ends;
  int crashes = 0;
  for (int i = 0; i < kSimulations; ++i) {
    const uint64_t seed = FirstSeed(static_cast<uint64_t>(1000 * GetParam() + i));
    SCOPED_TRACE("SEEDBED_TEST_SEED=" + std::to_string(seed));
    Simulation simulation(seed);
    for (int schedule = 0; schedule < kSchedules && !HasFailure(); ++schedule) simulation.RunSchedule();
    ASSERT_FALSE(HasFailure());
    for (const auto& [state, jobs] : simulation.ends()) ends[state] += jobs;
    crashes += simulation.crashes();
  }
  // The schedules went everywhere, or they prove little.
  EXPECT_GT(crashes, kSimulations * kSchedules / 10);
  for (const v1::JobState end : {v1::JOB_STATE_SUCCEEDED, v1::JOB_STATE_FAILED, v1::JOB_STATE_CANCELLED}) {
    EXPECT_GT(ends[end], kSimulations * kSchedules / 50) << v1::JobState_Name(end);
  }
}

INSTANTIATE_TEST_SUITE_P(Parts, Interleavings, ::testing::Range(1, 6));

}  // namespace
}  // namespace seedbed::jobs
