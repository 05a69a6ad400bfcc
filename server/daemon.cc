#include "server/daemon.h"

#include <unistd.h>

#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"
#include "core/base/version.h"
#include "google/protobuf/util/time_util.h"
#include "server/api/api_server.h"
#include "server/api/guard.h"
#include "server/config/endpoint.h"
#include "server/data_root_lock.h"
#include "server/jobs/job_manager.h"
#include "server/metrics/metrics_endpoint.h"
#include "server/metrics/server_metrics.h"
#include "server/observers.h"
#include "server/store/data_layout.h"
#include "server/store/store.h"
#include "server/ticker.h"
#include "server/watchdog.h"
#include "server/workers/worker_pool.h"

namespace seedbed {
namespace {

using ::google::protobuf::util::TimeUtil;

constexpr std::chrono::seconds kCallGrace{2};        // for calls that still run when everything else has ended
constexpr std::chrono::seconds kWatchdogMargin{10};  // for the killing of workers and the last writes

std::chrono::milliseconds ToMillis(const google::protobuf::Duration& duration) {
  return std::chrono::milliseconds(TimeUtil::DurationToMilliseconds(duration));
}

// "`path` = value (origin): error".
absl::Status AtSetting(const config::LoadedConfig& settings, const std::string& path, const std::string& value,
                       const absl::Status& status) {
  if (status.ok()) return status;
  return absl::InvalidArgumentError(absl::StrCat(path, " = ", value, " (", settings.origins.at(path), "): ", status.message()));
}

absl::StatusOr<std::vector<workers::Slot>> SlotsOf(const config::LoadedConfig& settings) {
  absl::StatusOr<std::vector<workers::Slot>> slots = workers::SlotsForDevices(settings.config.devices());
  SB_RETURN_IF_ERROR(AtSetting(settings, "devices", settings.config.devices(), slots.status()));
  return slots;
}

jobs::JobManagerOptions JobOptions(const v1::ServerConfig& config) {
  jobs::JobManagerOptions options;
  options.max_attempts = config.workers().max_attempts();
  options.retry_backoff = ToMillis(config.workers().retry_backoff());
  options.min_free_bytes = config.store().min_free_bytes();
  options.max_queued_jobs = config.limits().max_queued_jobs();
  options.allowed_roots = {config.allowed_roots().begin(), config.allowed_roots().end()};
  options.jitter_seed = static_cast<uint64_t>(SystemClock().WallMicros());
  return options;
}

// "jobs: 41 ended, 1 requeued, 1 failed (reason)".
std::string Describe(const jobs::RecoveryReport& report, const std::string& failure) {
  std::string text = absl::StrCat("jobs: ", report.ended, " ended, ", report.requeued, " requeued");
  if (report.queued > 0) absl::StrAppend(&text, ", ", report.queued, " queued");
  if (!report.held.empty()) absl::StrAppend(&text, ", ", report.held.size(), " still with their worker");
  if (report.failed > 0) absl::StrAppend(&text, ", ", report.failed, " failed (", failure, ")");
  return text;
}

}  // namespace

// In order of construction; destruction is the reverse, and each may use those above it.
class Daemon::Impl {
 public:
  Impl(const config::LoadedConfig& settings, log::Logger* logger)
      : config_(settings.config), logger_(logger), layout_(settings.config.data_root()) {}

  ~Impl() { TakeApart(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  absl::Status Start(const config::LoadedConfig& settings) {
    logger_->Info("start", {{"version", Version()}, {"revision", Revision()}, {"pid", ::getpid()}, {"data_root", config_.data_root()}});
    SB_RETURN_IF_ERROR(CheckSettings(settings));
    SB_ASSIGN_OR_RETURN(const std::vector<workers::Slot> slots, SlotsOf(settings));
    SB_RETURN_IF_ERROR(layout_.Create());
    SB_ASSIGN_OR_RETURN(lock_, DataRootLock::Acquire(layout_));
    SB_RETURN_IF_ERROR(OpenState(slots));
    SB_ASSIGN_OR_RETURN(const jobs::RecoveryReport recovered, Recover());
    SB_RETURN_IF_ERROR(OpenDoors(slots));
    SB_RETURN_IF_ERROR(workers_->Start(recovered.held));
    api_->SetServing(true);
    return absl::OkStatus();
  }

  std::string ReadyLine() const {
    return absl::StrCat("seedbedd ready: listen=", api_->address(), " metrics=", MetricsAddress("off"), " data_root=", config_.data_root(),
                        " pid=", ::getpid());
  }

  void Stop() {
    const std::chrono::milliseconds grace = ToMillis(config_.workers().drain_grace());
    const Watchdog watchdog(grace + kCallGrace + kWatchdogMargin, [this] {
      logger_->Error("stop_overdue", {{"unfinished", absl::StrJoin(api_->Unfinished(), ", ")}});
    });
    logger_->Info("drain", {{"grace_seconds", std::chrono::duration<double>(grace).count()}});
    api_->SetServing(false);
    jobs_->SetDraining(true);
    workers_->Stop(grace);
    api_->Stop(kCallGrace);
    TakeApart();
    logger_->Info("stop");
  }

 private:
  absl::Status OpenState(const std::vector<workers::Slot>& slots) {
    metrics::ServerMetricsOptions options{
        .version = std::string(Version()), .revision = std::string(Revision()), .worker_slots = {}, .rpc_methods = api::AllMethods()};
    for (const workers::Slot& slot : slots) options.worker_slots.push_back(slot.name);
    metrics_.emplace(options, &SystemClock());
    SB_ASSIGN_OR_RETURN(ticker_, Ticker::Create());
    observers_.emplace(&*metrics_, logger_, ticker_.get());
    store::StoreOptions store_options;
    store_options.on_commit = [this](std::chrono::nanoseconds duration, size_t) { metrics_->OnCommit(duration); };
    SB_ASSIGN_OR_RETURN(store_, store::Store::Open(layout_.database(), std::move(store_options)));
    metrics_->SetSources([this] { return store_->Bytes(); },
                         [this] { return static_cast<int64_t>(FreeBytes(layout_.root()).value_or(uint64_t{0})); });
    SB_ASSIGN_OR_RETURN(jobs_, jobs::JobManager::Create(store_.get(), &layout_, &SystemClock(), &*observers_, JobOptions(config_)));
    return absl::OkStatus();
  }

  absl::StatusOr<jobs::RecoveryReport> Recover() {
    SB_ASSIGN_OR_RETURN(jobs::RecoveryReport report, jobs_->Recover());
    logger_->Info("recovered", {{"message", Describe(report, observers_->last_failure())}});
    SB_ASSIGN_OR_RETURN(const std::vector<store::JobCount> counts, store_->CountJobs());
    for (const store::JobCount& count : counts) metrics_->jobs().SetCount(count.kind, count.state, count.jobs);
    ticker_->Start([this] { return jobs_->Tick(); });
    return report;
  }

  absl::Status OpenDoors(const std::vector<workers::Slot>& slots) {
    if (!config_.metrics().empty()) {
      SB_ASSIGN_OR_RETURN(const config::Endpoint endpoint, config::ParseEndpoint(config_.metrics()));
      SB_ASSIGN_OR_RETURN(metrics_endpoint_, metrics::MetricsEndpoint::Start(endpoint.host, endpoint.port, *metrics_));
    }
    workers::WorkerPoolOptions pool;
    pool.slots = slots;
    pool.program = config_.workers().program();
    pool.server_address = absl::StrCat("unix:", layout_.socket().string());
    pool.lease = ToMillis(config_.workers().lease());
    pool.threads = config_.workers().threads();
    pool.cache_max_bytes = static_cast<uint64_t>(config_.store().cache_bytes());
    SB_ASSIGN_OR_RETURN(workers_, workers::WorkerPool::Create(std::move(pool), &layout_, jobs_.get(), &SystemClock(), &*observers_));
    SB_ASSIGN_OR_RETURN(const config::Endpoint listen, config::ParseEndpoint(config_.listen()));
    api::ApiServerOptions options;
    options.host = listen.host;
    options.port = listen.port;
    options.max_message_bytes = config_.limits().max_message_bytes();
    options.min_free_bytes = config_.store().min_free_bytes();
    options.identity = Identity();
    SB_ASSIGN_OR_RETURN(api_, api::ApiServer::Start(options, {.jobs = jobs_.get(),
                                                              .store = store_.get(),
                                                              .layout = &layout_,
                                                              .workers = workers_.get(),
                                                              .metrics = &metrics_->rpc(),
                                                              .logger = logger_}));
    return absl::OkStatus();
  }

  v1::GetServerInfoResponse Identity() const {
    v1::GetServerInfoResponse identity;
    identity.set_version(std::string(Version()));
    identity.set_revision(std::string(Revision()));
    *identity.mutable_start_time() = TimeUtil::MicrosecondsToTimestamp(SystemClock().WallMicros());
    identity.set_data_root(config_.data_root());
    identity.set_metrics_address(MetricsAddress(""));
    return identity;
  }

  std::string MetricsAddress(const std::string& without) const {
    if (metrics_endpoint_ == nullptr) return without;
    config::Endpoint endpoint = config::ParseEndpoint(config_.metrics()).value();
    endpoint.port = metrics_endpoint_->port();
    return endpoint.ToString();
  }

  // Also of what was only half put together.
  void TakeApart() {
    if (ticker_ != nullptr) ticker_->Stop();
    if (metrics_) metrics_->ForgetSources();
    api_.reset();
    workers_.reset();
    jobs_.reset();
    store_.reset();  // writes what is queued
    metrics_endpoint_.reset();
  }

  const v1::ServerConfig config_;
  log::Logger* const logger_;
  const store::DataLayout layout_;
  std::optional<DataRootLock> lock_;
  std::optional<metrics::ServerMetrics> metrics_;
  std::unique_ptr<Ticker> ticker_;
  std::optional<Observers> observers_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<jobs::JobManager> jobs_;
  std::unique_ptr<metrics::MetricsEndpoint> metrics_endpoint_;
  std::unique_ptr<workers::WorkerPool> workers_;
  std::unique_ptr<api::ApiServer> api_;
};

absl::StatusOr<std::unique_ptr<Daemon>> Daemon::Start(const config::LoadedConfig& settings, log::Logger* logger) {
  auto impl = std::make_unique<Impl>(settings, logger);
  SB_RETURN_IF_ERROR(impl->Start(settings));
  return std::unique_ptr<Daemon>(new Daemon(std::move(impl)));
}

Daemon::Daemon(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Daemon::~Daemon() = default;
std::string Daemon::ReadyLine() const { return impl_->ReadyLine(); }
void Daemon::Stop() { impl_->Stop(); }

absl::Status CheckSettings(const config::LoadedConfig& settings) {
  SB_ASSIGN_OR_RETURN(const std::vector<workers::Slot> slots, SlotsOf(settings));
  const std::string& program = settings.config.workers().program();
  if (slots.empty() || ::access(program.c_str(), X_OK) == 0) return absl::OkStatus();
  return AtSetting(settings, "workers.program", program,
                   absl::NotFoundError("is no program; build seedbed-worker (./run build), name it with --worker-program, or serve without "
                                       "workers (--devices none)"));
}

}  // namespace seedbed
