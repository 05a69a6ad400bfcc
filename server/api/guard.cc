#include "server/api/guard.h"

#include <exception>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "google/protobuf/descriptor.h"
#include "seedbed/v1/admin.pb.h"
#include "seedbed/v1/dataset.pb.h"
#include "seedbed/v1/features.pb.h"
#include "seedbed/v1/job.pb.h"
#include "seedbed/v1/model.pb.h"
#include "seedbed/v1/network.pb.h"
#include "seedbed/v1/worker.pb.h"

namespace seedbed::api {

std::vector<std::string> AllMethods() {
  std::vector<std::string> methods;
  for (const google::protobuf::FileDescriptor* file :
       {v1::Dataset::descriptor()->file(), v1::Job::descriptor()->file(), v1::Model::descriptor()->file(),
        v1::FeatureSet::descriptor()->file(), v1::SummarizeNetworkRequest::descriptor()->file(), v1::Worker::descriptor()->file(),
        v1::Hello::descriptor()->file()}) {
    for (int s = 0; s < file->service_count(); ++s) {
      const google::protobuf::ServiceDescriptor* service = file->service(s);
      for (int m = 0; m < service->method_count(); ++m) {
        methods.push_back(absl::StrCat(service->name(), "/", service->method(m)->name()));
      }
    }
  }
  return methods;
}

Guard::Guard(metrics::RpcMetrics* metrics, log::Logger* logger, size_t threads) : metrics_(metrics), logger_(logger), executor_(threads) {}

Guard::Call::Call(Guard* guard, std::string_view method)
    : guard_(guard), method_(guard->metrics_->Find(method)), begin_(std::chrono::steady_clock::now()) {
  method_->Started();
  MutexLock lock(&guard_->mutex_);
  ++guard_->unfinished_[method_->name()];
}

void Guard::Call::End(const absl::Status& status) {
  method_->Finished(static_cast<int>(status.code()), std::chrono::steady_clock::now() - begin_);
  MutexLock lock(&guard_->mutex_);
  --guard_->unfinished_[method_->name()];
}

absl::Status Guard::Protect(const std::function<absl::Status()>& body) {
  try {
    return body();
  } catch (const std::exception& error) {
    logger_->Error("exception", {{"what", error.what()}});
  } catch (...) {
    logger_->Error("exception", {{"what", "not a std::exception"}});
  }
  return absl::InternalError("a fault of the server's own; its log says more");
}

std::vector<std::string> Guard::Unfinished() const {
  MutexLock lock(&mutex_);
  std::vector<std::string> lines;
  for (const auto& [method, calls] : unfinished_) {
    if (calls > 0) lines.push_back(absl::StrCat(method, ": ", calls));
  }
  return lines;
}

}  // namespace seedbed::api
