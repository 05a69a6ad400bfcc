#include "server/worker/running_task.h"

#include <new>
#include <semaphore>
#include <stdexcept>

#include "core/base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temporary_directory.h"

namespace seedbed::worker {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class RunningTaskTest : public ::testing::Test {
 protected:
  v1::Assignment NewAssignment() const {
    v1::Assignment assignment;
    assignment.mutable_attempt()->set_job_id("train-1");
    assignment.mutable_attempt()->set_epoch(3);
    assignment.mutable_inputs()->set_staging_dir(directory_.path() / "staging");
    assignment.mutable_inputs()->set_checkpoint_dir(directory_.path() / "checkpoints");
    assignment.mutable_inputs()->set_cache_dir(directory_.path() / "cache");
    assignment.mutable_inputs()->mutable_profile()->set_instruction_set("avx2");
    return assignment;
  }
  std::unique_ptr<RunningTask> Begin(TaskFunction task) {
    return std::make_unique<RunningTask>(NewAssignment(), task, 1'000, [this] { wakes_.release(); });
  }
  void WaitUntilEnded(const RunningTask& task) {
    while (!task.ended()) wakes_.acquire();
  }
  // Runs to the end, and returns all that was said.
  std::vector<v1::WorkerMessage> Run(TaskFunction function) {
    const std::unique_ptr<RunningTask> task = Begin(std::move(function));
    WaitUntilEnded(*task);
    return task->outbox().TakeUnsent(clock_.Monotonic());
  }
  v1::TaskFinished Result(TaskFunction function) { return Run(std::move(function)).back().finished(); }

  testing::TemporaryDirectory directory_;
  testing::FakeClock clock_;
  std::counting_semaphore<> wakes_{0};
};

// Stops when asked to, as a real task does.
absl::StatusOr<TaskOutput> UntilCancelled(const v1::Assignment&, tasks::TaskContext& context) {
  while (!context.cancelled()) std::this_thread::yield();
  return absl::CancelledError("stopped");
}

TEST_F(RunningTaskTest, SaysTheResultWithItsArtifacts) {
  const std::vector<v1::WorkerMessage> said = Run([](const v1::Assignment&, tasks::TaskContext& context) -> absl::StatusOr<TaskOutput> {
    EXPECT_TRUE(std::filesystem::is_directory(context.paths().output_dir));
    EXPECT_TRUE(std::filesystem::is_directory(context.paths().checkpoint_dir));
    EXPECT_EQ(context.paths().cache_max_bytes, 1'000u);
    EXPECT_EQ(context.profile().instruction_set, "avx2");
    EXPECT_EQ(context.attempt_epoch(), 3);
    EXPECT_FALSE(context.cancelled());
    SB_EXPECT_OK(PublishFile(context.paths().artifacts_dir / "history.csv", "epoch\n"));
    context.Emit({.key = "epoch/1", .payload = tasks::LogLine{"epoch 1"}});
    context.Checkpointed(8);
    context.Report({.phase = "epoch 1/1", .done = 5, .total = 10, .unit = "images", .rate = 2});
    TaskOutput output;
    output.result.mutable_train()->set_model("mine");
    output.record = "the record";
    return output;
  });
  ASSERT_EQ(said.size(), 4u);
  EXPECT_TRUE(said[0].has_started());
  EXPECT_EQ(said[1].event().event().log().message(), "epoch 1");
  EXPECT_EQ(said[2].checkpoint().mark(), 8);
  const v1::TaskFinished& finished = said[3].finished();
  EXPECT_EQ(finished.outcome(), v1::TaskFinished::OUTCOME_SUCCEEDED);
  EXPECT_EQ(finished.number(), 2);
  EXPECT_EQ(finished.result().train().model(), "mine");
  EXPECT_EQ(finished.record(), "the record");
  ASSERT_EQ(finished.artifacts_size(), 1);
  EXPECT_EQ(finished.artifacts(0).name(), "history.csv");
}

TEST_F(RunningTaskTest, ErrorsAreFailures) {
  const v1::TaskFinished finished = Result([](const v1::Assignment&, tasks::TaskContext&) -> absl::StatusOr<TaskOutput> {
    return absl::InvalidArgumentError("class Maize has 3 images, 12 are asked for");
  });
  EXPECT_EQ(finished.outcome(), v1::TaskFinished::OUTCOME_FAILED);
  EXPECT_EQ(finished.error().reason(), v1::REASON_INVALID_INPUT);
  EXPECT_EQ(finished.error().message(), "class Maize has 3 images, 12 are asked for");
}

TEST_F(RunningTaskTest, ExceptionsStopHere) {
  v1::TaskFinished finished =
      Result([](const v1::Assignment&, tasks::TaskContext&) -> absl::StatusOr<TaskOutput> { throw std::bad_alloc(); });
  EXPECT_EQ(finished.outcome(), v1::TaskFinished::OUTCOME_FAILED);
  EXPECT_EQ(finished.error().reason(), v1::REASON_OUT_OF_MEMORY);
  EXPECT_THAT(finished.error().message(), AllOf(HasSubstr("held up to"), HasSubstr("iB"), HasSubstr("smaller batch")));
  finished = Result([](const v1::Assignment&, tasks::TaskContext&) -> absl::StatusOr<TaskOutput> {
    return OutOfMemoryError("you tried to allocate 999 bytes");
  });
  EXPECT_EQ(finished.error().reason(), v1::REASON_OUT_OF_MEMORY);
  EXPECT_THAT(finished.error().message(), AllOf(HasSubstr("999 bytes"), HasSubstr("smaller batch")));
  finished = Result([](const v1::Assignment&, tasks::TaskContext&) -> absl::StatusOr<TaskOutput> { throw std::runtime_error("oh"); });
  EXPECT_EQ(finished.error().reason(), v1::REASON_INTERNAL);
  EXPECT_THAT(finished.error().message(), HasSubstr("oh"));
  finished = Result([](const v1::Assignment&, tasks::TaskContext&) -> absl::StatusOr<TaskOutput> { throw 7; });
  EXPECT_EQ(finished.error().reason(), v1::REASON_INTERNAL);
}

TEST_F(RunningTaskTest, AFolderThatCannotBeMadeIsAFailure) {
  SB_ASSERT_OK(PublishFile(directory_.path() / "staging", "a file is in the way"));
  bool ran = false;
  const v1::TaskFinished finished = Result([&](const v1::Assignment&, tasks::TaskContext&) -> absl::StatusOr<TaskOutput> {
    ran = true;
    return TaskOutput();
  });
  EXPECT_FALSE(ran);
  EXPECT_EQ(finished.outcome(), v1::TaskFinished::OUTCOME_FAILED);
  EXPECT_THAT(finished.error().message(), HasSubstr("staging"));
}

TEST_F(RunningTaskTest, CancelAndDrainAreToldApart) {
  for (const bool cancel : {true, false}) {
    const std::unique_ptr<RunningTask> task = Begin(UntilCancelled);
    cancel ? task->Cancel() : task->Drain();
    WaitUntilEnded(*task);
    const v1::TaskFinished finished = task->outbox().TakeUnsent(clock_.Monotonic()).back().finished();
    EXPECT_EQ(finished.outcome(), cancel ? v1::TaskFinished::OUTCOME_CANCELLED : v1::TaskFinished::OUTCOME_DRAINED);
  }
}

TEST_F(RunningTaskTest, ATaskThatCancelsItselfFails) {
  const v1::TaskFinished finished =
      Result([](const v1::Assignment&, tasks::TaskContext&) -> absl::StatusOr<TaskOutput> { return absl::CancelledError("why not"); });
  EXPECT_EQ(finished.outcome(), v1::TaskFinished::OUTCOME_FAILED);
  EXPECT_EQ(finished.error().reason(), v1::REASON_INTERNAL);
}

TEST_F(RunningTaskTest, AnAbandonedTaskSaysNothing) {
  const std::unique_ptr<RunningTask> task = Begin(UntilCancelled);
  task->Abandon();
  WaitUntilEnded(*task);
  EXPECT_THAT(task->outbox().TakeUnsent(clock_.Monotonic()), ::testing::IsEmpty());
  EXPECT_TRUE(task->outbox().done());
}

TEST_F(RunningTaskTest, DestructionStopsTheTask) { Begin(UntilCancelled).reset(); }

}  // namespace
}  // namespace seedbed::worker
