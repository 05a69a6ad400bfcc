// What the commands that draw share: fetching their pictures, and showing them.
#pragma once

#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "client/cli/session.h"
#include "seedbed/v1/job.pb.h"

namespace seedbed::cli {

// Where a file of that name goes: --out may be a folder, and need not be given.
std::filesystem::path TargetOf(const std::string& out, const std::string& name);

// Downloads the job's artifact of that name. DATA_LOSS when there is none.
absl::Status FetchArtifact(client::Client& client, const v1::Job& job, const std::string& name, const std::filesystem::path& target);

// Opens the file on the desktop. That it cannot be shown is said, and is no failure: it was made and is there.
void Show(Session& session, const std::filesystem::path& file);

}  // namespace seedbed::cli
