// The server program: reads its settings, serves until a signal, drains.
#include <grpc/support/log.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <map>
#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "server/config/command_line.h"
#include "server/config/config.h"
#include "server/daemon.h"
#include "server/log/log.h"
#include "server/stop_signals.h"

namespace seedbed {
namespace {

enum Exit : int { kOk = 0, kFailed = 1, kBadConfiguration = 5 };

// gRPC's own messages, as lines of our log while it lives. gRPC calls a plain function, so there is one of these in a process.
class GrpcLog {
 public:
  explicit GrpcLog(log::Logger* logger) {
    target_ = logger;
    ::gpr_set_log_function([](gpr_log_func_args* message) {
      if (log::Logger* target = target_) target->Warning("grpc", {{"message", message->message}});
    });
  }
  ~GrpcLog() { target_ = nullptr; }
  GrpcLog(const GrpcLog&) = delete;
  GrpcLog& operator=(const GrpcLog&) = delete;

 private:
  static inline std::atomic<log::Logger*> target_{nullptr};
};

std::map<std::string, std::string> Environment() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const size_t equals = text.find('=');
    if (equals != std::string::npos) variables[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return variables;
}

log::Options LogOptions(const v1::LogConfig& config) {
  log::Options options;
  options.format = config.format() == "json" ? log::Format::kJson : log::Format::kText;
  options.level = config.level() == "debug"     ? log::Level::kDebug
                  : config.level() == "info"    ? log::Level::kInfo
                  : config.level() == "warning" ? log::Level::kWarning
                                                : log::Level::kError;
  return options;
}

int Complain(const absl::Status& status, int exit_code) {
  std::fprintf(stderr, "seedbedd: %s\n", std::string(status.message()).c_str());
  return exit_code;
}

int Serve(const config::LoadedConfig& settings) {
  ::signal(SIGPIPE, SIG_IGN);  // a reader of our output that goes away must not end the server
  StopSignals signals;
  log::Logger logger(LogOptions(settings.config.log()));
  const GrpcLog grpc_log(&logger);
  for (const std::string& warning : settings.warnings) logger.Warning("configuration", {{"message", warning}});
  const absl::StatusOr<std::unique_ptr<Daemon>> daemon = Daemon::Start(settings, &logger);
  if (!daemon.ok()) return Complain(daemon.status(), absl::IsInvalidArgument(daemon.status()) ? kBadConfiguration : kFailed);
  std::printf("%s\n", (*daemon)->ReadyLine().c_str());
  std::fflush(stdout);
  logger.Info("signal", {{"number", signals.Wait()}});
  (*daemon)->Stop();
  return kOk;
}

int Main(int argc, const char* const* argv) {
  const std::variant<config::CommandLine, int> parsed = config::ParseCommandLine(argc, argv);
  if (const int* exit_code = std::get_if<int>(&parsed)) return *exit_code;
  const auto& command_line = std::get<config::CommandLine>(parsed);
  config::ConfigSources sources;
  sources.file = command_line.config_file;
  sources.environment = Environment();
  sources.flags = command_line.flags;
  std::error_code ignored;
  sources.program_folder = std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
  const absl::StatusOr<config::LoadedConfig> settings = config::LoadConfig(sources);
  if (!settings.ok()) return Complain(settings.status(), kBadConfiguration);
  switch (command_line.action) {
    case config::CommandLine::Action::kPrintConfig:
      std::fputs(config::FormatConfig(*settings).c_str(), stdout);
      return kOk;
    case config::CommandLine::Action::kCheckConfig:
      if (const absl::Status checked = CheckSettings(*settings); !checked.ok()) return Complain(checked, kBadConfiguration);
      std::puts("the configuration is valid");
      return kOk;
    case config::CommandLine::Action::kServe:
      return Serve(*settings);
  }
  return kFailed;
}

}  // namespace
}  // namespace seedbed

int main(int argc, char** argv) { return seedbed::Main(argc, argv); }
