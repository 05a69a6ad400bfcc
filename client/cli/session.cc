#include "client/cli/session.h"

#include <algorithm>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "client/cli/exit_code.h"
#include "client/cli/text_format.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

// Far enough, and within reach of every clock type.
constexpr absl::Duration kLongestTimeout = absl::Hours(24 * 365);

}  // namespace

GlobalOptions GlobalOptions::FromEnvironment() {
  GlobalOptions options;
  const char* server = std::getenv("SEEDBED_SERVER");
  options.server = server != nullptr && *server != '\0' ? server : kDefaultServer;
  return options;
}

absl::Status Session::Start() {
  ConsoleOptions options;
  options.json = globals_.output == "json";
  options.quiet = globals_.quiet;
  options.no_progress = globals_.no_progress;
  options.color = globals_.color == "always" ? ColorMode::kAlways : globals_.color == "never" ? ColorMode::kNever : ColorMode::kAuto;
  console_.Configure(options);
  if (globals_.timeout.empty()) return absl::OkStatus();
  const absl::StatusOr<absl::Duration> timeout = ParseDuration(globals_.timeout);
  if (!timeout.ok()) return UsageError("--timeout: " + std::string(timeout.status().message()));
  timeout_ = std::min(*timeout, kLongestTimeout);
  deadline_ = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(*timeout_);
  return absl::OkStatus();
}

std::string Session::CommandLine(std::string_view arguments) const {
  std::string line = "seedbed ";
  if (globals_.server != GlobalOptions::FromEnvironment().server) absl::StrAppend(&line, "--server ", globals_.server, " ");
  return absl::StrCat(line, ToAbsl(arguments));
}

InterruptCatcher& Session::CatchInterrupts() {
  if (interrupts_ == nullptr) interrupts_ = std::make_unique<InterruptCatcher>();
  return *interrupts_;
}

absl::StatusOr<client::Client*> Session::client() {
  if (client_ == nullptr) {
    client::ClientOptions options;
    options.server = globals_.server;
    if (timeout_.has_value()) options.call_timeout = absl::ToChronoMilliseconds(*timeout_);
    absl::StatusOr<std::unique_ptr<client::Client>> created = client::Client::Create(options);
    if (!created.ok()) return UsageError("--server: " + std::string(created.status().message()));
    client_ = std::move(*created);
  }
  return client_.get();
}

}  // namespace seedbed::cli
