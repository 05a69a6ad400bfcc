#include "server/config/validate.h"

#include <chrono>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"
#include "google/protobuf/util/time_util.h"
#include "server/config/endpoint.h"
#include "server/config/setting.h"
#include "server/config/units.h"

namespace seedbed::config {
namespace {

using ::google::protobuf::util::TimeUtil;
using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

class Validator {
 public:
  Validator(const v1::ServerConfig& config, const std::function<std::string(std::string_view)>& origin_of)
      : config_(config), origin_of_(origin_of) {}

  absl::Status Run() {
    CheckEndpoint("listen", config_.listen());
    if (!config_.metrics().empty()) CheckEndpoint("metrics", config_.metrics());
    CheckPortsDiffer();
    Require("data_root", std::filesystem::path(config_.data_root()).is_absolute(), "must be an absolute folder");
    for (const std::string& root : config_.allowed_roots()) {
      Require("allowed_roots", std::filesystem::path(root).is_absolute(), "must be absolute folders");
    }
    CheckWorkers(config_.workers());
    CheckNumber("store.min_free_bytes", config_.store().min_free_bytes(), 0, int64_t{1} << 50);
    CheckNumber("store.cache_bytes", config_.store().cache_bytes(), 0, int64_t{1} << 50);
    const std::string& format = config_.log().format();
    Require("log.format", format == "text" || format == "json", "must be text or json");
    const std::string& level = config_.log().level();
    Require("log.level", level == "debug" || level == "info" || level == "warning" || level == "error",
            "must be debug, info, warning or error");
    // Uploads and exports travel in chunks of up to 1 MiB.
    CheckNumber("limits.max_message_bytes", config_.limits().max_message_bytes(), 2 << 20, 1 << 30);
    CheckNumber("limits.max_queued_jobs", config_.limits().max_queued_jobs(), 1, 10'000'000);
    return status_;
  }

 private:
  void CheckWorkers(const v1::WorkersConfig& workers) {
    Require("workers.program", !workers.program().empty(), "must name the program of the workers");
    CheckDuration("workers.lease", workers.lease(), 200ms, 10min);
    CheckNumber("workers.threads", workers.threads(), 0, 1024);
    CheckDuration("workers.drain_grace", workers.drain_grace(), 0ms, 1h);
    CheckNumber("workers.max_attempts", workers.max_attempts(), 1, 1000);
    CheckDuration("workers.retry_backoff", workers.retry_backoff(), 1ms, 5min);
  }

  void CheckEndpoint(std::string_view path, const std::string& text) {
    const absl::StatusOr<Endpoint> endpoint = ParseEndpoint(text);
    if (!endpoint.ok()) return Require(path, false, std::string(endpoint.status().message()));
    Require(path, IsLoopback(*endpoint),
            "must be an address of this machine alone (127.0.0.1, localhost, [::1]), because connections are not encrypted yet; to reach "
            "the server from elsewhere use a tunnel, such as ssh -L");
  }

  void CheckPortsDiffer() {
    const auto listen = ParseEndpoint(config_.listen());
    const auto metrics = ParseEndpoint(config_.metrics());
    if (!listen.ok() || !metrics.ok()) return;
    Require("metrics", listen->port == 0 || listen->port != metrics->port, "must have another port than listen");
  }

  void CheckNumber(std::string_view path, int64_t value, int64_t low, int64_t high) {
    Require(path, low <= value && value <= high, absl::StrCat("must be ", low, " to ", high));
  }

  void CheckDuration(std::string_view path, const google::protobuf::Duration& value, std::chrono::nanoseconds low,
                     std::chrono::nanoseconds high) {
    const int64_t nanoseconds = TimeUtil::DurationToNanoseconds(value);
    Require(path, low.count() <= nanoseconds && nanoseconds <= high.count(),
            absl::StrCat("must be ", FormatDuration(low), " to ", FormatDuration(high)));
  }

  // The first failure is the answer.
  void Require(std::string_view path, bool condition, std::string_view rule) {
    if (condition || !status_.ok()) return;
    const std::string value = absl::StrJoin(FormatSetting(*FindSetting(path), config_), ",");
    status_ = absl::InvalidArgumentError(absl::StrCat(ToAbsl(path), " = ", value, " (", origin_of_(path), "): ", ToAbsl(rule)));
  }

  const v1::ServerConfig& config_;
  const std::function<std::string(std::string_view)>& origin_of_;
  absl::Status status_;
};

}  // namespace

absl::Status ValidateConfig(const v1::ServerConfig& config, const std::function<std::string(std::string_view)>& origin_of) {
  return Validator(config, origin_of).Run();
}

}  // namespace seedbed::config
