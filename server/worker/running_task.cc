#include "server/worker/running_task.h"

#include <exception>
#include <new>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/memory.h"
#include "core/base/reason.h"
#include "core/base/status_macros.h"
#include "server/worker/artifacts.h"
#include "server/worker/convert_events.h"

namespace seedbed::worker {
namespace {

// Events that may be on their way; a task that says more waits until the store has caught up.
constexpr size_t kMaxUnacknowledged = 1'000;

tasks::TaskPaths PathsOf(const v1::TaskInputs& inputs, uint64_t cache_max_bytes) {
  const std::filesystem::path staging = inputs.staging_dir();
  return {.output_dir = staging / "output",
          .artifacts_dir = staging / "artifacts",
          .checkpoint_dir = inputs.checkpoint_dir(),
          .cache_dir = inputs.cache_dir(),
          .objects_dir = inputs.objects_dir(),
          .cache_max_bytes = cache_max_bytes};
}

// A lack of memory with its sizes and a way out; other errors as they are.
absl::Status WithMemory(const absl::Status& status) {
  if (!IsOutOfMemory(status)) return status;
  return OutOfMemoryError(absl::StrCat(status.message(), "; the worker has held up to ", FormatMemory(PeakMemoryBytes()), " of the ",
                                       FormatMemory(MemoryLimitBytes()),
                                       " it may have: use smaller images or a smaller batch, or a machine with more memory"));
}

}  // namespace

RunningTask::RunningTask(v1::Assignment assignment, const TaskFunction& task, uint64_t cache_max_bytes, const std::function<void()>& wake)
    : assignment_(std::move(assignment)),
      paths_(PathsOf(assignment_.inputs(), cache_max_bytes)),
      profile_(FromProto(assignment_.inputs().profile())),
      wake_(wake),
      outbox_(assignment_.attempt(), kMaxUnacknowledged, wake),
      thread_([this, task] { Run(task); }) {}

RunningTask::~RunningTask() {
  Abandon();
  thread_.join();
}

void RunningTask::Abandon() {
  abandoned_ = true;
  outbox_.Close();
}

void RunningTask::Report(const tasks::Progress& progress) { outbox_.SetProgress(ToProto(progress)); }

void RunningTask::Emit(tasks::TaskEvent event) { outbox_.AddEvent(ToProto(event, paths_.artifacts_dir)); }

void RunningTask::Run(const TaskFunction& task) {
  outbox_.Finish(Describe(RunGuarded(task)));
  ended_ = true;
  wake_();
}

absl::StatusOr<TaskOutput> RunningTask::RunGuarded(const TaskFunction& task) {
  for (const std::filesystem::path& folder : {paths_.output_dir, paths_.artifacts_dir, paths_.checkpoint_dir, paths_.cache_dir}) {
    SB_RETURN_IF_ERROR(CreateDirectories(folder));
  }
  try {
    return task(assignment_, *this);
  } catch (const std::bad_alloc&) {
    return OutOfMemoryError("memory ran out");
  } catch (const std::exception& error) {
    return absl::InternalError(absl::StrCat("the task threw: ", error.what()));
  } catch (...) {
    return absl::InternalError("the task threw something unknown");
  }
}

v1::TaskFinished RunningTask::Describe(absl::StatusOr<TaskOutput> output) const {
  v1::TaskFinished finished;
  if (output.ok()) {
    finished.set_outcome(v1::TaskFinished::OUTCOME_SUCCEEDED);
    finished.mutable_result()->Swap(&output->result);
    finished.set_record(std::move(output->record));
  } else if (absl::IsCancelled(output.status()) && cancelled()) {
    finished.set_outcome(cancel_requested_ ? v1::TaskFinished::OUTCOME_CANCELLED : v1::TaskFinished::OUTCOME_DRAINED);
  } else {
    finished.set_outcome(v1::TaskFinished::OUTCOME_FAILED);
    *finished.mutable_error() = ToJobError(WithMemory(output.status()));
  }
  if (finished.outcome() != v1::TaskFinished::OUTCOME_DRAINED) {
    for (v1::Artifact& artifact : ListArtifacts(paths_.artifacts_dir)) finished.add_artifacts()->Swap(&artifact);
  }
  return finished;
}

}  // namespace seedbed::worker
