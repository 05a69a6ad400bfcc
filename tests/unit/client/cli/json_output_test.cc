#include "client/cli/json_output.h"

#include "client/cli/exit_code.h"
#include "client/lib/status.h"
#include "gtest/gtest.h"
#include "seedbed/v1/job.pb.h"
#include "seedbed/v1/model.pb.h"
#include "tests/unit/client/lib/fake_server.h"

namespace seedbed::cli {
namespace {

TEST(ToJson, PrintsZerosEmptyListsAndAbsentMessages) {
  v1::GetJobResponse response;
  const Json job = ToJson(*response.mutable_job());
  EXPECT_EQ(job["id"], "");
  EXPECT_EQ(job["attempt"], 0);
  EXPECT_EQ(job["state"], "UNSPECIFIED");
  EXPECT_TRUE(job["error"].is_null());
  EXPECT_TRUE(job["result"].is_null());
  EXPECT_EQ(ToJson(v1::Model())["classes"], Json::array());
}

TEST(ToJson, StripsEnumPrefixesAndKeepsLongNumbers) {
  v1::Job job;
  job.set_state(v1::JOB_STATE_RUNNING);
  job.set_last_seq(int64_t{1} << 60);
  job.mutable_error()->set_reason(v1::REASON_OUT_OF_MEMORY);
  job.mutable_spec()->mutable_train()->set_seed(18446744073709551615u);
  const Json json = ToJson(job);
  EXPECT_EQ(json["state"], "RUNNING");
  EXPECT_EQ(json["error"]["reason"], "OUT_OF_MEMORY");
  EXPECT_EQ(json["last_seq"].dump(), "1152921504606846976");
  EXPECT_EQ(json["spec"]["train"]["seed"].dump(), "18446744073709551615");
}

TEST(ToJson, WritesTimesDurationsAndMaps) {
  v1::Job job;
  job.mutable_create_time()->set_seconds(1'700'000'000);
  job.mutable_create_time()->set_nanos(123'456'000);
  job.mutable_spec()->mutable_timeout()->set_seconds(90);
  job.mutable_spec()->mutable_timeout()->set_nanos(500'000'000);
  (*job.mutable_spec()->mutable_labels())["b"] = "2";
  (*job.mutable_spec()->mutable_labels())["a"] = "1";
  const Json json = ToJson(job);
  EXPECT_EQ(json["create_time"], "2023-11-14T22:13:20.123456Z");
  EXPECT_EQ(json["spec"]["timeout"], 90.5);
  EXPECT_EQ(json["spec"]["labels"].dump(), R"({"a":"1","b":"2"})");
}

TEST(ToJson, ShowsTheChosenAlternativeOnly) {
  v1::JobSpec spec;
  spec.mutable_split()->set_fraction(0.1);
  const Json json = ToJson(spec);
  EXPECT_TRUE(json.contains("split"));
  EXPECT_FALSE(json.contains("train"));
  EXPECT_EQ(json["split"]["fraction"], 0.1);
  EXPECT_FALSE(json["split"].contains("per_class"));
}

TEST(ToJson, NestsTheConfusionMatrix) {
  v1::EvaluateResult result;
  result.add_per_class()->set_name("a");
  result.add_per_class()->set_name("b");
  for (const int64_t count : {5, 1, 2, 7}) result.add_confusion(count);
  EXPECT_EQ(ToJson(result)["confusion"].dump(), "[[5,1],[2,7]]");
  EXPECT_EQ(ToJson(v1::EvaluateResult())["confusion"], Json::array());
}

TEST(ToJson, ShowsAHeadAsItWasWritten) {
  v1::TrainSpec train;
  EXPECT_TRUE(ToJson(train)["head"].is_null());
  train.mutable_head()->add_values()->set_string_value("flatten");
  (*train.mutable_head()->add_values()->mutable_struct_value()->mutable_fields())["dense"].set_number_value(256);
  EXPECT_EQ(ToJson(train)["head"].dump(), R"(["flatten",{"dense":256}])");
}

TEST(ToJson, KeepsFieldsInOrder) {
  v1::Warning warning;
  warning.set_code("images_rejected");
  warning.set_message("2 files");
  EXPECT_EQ(ToLine(ToJson(warning)), R"({"code":"images_rejected","message":"2 files"})");
}

TEST(EventToJson, HasFixedNamesForEpochs) {
  EXPECT_EQ(ToLine(EventToJson(testing::EpochEvent(4, 3, 10))),
            R"({"seq":4,"time":"2023-11-14T22:13:24.000000Z","type":"epoch","epoch":3,"loss":1.9489,"accuracy":0.3598,)"
            R"("val_loss":1.7644,"val_accuracy":0.3984,"lr":0.01,"seconds":1.2,"images_per_second":4000.0})");
}

TEST(EventToJson, WritesNullWithoutValidation) {
  v1::Event event = testing::EpochEvent(4, 3, 10);
  event.mutable_epoch()->clear_val_loss();
  event.mutable_epoch()->clear_val_accuracy();
  const Json json = EventToJson(event);
  EXPECT_TRUE(json["val_loss"].is_null());
  EXPECT_TRUE(json["val_accuracy"].is_null());
}

TEST(EventToJson, GivesProgressNoNumber) {
  const Json json = EventToJson(testing::ProgressEvent("decode", 3, 10, 5));
  EXPECT_FALSE(json.contains("seq"));
  EXPECT_EQ(json["type"], "progress");
  EXPECT_EQ(json["done"], 3);
}

TEST(EventToJson, NamesStates) {
  const Json json = EventToJson(testing::StateEvent(9, v1::JOB_STATE_FAILED, v1::REASON_DIVERGED, "loss is not a number"));
  EXPECT_EQ(json["type"], "state");
  EXPECT_EQ(json["state"], "FAILED");
  EXPECT_EQ(json["reason"], "DIVERGED");
}

TEST(ErrorToJson, NamesCodeFieldAndHint) {
  absl::Status status = absl::InvalidArgumentError("epochs must be at least 1");
  status.SetPayload(client::kFieldPayload, absl::Cord("spec.train.epochs"));
  EXPECT_EQ(ToLine(ErrorToJson(WithHint(status, "give --epochs 1"))),
            R"({"error":{"code":"INVALID_ARGUMENT","message":"epochs must be at least 1","field":"spec.train.epochs",)"
            R"("hint":"give --epochs 1"}})");
}

TEST(ToLine, ReplacesWhatIsNotUtf8) { EXPECT_EQ(ToLine(Json("a\xff")), "\"a\xEF\xBF\xBD\""); }

}  // namespace
}  // namespace seedbed::cli
