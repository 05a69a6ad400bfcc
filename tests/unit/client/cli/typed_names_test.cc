#include "client/cli/typed_names.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "client/lib/status.h"
#include "core/base/status_macros.h"
#include "gtest/gtest.h"

namespace seedbed::cli {
namespace {

absl::Status ErrorAt(const std::string& field, const std::string& message) {
  absl::Status status = absl::InvalidArgumentError(absl::StrCat(field, message));
  status.SetPayload(client::kFieldPayload, absl::Cord(field));
  return status;
}

std::string Said(const std::string& field, const std::string& message, const GivenSettings& given = {}) {
  return std::string(InTypedNames(ErrorAt(field, message), given).message());
}

TEST(InTypedNames, NamesTheFlagOfATrainingsSetting) {
  EXPECT_EQ(Said("spec.train.epochs", " is 0, it must be 1 to 100000"), "--epochs is 0, it must be 1 to 100000");
  EXPECT_EQ(Said("spec.train.optimizer.lr", " is -1, it must be over 0"), "--lr is -1, it must be over 0");
  EXPECT_EQ(Said("spec.train.preprocessing.height", " is 0"), "--size is 0");
  EXPECT_EQ(Said("spec.train.dataset", ": dataset 'd' does not exist"), "--dataset: dataset 'd' does not exist");
  EXPECT_EQ(Said("spec.train.initial_model", ": model 'm' does not exist"), "--init: model 'm' does not exist");
  EXPECT_EQ(Said("spec.train.feature_cache", " needs weights"), "--no-feature-cache needs weights");
  EXPECT_EQ(Said("spec.train.preprocessing", ": the network cannot take it"), "--size: the network cannot take it");
  EXPECT_EQ(Said("spec.train.preprocessing.mean", " has 2 values"), "--mean has 2 values");
  EXPECT_EQ(Said("spec.train.head", ": no"), "--head: no");
  EXPECT_EQ(Said("spec.labels", " has more than 64 entries"), "--label has more than 64 entries");
}

TEST(InTypedNames, NamesTheRecipesLineWhereTheSettingStandsThere) {
  GivenSettings given;
  given["epochs"] = {0, "recipe.yaml:4"};
  given["lr"] = {-1, "flag"};
  EXPECT_EQ(Said("spec.train.epochs", " is 0", given), "epochs (recipe.yaml:4) is 0");
  EXPECT_EQ(Said("spec.train.optimizer.lr", " is -1", given), "--lr is -1");
}

TEST(InTypedNames, NamesFlagsAndArgumentsOfOtherCommands) {
  EXPECT_EQ(Said("spec.split.per_class", " is 0"), "--per-class is 0");
  EXPECT_EQ(Said("spec.split.materialize_dir", " 'x' must be absolute"), "--materialize 'x' must be absolute");
  EXPECT_EQ(Said("spec.split.dataset", ": not found"), "DATASET: not found");
  EXPECT_EQ(Said("spec.evaluate.model", ": not found"), "MODEL: not found");
  EXPECT_EQ(Said("spec.evaluate.batch_size", " is 0"), "--batch-size is 0");
  EXPECT_EQ(Said("spec.evaluate.top_k", " is -1"), "--top-k is -1");
  EXPECT_EQ(Said("spec.extract.layer", ": there is no layer 'x'"), "--layer: there is no layer 'x'");
  EXPECT_EQ(Said("spec.extract.model", ": not found"), "--weights: not found");
  EXPECT_EQ(Said("spec.extract.features", ": 'f' exists"), "--name: 'f' exists");
  EXPECT_EQ(Said("spec.extract.height", " is -1"), "--size is -1");
  EXPECT_EQ(Said("spec.edit_model.output", " is missing"), "--as is missing");
  EXPECT_EQ(Said("spec.edit_model.pop", " is 0"), "--count is 0");
  EXPECT_EQ(Said("spec.edit_model.cut_layer", ": no"), "--layer: no");
  EXPECT_EQ(Said("spec.export.features", ": not found"), "NAME: not found");
  EXPECT_EQ(Said("spec.index.root", ": not found"), "PATH: not found");
  EXPECT_EQ(Said("spec.import_model.arch", " 'x' is not known"), "--arch 'x' is not known");
  EXPECT_EQ(Said("spec.import_model.model", " must be a name"), "NAME must be a name");
  EXPECT_EQ(Said("spec.import_model.weights_sha256", " is missing"), "--weights is missing");
  EXPECT_EQ(Said("spec.import_model.preprocessing.width", " is 5000"), "--size is 5000");
  EXPECT_EQ(Said("spec.import_model.preprocessing.rescale", " is 0"), "--rescale is 0");
}

TEST(InTypedNames, KeepsCodeAndPayloads) {
  const absl::Status status = InTypedNames(ErrorAt("spec.train.epochs", " is 0"));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(client::PayloadOf(status, client::kFieldPayload), "spec.train.epochs");
}

TEST(InTypedNames, LeavesWhatItDoesNotKnow) {
  EXPECT_EQ(Said("spec.train.optimizer", " has beta1 with sgd"), "spec.train.optimizer has beta1 with sgd");
  EXPECT_EQ(Said("request_id", " is too long"), "request_id is too long");
  EXPECT_EQ(InTypedNames(absl::OkStatus()), absl::OkStatus());
  absl::Status other = absl::NotFoundError("job 'x' does not exist");
  other.SetPayload(client::kFieldPayload, absl::Cord("spec.train.epochs"));
  EXPECT_EQ(InTypedNames(other), other);
}

}  // namespace
}  // namespace seedbed::cli
