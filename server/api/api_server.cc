#include "server/api/api_server.h"

#include <sys/stat.h>

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/resource_quota.h"
#include "server/api/admin_service.h"
#include "server/api/blob_receiver.h"
#include "server/api/dataset_service.h"
#include "server/api/feature_service.h"
#include "server/api/guard.h"
#include "server/api/job_service.h"
#include "server/api/model_service.h"
#include "server/api/network_service.h"

namespace seedbed::api {
namespace {

constexpr size_t kMaxSocketPath = 107;  // sockaddr_un's, without the final NUL

absl::Status CheckSocketPath(const std::filesystem::path& path) {
  const size_t length = path.native().size();
  if (length <= kMaxSocketPath) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the socket ", path.string(), " would have ", length, " characters, the system allows ",
                                                 kMaxSocketPath, "; choose a data root with a shorter path (--data-root)"));
}

void SetLimits(const ApiServerOptions& options, grpc::ServerBuilder* builder) {
  builder->SetMaxReceiveMessageSize(options.max_message_bytes);
  builder->SetMaxSendMessageSize(options.max_message_bytes);
  grpc::ResourceQuota quota("seedbedd");
  quota.Resize(std::max<size_t>(size_t{256} << 20, 4 * static_cast<size_t>(options.max_message_bytes)));
  builder->SetResourceQuota(quota);
  builder->AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // on by default, and then two servers share a port silently
  builder->AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, 256);
  builder->AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, 10'000);
  // The other half of the clients' keepalive (every 20 s, also on idle connections); one half alone would end in "too_many_pings".
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
}

// While it lives, files that the process makes are for its user alone. Process-wide: at start, before other threads make files.
class PrivateFiles {
 public:
  PrivateFiles() : before_(::umask(077)) {}
  ~PrivateFiles() { ::umask(before_); }
  PrivateFiles(const PrivateFiles&) = delete;
  PrivateFiles& operator=(const PrivateFiles&) = delete;

 private:
  const mode_t before_;
};

}  // namespace

// In order of construction: what serves calls is destroyed before what they use.
struct ApiServer::Parts {
  std::optional<Guard> guard;
  Watchers watchers;
  std::optional<DatasetService> datasets;
  std::optional<JobService> jobs;
  std::optional<ModelService> models;
  std::optional<FeatureService> features;
  std::optional<NetworkService> networks;
  std::optional<AdminService> admin;
  std::unique_ptr<grpc::Server> server;
};

ApiServer::ApiServer() : parts_(std::make_unique<Parts>()) {}

absl::StatusOr<std::unique_ptr<ApiServer>> ApiServer::Start(const ApiServerOptions& options, const Backend& backend) {
  SB_RETURN_IF_ERROR(CheckSocketPath(backend.layout->socket()));
  SB_RETURN_IF_ERROR(RemoveUnfinishedUploads(*backend.layout));
  std::unique_ptr<ApiServer> result(new ApiServer());
  Parts& parts = *result->parts_;
  Guard* guard = &parts.guard.emplace(backend.metrics, backend.logger);
  parts.datasets.emplace(guard, backend.jobs, backend.store, backend.layout, options.min_free_bytes);
  parts.jobs.emplace(guard, backend.jobs, backend.layout, &parts.watchers);
  parts.models.emplace(guard, backend.jobs, backend.store, backend.layout);
  parts.features.emplace(guard, backend.jobs, backend.store, backend.layout);
  parts.networks.emplace(guard, backend.store);
  parts.admin.emplace(guard, backend.jobs, backend.store, backend.layout, backend.workers, options.identity);

  // Both before the builder is made, or it does not see them.
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  SetLimits(options, &builder);
  const bool is_ipv6 = options.host.find(':') != std::string::npos;
  const std::string host = is_ipv6 ? absl::StrCat("[", options.host, "]") : options.host;
  const auto credentials = grpc::InsecureServerCredentials();
  builder.AddListeningPort(absl::StrCat(host, ":", options.port), credentials, &result->port_);
  builder.AddListeningPort(absl::StrCat("unix:", backend.layout->socket().string()), credentials);
  for (grpc::Service* service : std::initializer_list<grpc::Service*>{&*parts.datasets, &*parts.jobs, &*parts.models, &*parts.features,
                                                                      &*parts.networks, &*parts.admin}) {
    builder.RegisterService(service);
  }
  if (grpc::Service* service = backend.workers->service()) builder.RegisterService(service);
  {
    const PrivateFiles private_files;  // the socket: who may connect is who may write to it
    parts.server = builder.BuildAndStart();
  }
  if (parts.server == nullptr || result->port_ == 0) {
    const bool tcp_failed = result->port_ == 0;
    return absl::UnavailableError(tcp_failed
                                      ? absl::StrCat("cannot listen on ", host, ":", options.port,
                                                     ": is the port taken, perhaps by another seedbedd? choose another with --listen")
                                      : absl::StrCat("cannot listen on the socket ", backend.layout->socket().string()));
  }
  result->SetServing(false);
  result->address_ = absl::StrCat(host, ":", result->port_);
  parts.admin->SetListenAddress(result->address_);
  return result;
}

ApiServer::~ApiServer() {
  if (parts_->server != nullptr) Stop(std::chrono::milliseconds(0));
}

void ApiServer::SetServing(bool serving) {
  grpc::HealthCheckServiceInterface* health = parts_->server->GetHealthCheckService();
  for (const char* name :
       {"", v1::DatasetService::service_full_name(), v1::JobService::service_full_name(), v1::ModelService::service_full_name(),
        v1::FeatureService::service_full_name(), v1::NetworkService::service_full_name(), v1::AdminService::service_full_name()}) {
    health->SetServingStatus(name, serving);
  }
}

void ApiServer::Stop(std::chrono::milliseconds grace) {
  if (parts_->server == nullptr) return;
  parts_->watchers.CloseAll();
  parts_->server->Shutdown(std::chrono::system_clock::now() + grace);
  parts_->server.reset();
}

std::vector<std::string> ApiServer::Unfinished() const { return parts_->guard->Unfinished(); }

}  // namespace seedbed::api
