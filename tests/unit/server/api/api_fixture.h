// A whole API server in the test's process, over a real store and job manager, spoken to over TCP.
#pragma once

#include <chrono>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "client/lib/status.h"
#include "grpcpp/grpcpp.h"
#include "prometheus/text_serializer.h"
#include "seedbed/v1/admin.grpc.pb.h"
#include "seedbed/v1/dataset.grpc.pb.h"
#include "seedbed/v1/features.grpc.pb.h"
#include "seedbed/v1/job.grpc.pb.h"
#include "seedbed/v1/model.grpc.pb.h"
#include "server/api/api_server.h"
#include "server/api/guard.h"
#include "server/metrics/server_metrics.h"
#include "tests/unit/server/jobs/job_manager_fixture.h"

namespace seedbed::api {

class FakeWorkerPool final : public workers::WorkerPool {
 public:
  grpc::Service* service() override { return nullptr; }
  absl::Status Start(const std::vector<jobs::RecoveryReport::Held>&) override { return absl::OkStatus(); }
  std::vector<v1::Worker> List() const override {
    v1::Worker worker;
    worker.set_slot("jobs-cpu");
    worker.set_state(v1::WORKER_STATE_IDLE);
    return {worker};
  }
  void Stop(std::chrono::milliseconds) override {}
};

class ApiTest : public jobs::JobManagerTest {
 protected:
  ApiTest() { StartServer(); }
  ~ApiTest() override { server_.reset(); }

  void StartServer(ApiServerOptions options = {}) {
    options.identity.set_version("0.1.0");
    server_ = ApiServer::Start(options, backend()).value();
    server_->SetServing(true);
    channel_ = Connect(server_->address());
    jobs_ = v1::JobService::NewStub(channel_);
    datasets_ = v1::DatasetService::NewStub(channel_);
    models_ = v1::ModelService::NewStub(channel_);
    features_ = v1::FeatureService::NewStub(channel_);
    admin_ = v1::AdminService::NewStub(channel_);
  }

  Backend backend() {
    return {.jobs = manager_.get(),
            .store = store_.get(),
            .layout = &layout_,
            .workers = &workers_,
            .metrics = &metrics_.rpc(),
            .logger = &logger_};
  }

  // A connection of its own.
  static std::shared_ptr<grpc::Channel> Connect(const std::string& address) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
  }

  // One unary call; the limit is met only by a server that hangs.
  template <typename Response, typename Request, typename Method>
  static absl::StatusOr<Response> Invoke(Method method, const Request& request,
                                         std::chrono::milliseconds limit = std::chrono::seconds(20)) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + limit);
    Response response;
    const absl::Status status = client::FromGrpc(method(&context, request, &response));
    if (!status.ok()) return status;
    return response;
  }

  absl::StatusOr<v1::SubmitJobResponse> SubmitOverApi(const v1::JobSpec& spec, std::chrono::milliseconds limit = std::chrono::seconds(20)) {
    v1::SubmitJobRequest request;
    *request.mutable_spec() = spec;
    return Invoke<v1::SubmitJobResponse>([&](auto... a) { return jobs_->SubmitJob(a...); }, request, limit);
  }

  // The value of one series of /metrics; -1 when there is none.
  double Metric(const std::string& series) const {
    std::vector<prometheus::MetricFamily> families;
    for (const auto& weak : metrics_.Collectables()) {
      for (auto& family : weak.lock()->Collect()) families.push_back(std::move(family));
    }
    std::istringstream lines(prometheus::TextSerializer().Serialize(families));
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with(series + " ")) return std::stod(line.substr(series.size() + 1));
    }
    return -1;
  }
  // Waits for what another thread is about to count.
  void AwaitMetric(const std::string& series, double value) const {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (Metric(series) != value && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
    EXPECT_EQ(Metric(series), value) << series;
  }

  std::ostringstream log_;
  log::Logger logger_{{.stream = &log_}};
  metrics::ServerMetrics metrics_{{.version = "", .revision = "", .worker_slots = {"jobs-cpu"}, .rpc_methods = AllMethods()}, &clock_};
  FakeWorkerPool workers_;
  std::unique_ptr<ApiServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::JobService::Stub> jobs_;
  std::unique_ptr<v1::DatasetService::Stub> datasets_;
  std::unique_ptr<v1::ModelService::Stub> models_;
  std::unique_ptr<v1::FeatureService::Stub> features_;
  std::unique_ptr<v1::AdminService::Stub> admin_;
};

}  // namespace seedbed::api
