// A model of weights that were trained elsewhere, from wherever they are: fetched, converted, uploaded, imported.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "client/cli/commands/common.h"
#include "client/cli/exit_code.h"
#include "client/cli/session.h"
#include "client/cli/weights_catalogue.h"
#include "seedbed/v1/job.pb.h"

namespace seedbed::cli {

// What both commands that import weights take.
struct ImportOptions {
  bool with_top = false;
  std::string classes;                       // file; empty: none
  std::map<std::string, std::string> texts;  // of the settings of preprocessing, by key (train_settings.h); only those that were given
  std::string stall_timeout = "30s";
  JobOptions job;
};
void AddImportOptions(CLI::App* command, ImportOptions* options);

// Names of classes, one a line; the last line may be empty. INVALID_ARGUMENT naming file and line for an empty or doubled name.
absl::StatusOr<std::vector<std::string>> ReadClassNames(const std::filesystem::path& file);

// `spec` has the model's name, the arch, and the preprocessing that holds unless `options` has another. Says how the model is used.
absl::StatusOr<ExitCode> ImportWeights(Session& session, const WeightsSource& source, v1::ImportModelSpec spec,
                                       const ImportOptions& options);

}  // namespace seedbed::cli
