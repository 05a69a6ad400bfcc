// Waiting for a job while showing what it says.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/cli/event_sink.h"
#include "client/cli/exit_code.h"
#include "client/cli/session.h"
#include "seedbed/v1/job.pb.h"

namespace seedbed::cli {

// How a job ended.
struct JobEnd {
  v1::StateChange state;  // terminal
  std::vector<std::string> last_log_lines;
};

// Passes the events after `after_seq` to `sink` until the job ends, across lost connections. Errors: interrupted (the job goes on; the hint
// says how to come back), --timeout expired (likewise), and what ends a watch (job_watch.h).
absl::StatusOr<JobEnd> FollowJob(Session& session, const std::string& job_id, int64_t after_seq, EventSink& sink);

// kDone for a job that succeeded. For others: says why, with the last log lines and what to do, and returns kFailed.
ExitCode ReportEnd(Session& session, const std::string& job_id, const JobEnd& end);

// Submits the job; with `detach` prints it and returns nullopt, else follows it with a brief view. A job that did not succeed is reported,
// and the result is then an exit code instead of the job. Unless `live_file` is empty, that file is kept as the picture of a job that draws
// is.
struct Outcome {
  ExitCode exit_code = kDone;
  v1::Job job;  // as it is after its end, when exit_code is kDone and it was waited for
  bool finished = false;
};
absl::StatusOr<Outcome> RunJob(Session& session, const v1::JobSpec& spec, bool detach, const std::string& live_file = "");

// Prints a submitted job that nobody waits for.
void PrintDetached(Session& session, const v1::Job& job);

}  // namespace seedbed::cli
