// What a running command has at hand.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/cli/console.h"
#include "client/cli/interrupt.h"
#include "client/lib/client.h"
#include "core/base/clock.h"

namespace seedbed::cli {

// Values of the options that every command takes.
struct GlobalOptions {
  std::string server;  // HOST:PORT or unix:PATH
  std::string output = "text";
  bool quiet = false;
  std::string timeout;  // empty: none
  std::string color = "auto";
  bool no_progress = false;

  // Defaults, with SEEDBED_SERVER of the environment.
  static GlobalOptions FromEnvironment();
};

inline constexpr char kDefaultServer[] = "127.0.0.1:8461";

// Not thread-safe. The client is made when it is first asked for: commands that need no server stay fast.
class Session {
 public:
  // Both must outlive the session. `globals` is read once parsing is done, in Start().
  Session(const GlobalOptions* globals, Console* console) : globals_(*globals), console_(*console) {}

  // Usage error for a bad --timeout; then sets the console up.
  absl::Status Start();

  Console& console() { return console_; }
  const GlobalOptions& globals() const { return globals_; }
  // When --timeout expires.
  MonotonicTime deadline() const { return deadline_; }

  // From here on Ctrl-C is received by interrupts(). Call it before client().
  InterruptCatcher& CatchInterrupts();
  // "seedbed ARGUMENTS" as the user would type it to reach the same server; for advice.
  std::string CommandLine(std::string_view arguments) const;
  // Owned by the session.
  absl::StatusOr<client::Client*> client();

 private:
  const GlobalOptions& globals_;
  Console& console_;
  std::optional<absl::Duration> timeout_;
  MonotonicTime deadline_ = MonotonicTime::max();
  std::unique_ptr<InterruptCatcher> interrupts_;
  std::unique_ptr<client::Client> client_;
};

}  // namespace seedbed::cli
