// Files of attempts: made before one starts, published when one succeeds, cleared away when nobody needs them any more. Publishing is
// repeatable: whatever a crash between publishing and recording leaves behind, doing it again completes it.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "server/store/data_layout.h"
#include "server/store/tables.h"

namespace seedbed::jobs {

// Makes the attempt's staging folder, with output/ and artifacts/ in it, and the job's checkpoint folder.
absl::Status PrepareAttempt(const store::DataLayout& layout, const store::JobRow& job);

// Moves what the current attempt staged as output to where it is going to be found: datasets/, splits/, models/ or features/. Nothing for
// jobs that only leave artifacts. What lies there already without record, from an attempt that was lost in between, is replaced; when the
// attempt staged nothing any more but its output is in place, it was moved before. Errors: INTERNAL when the worker left nothing, else the
// disk's.
absl::Status PublishOutput(const store::DataLayout& layout, const store::JobRow& job);
// The same for artifacts, of which there may be none.
absl::Status PublishArtifacts(const store::DataLayout& layout, const store::JobRow& job);

// Removes output that was published for a job which then did not succeed: nothing refers to it, and nothing ever will.
void DiscardOutput(const store::DataLayout& layout, const store::JobRow& job);
// Removes the staging folder of one attempt; everything of a job that ended but its artifacts.
void ForgetAttempt(const store::DataLayout& layout, const std::string& job_id, int64_t epoch);
void ForgetJob(const store::DataLayout& layout, const std::string& job_id);
// Removes staging and checkpoint folders that no job in `unfinished` (id -> current epoch) needs.
void SweepOrphans(const store::DataLayout& layout, const std::map<std::string, int64_t>& unfinished);

}  // namespace seedbed::jobs
