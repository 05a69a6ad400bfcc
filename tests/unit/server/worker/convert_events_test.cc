#include "server/worker/convert_events.h"

#include "core/base/digest.h"
#include "core/base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/worker/artifacts.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temporary_directory.h"

namespace seedbed::worker {
namespace {

absl::Status WithReason(absl::Status status, const char* reason) {
  status.SetPayload(tasks::kReasonPayload, absl::Cord(reason));
  return status;
}

TEST(ConvertEventsTest, EpochMetricsKeepWhatIsAbsent) {
  tasks::EpochMetrics metrics;
  metrics.epoch = 3;
  metrics.epochs = 10;
  metrics.images = 96;
  metrics.loss = 1.5;
  metrics.accuracy = 0.25;
  metrics.lr = 0.01;
  metrics.seconds = 2;
  metrics.images_per_second = 50;
  v1::EpochMetrics converted = ToProto(metrics);
  EXPECT_EQ(converted.epoch(), 3);
  EXPECT_EQ(converted.epochs(), 10);
  EXPECT_EQ(converted.images(), 96);
  EXPECT_EQ(converted.loss(), 1.5);
  EXPECT_EQ(converted.accuracy(), 0.25);
  EXPECT_EQ(converted.lr(), 0.01);
  EXPECT_EQ(converted.seconds(), 2);
  EXPECT_EQ(converted.images_per_second(), 50);
  EXPECT_FALSE(converted.has_val_loss());
  EXPECT_FALSE(converted.has_val_accuracy());
  metrics.val_loss = 0;
  metrics.val_accuracy = 0.5;
  converted = ToProto(metrics);
  EXPECT_TRUE(converted.has_val_loss());
  EXPECT_EQ(converted.val_accuracy(), 0.5);
}

TEST(ConvertEventsTest, EachKindOfEvent) {
  const v1::TaskEvent warning = ToProto({.key = "w", .payload = tasks::Warning{.code = "images_rejected", .message = "2"}}, "");
  EXPECT_EQ(warning.key(), "w");
  EXPECT_EQ(warning.event().warning().code(), "images_rejected");
  EXPECT_EQ(warning.event().warning().message(), "2");
  EXPECT_EQ(ToProto({.key = "l", .payload = tasks::LogLine{"hello"}}, "").event().log().message(), "hello");
  tasks::EpochMetrics metrics;
  metrics.epoch = 4;
  EXPECT_EQ(ToProto({.key = "e", .payload = metrics}, "").event().epoch().epoch(), 4);
}

TEST(ConvertEventsTest, MessagesBecomeUtf8) {
  const v1::TaskEvent event = ToProto({.key = "l", .payload = tasks::LogLine{"caf\xe9.png"}}, "");
  EXPECT_EQ(event.event().log().message(), "caf?.png");
  EXPECT_EQ(ToProto({.key = "l", .payload = tasks::LogLine{"café"}}, "").event().log().message(), "café");
  EXPECT_EQ(ToJobError(absl::NotFoundError("no \xff")).message(), "no ?");
}

TEST(ConvertEventsTest, ArtifactsHaveSizeAndDigest) {
  const testing::TemporaryDirectory directory;
  SB_ASSERT_OK(CreateDirectories(directory.path() / "best"));
  SB_ASSERT_OK(PublishFile(directory.path() / "best" / "model.json", "{}"));
  const v1::TaskEvent event =
      ToProto({.key = "a", .payload = tasks::Artifact{.name = "best/model.json", .media_type = "application/vnd.model"}}, directory.path());
  const v1::Artifact& artifact = event.event().artifact();
  EXPECT_EQ(artifact.name(), "best/model.json");
  EXPECT_EQ(artifact.media_type(), "application/vnd.model");
  EXPECT_EQ(artifact.bytes(), 2);
  EXPECT_EQ(artifact.sha256(), Sha256Hex("{}"));
}

TEST(ConvertEventsTest, ListsArtifactsByName) {
  const testing::TemporaryDirectory directory;
  SB_ASSERT_OK(CreateDirectories(directory.path() / "best"));
  for (const char* name : {"history.csv", "best/model.json", "zzz.unknown"}) SB_ASSERT_OK(PublishFile(directory.path() / name, name));
  std::vector<std::string> listed;
  for (const v1::Artifact& artifact : ListArtifacts(directory.path())) listed.push_back(artifact.name() + " " + artifact.media_type());
  EXPECT_THAT(listed,
              ::testing::ElementsAre("best/model.json application/json", "history.csv text/csv", "zzz.unknown application/octet-stream"));
  EXPECT_THAT(ListArtifacts(directory.path() / "missing"), ::testing::IsEmpty());
}

TEST(ConvertEventsTest, ProfileThereAndBack) {
  const tasks::ExecutionProfile profile{
      .device = "cuda", .instruction_set = "avx2", .precision = "float32", .threads = 6, .version = "1.2.3"};
  const tasks::ExecutionProfile back = FromProto(ToProto(profile));
  EXPECT_EQ(back.device, "cuda");
  EXPECT_EQ(back.instruction_set, "avx2");
  EXPECT_EQ(back.precision, "float32");
  EXPECT_EQ(back.threads, 6);
  EXPECT_EQ(back.version, "1.2.3");
}

TEST(ConvertEventsTest, ReasonsComeFromThePayloadElseFromTheCode) {
  EXPECT_EQ(ToJobError(WithReason(absl::InternalError("nan"), "DIVERGED")).reason(), v1::REASON_DIVERGED);
  EXPECT_EQ(ToJobError(WithReason(absl::InternalError("?"), "NO_SUCH_REASON")).reason(), v1::REASON_INTERNAL);
  EXPECT_EQ(ToJobError(absl::InvalidArgumentError("x")).reason(), v1::REASON_INVALID_INPUT);
  EXPECT_EQ(ToJobError(absl::NotFoundError("x")).reason(), v1::REASON_INVALID_INPUT);
  EXPECT_EQ(ToJobError(absl::FailedPreconditionError("x")).reason(), v1::REASON_INVALID_INPUT);
  EXPECT_EQ(ToJobError(absl::AlreadyExistsError("x")).reason(), v1::REASON_INVALID_INPUT);
  EXPECT_EQ(ToJobError(absl::ResourceExhaustedError("x")).reason(), v1::REASON_DISK_FULL);
  EXPECT_EQ(ToJobError(absl::DataLossError("x")).reason(), v1::REASON_INTERNAL);
  EXPECT_EQ(ToJobError(absl::InvalidArgumentError("why")).message(), "why");
}

}  // namespace
}  // namespace seedbed::worker
