// The whole server, put together: what is made in which order, and how it is taken apart.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/config/config.h"
#include "server/log/log.h"

namespace seedbed {

// Serves from Start to Stop. Start and Stop are called by one thread.
class Daemon {
 public:
  // Takes the data root (UNAVAILABLE when another server has it, before any port is touched), recovers the jobs, listens, starts the
  // workers. INVALID_ARGUMENT for settings that only now turn out to be wrong. `logger` is not owned.
  static absl::StatusOr<std::unique_ptr<Daemon>> Start(const config::LoadedConfig& settings, log::Logger* logger);
  ~Daemon();

  // "seedbedd ready: listen=127.0.0.1:8461 metrics=127.0.0.1:8462 data_root=/... pid=..."; "off" stands for no metrics.
  std::string ReadyLine() const;

  // Drains: health says NOT_SERVING, no job is accepted or assigned, workers checkpoint and end, watchers are told where to resume, calls
  // end. Ends the process with status 1, naming the calls that would not end, when it takes longer than the settings allow.
  void Stop();

 private:
  class Impl;
  explicit Daemon(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

// Settings that the loader cannot judge: devices of this machine, and the worker program. INVALID_ARGUMENT names the setting.
absl::Status CheckSettings(const config::LoadedConfig& settings);

}  // namespace seedbed
