#include "client/cli/follow_job.h"

#include <deque>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/lib/job_watch.h"
#include "client/lib/status.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

constexpr size_t kLogLinesShown = 8;

std::string HowToComeBack(const Session& session, const std::string& job_id) {
  return absl::StrCat("come back: ", session.CommandLine("job watch " + job_id),
                      "\nfetch its files when it is done: ", session.CommandLine("job get " + job_id),
                      "\ncancel it: ", session.CommandLine("job cancel " + job_id));
}

std::string WhatToDo(v1::Reason reason) {
  switch (reason) {
    case v1::REASON_INVALID_INPUT:
      return "correct the data or the command, and submit it again";
    case v1::REASON_DIVERGED:
      return "lower --lr, or keep --center mean_image";
    case v1::REASON_OUT_OF_MEMORY:
      return "lower --batch-size or --size, or free memory on the server";
    case v1::REASON_DISK_FULL:
      return "free disk space below the data root ('seedbed status' shows what is left), and submit it again";
    case v1::REASON_TIMEOUT:
      return "raise --job-timeout";
    case v1::REASON_WORKER_CRASHED:
    case v1::REASON_WORKER_LOST:
      return "'seedbed worker ls' shows how the worker ended, the server's log shows more";
    case v1::REASON_DEPENDENCY_FAILED:
      return "see why the job it depends on did not succeed";
    case v1::REASON_INTERNAL:
      return "this is a fault of Seedbed: report it with the output of 'seedbed job show ID --output json'";
    default:
      return "";
  }
}

// Lets Ctrl-C end a watch while it exists.
class CancelOnInterrupt {
 public:
  CancelOnInterrupt(InterruptCatcher* interrupts, client::JobWatch* watch) : interrupts_(*interrupts) {
    interrupts_.SetHandler([watch] { watch->Cancel(); });
  }
  ~CancelOnInterrupt() { interrupts_.SetHandler({}); }
  CancelOnInterrupt(const CancelOnInterrupt&) = delete;
  CancelOnInterrupt& operator=(const CancelOnInterrupt&) = delete;

 private:
  InterruptCatcher& interrupts_;
};

// Errors of a watch in the words of the command line.
absl::Status WatchError(const absl::Status& status, const Session& session, const std::string& job_id, int signal) {
  if (signal != 0) {
    absl::Status interrupted = InterruptedError(signal);
    absl::Status explained(interrupted.code(), absl::StrCat("stopped watching; job ", job_id, " goes on"));
    interrupted.ForEachPayload([&](absl::string_view url, const absl::Cord& payload) { explained.SetPayload(url, payload); });
    return WithHint(explained, HowToComeBack(session, job_id));
  }
  if (absl::IsDeadlineExceeded(status)) {
    return WithHint(absl::DeadlineExceededError(absl::StrCat("--timeout expired; job ", job_id, " goes on")),
                    HowToComeBack(session, job_id));
  }
  return status;
}

client::WatchOptions MakeWatchOptions(Session& session, int64_t after_seq, bool with_previews) {
  client::WatchOptions options;
  options.after_seq = after_seq;
  options.with_previews = with_previews;
  options.without_progress = !with_previews && !session.console().json() && !session.console().draws_progress();
  options.on_connection_lost = [&console = session.console()](const absl::Status& why, int64_t last_seq) {
    console.Message(absl::StrCat("connection lost (", why.message(), "), retrying after event ", last_seq));
  };
  return options;
}

}  // namespace

absl::StatusOr<JobEnd> FollowJob(Session& session, const std::string& job_id, int64_t after_seq, EventSink& sink) {
  InterruptCatcher& interrupts = session.CatchInterrupts();
  SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
  const std::unique_ptr<client::JobWatch> watch = client->WatchJob(job_id, MakeWatchOptions(session, after_seq, sink.wants_previews()));
  const CancelOnInterrupt cancel(&interrupts, watch.get());
  JobEnd end;
  std::deque<std::string> log_lines;
  while (true) {
    absl::StatusOr<std::optional<v1::Event>> event = watch->Next(session.deadline());
    if (!event.ok()) return WatchError(event.status(), session, job_id, interrupts.signal());
    if (!event->has_value()) break;
    sink.OnEvent(**event);
    if ((*event)->has_log()) log_lines.push_back((*event)->log().message());
    if (log_lines.size() > kLogLinesShown) log_lines.pop_front();
    if (client::IsTerminal(**event)) end.state = (*event)->state();
  }
  end.last_log_lines.assign(log_lines.begin(), log_lines.end());
  return end;
}

ExitCode ReportEnd(Session& session, const std::string& job_id, const JobEnd& end) {
  if (end.state.state() == v1::JOB_STATE_SUCCEEDED) return kDone;
  std::string message = absl::StrCat("job ", job_id, end.state.state() == v1::JOB_STATE_CANCELLED ? " was cancelled" : " failed");
  const v1::Reason reason = end.state.reason();
  const bool has_reason = reason != v1::REASON_UNSPECIFIED && reason != v1::REASON_CANCELLED_BY_USER;
  if (has_reason) absl::StrAppend(&message, " (", ShortEnumName(reason), ")");
  if (!end.state.message().empty()) absl::StrAppend(&message, ": ", end.state.message());
  std::vector<std::string> hints;
  if (!end.last_log_lines.empty()) hints.push_back(absl::StrCat("last log lines:\n  ", absl::StrJoin(end.last_log_lines, "\n  ")));
  if (const std::string advice = WhatToDo(reason); !advice.empty()) hints.push_back("what to do: " + advice);
  hints.push_back("details: " + session.CommandLine("job show " + job_id));
  absl::Status error = absl::AbortedError(message);
  if (has_reason) error.SetPayload(client::kReasonPayload, absl::Cord(ShortEnumName(reason)));
  session.console().Error(WithHint(error, absl::StrJoin(hints, "\n")));
  return kFailed;
}

void PrintDetached(Session& session, const v1::Job& job) {
  if (session.console().json()) return session.console().PrintJson(ToJson(job));
  session.console().Print(absl::StrCat(job.id(), "\n"));
  session.console().Message(absl::StrCat("follow it: ", session.CommandLine("job watch " + job.id())));
  const v1::JobSpec& spec = job.spec();
  if (spec.has_visualize() || spec.has_explain() || spec.has_explore() || spec.has_maximize()) {
    session.console().Message(
        absl::StrCat("fetch its pictures when it is done: ", session.CommandLine(absl::StrCat("job get ", job.id(), " --out FOLDER"))));
  }
}

absl::StatusOr<Outcome> RunJob(Session& session, const v1::JobSpec& spec, bool detach, const std::string& live_file) {
  session.CatchInterrupts();
  SB_ASSIGN_OR_RETURN(client::Client * client, session.client());
  Outcome outcome;
  SB_ASSIGN_OR_RETURN(outcome.job, client->SubmitJob(spec));
  if (detach) {
    PrintDetached(session, outcome.job);
    return outcome;
  }
  const std::string id = outcome.job.id();
  TextEventSink sink(&session.console(), TextEventSink::Detail::kBrief);
  LiveFileSink live(live_file, &sink, &session.console());
  SB_ASSIGN_OR_RETURN(const JobEnd end, FollowJob(session, id, 0, live_file.empty() ? static_cast<EventSink&>(sink) : live));
  outcome.exit_code = ReportEnd(session, id, end);
  if (outcome.exit_code != kDone) return outcome;
  SB_ASSIGN_OR_RETURN(outcome.job, client->GetJob(id));
  outcome.finished = true;
  return outcome;
}

}  // namespace seedbed::cli
