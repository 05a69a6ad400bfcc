// Image files of this machine, sent for one job.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/cli/session.h"
#include "seedbed/v1/job.pb.h"

namespace seedbed::cli {

// Sends those that the server does not have; their names are the paths as they were typed. NOT_FOUND for a file that is not there;
// interrupted.
absl::StatusOr<std::vector<v1::UploadedImage>> SendImages(Session& session, const std::vector<std::string>& files);

}  // namespace seedbed::cli
