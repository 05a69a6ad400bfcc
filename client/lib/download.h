// Fetching files that jobs and models are made of. Each is complete and checked against its digest before it appears under its name.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/lib/client.h"

namespace seedbed::client {

// Receives the bytes of a file in order.
using ByteSink = std::function<absl::Status(std::string_view)>;

// Streams one artifact of a job into `sink`; a lost connection is resumed at the byte it broke. DATA_LOSS when the digest differs.
absl::Status ReadArtifact(Client& client, const std::string& job_id, const v1::Artifact& artifact, const ByteSink& sink);

// The same, into a file: written beside it and renamed when complete. Parent folders are made.
absl::Status DownloadArtifact(Client& client, const std::string& job_id, const v1::Artifact& artifact, const std::filesystem::path& file);

// These artifacts of a job into `folder`, which must not exist or be empty (ALREADY_EXISTS): it appears whole or not at all.
absl::Status DownloadArtifacts(Client& client, const std::string& job_id, const std::vector<v1::Artifact>& artifacts,
                               const std::filesystem::path& folder);

// All files of a model version into `folder`, which must not exist or be empty (ALREADY_EXISTS): it appears whole or not at all. Returns
// the files in the order they came. version 0 is the newest.
absl::StatusOr<std::vector<v1::Artifact>> ExportModel(Client& client, const std::string& name, int version,
                                                      const std::filesystem::path& folder);

}  // namespace seedbed::client
