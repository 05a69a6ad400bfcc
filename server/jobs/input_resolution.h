// From names in a specification to versions and folders.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "server/store/data_layout.h"
#include "server/store/store.h"
#include "server/store/tables.h"

namespace seedbed::jobs {

// Fixes which versions the job reads and which one it makes, at its first assignment: what a dependency made goes before what is newest,
// and a split before both. Errors are the job's own fault (NOT_FOUND, INVALID_ARGUMENT) unless the store failed.
absl::StatusOr<v1::TaskInputs> ResolveInputs(store::Writer& writer, const store::JobRow& job);

// `job.inputs` with the folders of its current attempt. Reads what the job's names stand for; errors are the store's.
absl::StatusOr<v1::TaskInputs> WithFolders(const store::Store& store, const store::JobRow& job, const store::DataLayout& layout);

}  // namespace seedbed::jobs
