#include "server/workers/worker_pool.h"

#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/event_loop.h"
#include "core/base/mutex.h"
#include "core/base/status_macros.h"
#include "server/workers/attach_service.h"
#include "server/workers/local_processes.h"
#include "server/workers/supervisor.h"
#include "server/workers/token.h"

namespace seedbed::workers {
namespace {

// How long Stop waits, after it killed what was left, for the system and the store to confirm.
constexpr std::chrono::seconds kConfirmation{5};

// The job manager, with its answers brought to the loop's thread. Answers that come after the loop's end are dropped.
class LoopedJobs : public JobPort {
 public:
  LoopedJobs(jobs::JobManager* jobs, std::shared_ptr<EventLoop> loop) : jobs_(jobs), loop_(std::move(loop)) {}

  void Claim(const std::string& slot, const v1::ExecutionProfile& profile, Done<std::optional<v1::Assignment>> done) override {
    jobs_->Claim(slot, profile, OnLoop(std::move(done)));
  }
  void Started(const v1::Attempt& attempt, Done<bool> done) override { jobs_->Started(attempt, OnLoop(std::move(done))); }
  void AppendEvent(const v1::Attempt& attempt, const v1::TaskEvent& event, Done<bool> done) override {
    jobs_->AppendEvent(attempt, event, OnLoop(std::move(done)));
  }
  void Checkpointed(const v1::Attempt& attempt, int64_t mark, Done<bool> done) override {
    jobs_->Checkpointed(attempt, mark, OnLoop(std::move(done)));
  }
  void ReportProgress(const v1::Attempt& attempt, const v1::Progress& progress) override { jobs_->ReportProgress(attempt, progress); }
  void Finish(const v1::Attempt& attempt, const v1::TaskFinished& finished, Done<bool> done) override {
    jobs_->Finish(attempt, finished, OnLoop(std::move(done)));
  }
  void Lost(const v1::Attempt& attempt, const jobs::Loss& loss, Done<bool> done) override {
    jobs_->Lost(attempt, loss, OnLoop(std::move(done)));
  }
  jobs::JobManager::AttemptState StateOf(const v1::Attempt& attempt) const override { return jobs_->StateOf(attempt); }

 private:
  template <typename T>
  Done<T> OnLoop(Done<T> done) {
    return [loop = loop_, done = std::move(done)](absl::StatusOr<T> result) {
      loop->Post([done, result = std::move(result)] { done(result); });
    };
  }

  jobs::JobManager* const jobs_;
  const std::shared_ptr<EventLoop> loop_;
};

// The supervisor on a thread of its own, and the bridges to it: from gRPC, processes, jobs and callers.
class WorkerPoolImpl : public WorkerPool, private AttachHandler {
 public:
  WorkerPoolImpl(WorkerPoolOptions options, const std::string& token, const store::DataLayout* layout, jobs::JobManager* jobs,
                 const Clock* clock, WorkerObserver* observer, std::shared_ptr<EventLoop> loop)
      : loop_(std::move(loop)),
        jobs_(jobs, loop_),
        processes_(options, token, layout, loop_.get(),
                   [this](pid_t pid, const ProcessExit& exit) { supervisor_.OnProcessEnded(pid, exit); }),
        supervisor_(SupervisorSettings(options, token), &processes_, &jobs_, clock,
                    [observer](const v1::Worker& worker) {
                      if (observer != nullptr) observer->OnWorkerState(worker);
                    }),
        service_(this) {
    jobs->SetWakeups(
        [this, target = loop_] { target->Post([this] { supervisor_.OnJobsRunnable(); }); },
        [this, target = loop_](const v1::Attempt& attempt) { target->Post([this, attempt] { supervisor_.OnCancelRequested(attempt); }); });
    thread_ = std::thread([this] { loop_->Run([this] { return Tick(); }); });
  }
  ~WorkerPoolImpl() override { Detach(); }

  grpc::Service* service() override { return &service_; }

  absl::Status Start(const std::vector<jobs::RecoveryReport::Held>& held) override {
    const bool is_running = loop_->Post([this, held] { supervisor_.Start(held); });
    return is_running ? absl::OkStatus() : absl::FailedPreconditionError("the worker pool was stopped");
  }

  std::vector<v1::Worker> List() const override ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(&mutex_);
    return workers_;
  }

  void Stop(std::chrono::milliseconds grace) override ABSL_LOCKS_EXCLUDED(mutex_) {
    if (!thread_.joinable()) return;
    loop_->Post([this] { BeginStop(); });
    if (!WaitUntilStopped(grace)) {
      loop_->Post([this] { supervisor_.KillAll(); });
      WaitUntilStopped(kConfirmation);
    }
    Detach();
  }

 private:
  // Lets go of everything and leaves the workers to themselves.
  void Detach() {
    if (!thread_.joinable()) return;
    loop_->Stop();
    thread_.join();
    service_.CloseAll(absl::UnavailableError("the server has stopped"));
  }

  static SupervisorOptions SupervisorSettings(const WorkerPoolOptions& options, const std::string& token) {
    SupervisorOptions settings;
    settings.slots = options.slots;
    settings.token = token;
    settings.lease = options.lease;
    settings.restart.first_backoff = options.restart_backoff;
    return settings;
  }

  void OnMessage(std::shared_ptr<WorkerStream> stream, v1::WorkerMessage message) override {
    loop_->Post([this, stream = std::move(stream), message = std::move(message)] { supervisor_.OnMessage(stream, message); });
  }
  void OnStreamEnded(std::shared_ptr<WorkerStream> stream) override {
    loop_->Post([this, stream = std::move(stream)] { supervisor_.OnStreamEnded(stream.get()); });
  }

  void BeginStop() {
    is_stopping_ = true;
    supervisor_.BeginStop();
  }

  MonotonicTime Tick() ABSL_LOCKS_EXCLUDED(mutex_) {
    const MonotonicTime next = supervisor_.Tick();
    std::vector<v1::Worker> workers = supervisor_.List();
    MutexLock lock(&mutex_);
    workers_.swap(workers);
    is_stopped_ = is_stopping_ && supervisor_.Stopped();
    if (is_stopped_) stopped_changed_.NotifyAll();
    return next;
  }

  bool WaitUntilStopped(std::chrono::milliseconds limit) ABSL_LOCKS_EXCLUDED(mutex_) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    MutexLock lock(&mutex_);
    while (!is_stopped_) {
      if (!stopped_changed_.WaitUntil(&mutex_, deadline)) break;
    }
    return is_stopped_;
  }

  const std::shared_ptr<EventLoop> loop_;  // shared with callbacks that the jobs still hold when the pool is gone
  // The loop's thread only.
  LoopedJobs jobs_;
  LocalProcesses processes_;
  Supervisor supervisor_;
  bool is_stopping_ = false;

  AttachService service_;
  std::thread thread_;

  mutable Mutex mutex_;
  CondVar stopped_changed_;
  std::vector<v1::Worker> workers_ ABSL_GUARDED_BY(mutex_);
  bool is_stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<WorkerPool>> WorkerPool::Create(WorkerPoolOptions options, const store::DataLayout* layout,
                                                               jobs::JobManager* jobs, const Clock* clock, WorkerObserver* observer) {
  SB_ASSIGN_OR_RETURN(const std::string token, LoadOrCreateToken(layout->worker_token()));
  SB_ASSIGN_OR_RETURN(std::shared_ptr<EventLoop> loop, EventLoop::Create());
  return std::unique_ptr<WorkerPool>(new WorkerPoolImpl(std::move(options), token, layout, jobs, clock, observer, std::move(loop)));
}

}  // namespace seedbed::workers
