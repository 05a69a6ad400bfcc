// Which folders of the machine a job may touch.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "seedbed/v1/job.pb.h"
#include "server/store/data_layout.h"

namespace seedbed::jobs {

// Whether the specification names anything outside the database; CheckPaths then looks at the disk and may block.
bool NamesFiles(const v1::JobSpec& spec);

// Looks at the folders and uploads the specification names, so that the person hears at once what the job would stumble over. NOT_FOUND for
// one that is missing, PERMISSION_DENIED for one outside `allowed_roots` (empty: any), links followed; each with a kFieldPayload.
absl::Status CheckPaths(const v1::JobSpec& spec, const store::DataLayout& layout, const std::vector<std::string>& allowed_roots);

}  // namespace seedbed::jobs
