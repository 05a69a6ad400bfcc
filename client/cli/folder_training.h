// Training on a plain folder: which dataset and split it needs, and which of them must be made first.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/lib/client.h"
#include "seedbed/v1/job.pb.h"

namespace seedbed::cli {

// Share of each class that validates when `seedbed train DIR` makes the split itself.
inline constexpr double kFolderFraction = 0.1;

struct FolderPlan {
  std::string root;
  std::string dataset;
  int version = 0;  // 0 until it is indexed
  std::string split;
  std::optional<v1::JobSpec> index_job;  // set when the dataset does not exist yet
  std::optional<v1::JobSpec> split_job;  // set when the split does not exist yet; to depend on the index job
  std::vector<v1::ClassCount> classes;   // of the dataset when it exists
};

// The dataset is called `dataset`, or else like the folder; it is reused when it exists with the same folder, and an error when with
// another one (ALREADY_EXISTS). The split is called `split`, or else "default"; it is reused when it exists for that version of the
// dataset; when it exists for another version, "-v<version>" is added to its name.
absl::StatusOr<FolderPlan> PlanFolder(client::Client& client, const std::string& root, const std::string& dataset,
                                      const std::string& split);

// Image files in each class folder, counted by name. NOT_FOUND when the folder cannot be listed here or has no class folders.
absl::StatusOr<std::vector<v1::ClassCount>> CountImages(const std::string& root);

// What the split job above and a training of `network` with `spec` would take, from the number of images alone.
v1::Plan EstimatePlan(const std::vector<v1::ClassCount>& classes, const FolderPlan& folder, v1::JobSpec spec,
                      const v1::SummarizeNetworkResponse& network, int64_t free_bytes);

}  // namespace seedbed::cli
