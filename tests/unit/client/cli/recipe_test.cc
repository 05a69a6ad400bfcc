#include "client/cli/recipe.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status_matchers.h"

namespace seedbed::cli {
namespace {

using seedbed::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StrEq;

v1::JobSpec SpecOf(const std::string& recipe) {
  const absl::StatusOr<GivenSettings> given = ParseRecipe(recipe, "recipe.yaml");
  EXPECT_THAT(given, seedbed::testing::IsOk());
  return BuildTrainJob(given.value_or(GivenSettings())).value_or(v1::JobSpec());
}

// The message of a recipe that must be refused.
std::string ErrorOf(const std::string& recipe) {
  const absl::StatusOr<GivenSettings> given = ParseRecipe(recipe, "recipe.yaml");
  EXPECT_THAT(given, StatusIs(absl::StatusCode::kInvalidArgument));
  return std::string(given.status().message());
}

TEST(Recipe, FillsTheSpecification) {
  const v1::JobSpec spec = SpecOf(R"(
dataset: seedlings:3
split: default
arch: logistic
model: baseline
epochs: 20
batch_size: 64
optimizer:
  name: sgd
  lr: 1e-4
  momentum: 0.9
  nesterov: true
size: 200x150
interpolation: nearest
center: none
seed: 18446744073709551615
shuffle: false
keep: best
init: other:2
threads: 2
checkpoint_interval: 90s
priority: -5
job_timeout: 1h
labels: {who: me, run: 7}
)");
  const v1::TrainSpec& train = spec.train();
  EXPECT_EQ(train.dataset(), "seedlings");
  EXPECT_EQ(train.dataset_version(), 3);
  EXPECT_EQ(train.model(), "baseline");
  EXPECT_EQ(train.epochs(), 20);
  EXPECT_EQ(train.batch_size(), 64);
  EXPECT_EQ(train.optimizer().name(), "sgd");
  EXPECT_EQ(train.optimizer().lr(), 1e-4);
  EXPECT_EQ(train.optimizer().momentum(), 0.9);
  EXPECT_TRUE(train.optimizer().nesterov());
  EXPECT_EQ(train.preprocessing().width(), 200);
  EXPECT_EQ(train.preprocessing().height(), 150);
  EXPECT_EQ(train.preprocessing().interpolation(), v1::INTERPOLATION_NEAREST);
  EXPECT_EQ(train.preprocessing().center(), v1::CENTER_NONE);
  EXPECT_EQ(train.seed(), 18446744073709551615u);
  EXPECT_TRUE(train.has_shuffle());
  EXPECT_FALSE(train.shuffle());
  EXPECT_EQ(train.keep(), v1::KEEP_BEST);
  EXPECT_EQ(train.initial_model(), "other:2");
  EXPECT_EQ(train.checkpoint_interval().seconds(), 90);
  EXPECT_EQ(spec.priority(), -5);
  EXPECT_EQ(spec.timeout().seconds(), 3600);
  EXPECT_EQ(spec.labels().at("who"), "me");
  EXPECT_EQ(spec.labels().at("run"), "7");
}

TEST(Recipe, TakesFlatOptimizerAndSizes) {
  const v1::JobSpec spec = SpecOf("optimizer: adam\nlr: 0.002\nsize: [64, 48]\n");
  EXPECT_EQ(spec.train().optimizer().name(), "adam");
  EXPECT_EQ(spec.train().optimizer().lr(), 0.002);
  EXPECT_EQ(spec.train().preprocessing().width(), 64);
  EXPECT_EQ(spec.train().preprocessing().height(), 48);
  EXPECT_EQ(SpecOf("size: 150").train().preprocessing().height(), 150);
}

TEST(Recipe, DescribesABackboneAndItsHead) {
  const v1::TrainSpec train = SpecOf(R"(
arch: vgg16
weights: vgg:2
head:
  - flatten
  - dense: 256
  - relu
  - dropout: 0.5
  - conv2d: {filters: 16, kernel: [3, 5], padding: "same"}
  - dense: classes
trainable: [head, block5_*]
feature_cache: false
preset: keras_caffe
mean: [103.939, 116.779, 123.68]
std: 2
channels: bgr
)")
                                  .train();
  EXPECT_EQ(train.weights(), "vgg:2");
  EXPECT_EQ(
      ToJson(train)["head"].dump(),
      R"(["flatten",{"dense":256},"relu",{"dropout":0.5},{"conv2d":{"filters":16,"kernel":[3,5],"padding":"same"}},{"dense":"classes"}])");
  EXPECT_THAT(train.trainable(), ElementsAre("head", "block5_*"));
  EXPECT_TRUE(train.has_feature_cache());
  EXPECT_FALSE(train.feature_cache());
  EXPECT_EQ(train.preprocessing().preset(), "keras_caffe");
  EXPECT_THAT(train.preprocessing().mean(), ElementsAre(103.939, 116.779, 123.68));
  EXPECT_THAT(train.preprocessing().std(), ElementsAre(2));
  EXPECT_EQ(train.preprocessing().channels(), v1::CHANNEL_ORDER_BGR);
}

TEST(Recipe, TakesStepsAsAListOrAlone) {
  const v1::TrainSpec train = SpecOf(R"(
pipeline: remove_background
augment:
  - {fliplr: 0.5}
  - sometimes: {p: 0.5, then: [{multiply: [0.8, 1.2]}]}
  - light
augment_views: 8
)")
                                  .train();
  EXPECT_EQ(ToJson(train)["preprocessing"]["pipeline"].dump(), R"(["remove_background"])");
  EXPECT_EQ(ToJson(train)["augment"].dump(), R"([{"fliplr":0.5},{"sometimes":{"p":0.5,"then":[{"multiply":[0.8,1.2]}]}},"light"])");
  EXPECT_EQ(train.augment_views(), 8);
  EXPECT_EQ(ToJson(SpecOf("augment: {fliplr: 0.5}").train())["augment"].dump(), R"([{"fliplr":0.5}])");
}

TEST(Recipe, NamesFeatures) {
  const v1::TrainSpec train = SpecOf("features: a\nval_features: b\ntrainable: head, x\n").train();
  EXPECT_EQ(train.features(), "a");
  EXPECT_EQ(train.val_features(), "b");
  EXPECT_THAT(train.trainable(), ElementsAre("head", "x"));
}

TEST(Recipe, LeavesAbsentWhatIsNotGiven) {
  const v1::JobSpec spec = SpecOf("dataset: a");
  EXPECT_FALSE(spec.train().has_shuffle());
  EXPECT_FALSE(spec.train().has_optimizer());
  EXPECT_FALSE(spec.has_timeout());
}

TEST(Recipe, RemembersWhereEachValueStands) {
  const auto given = ParseRecipe("# a comment\ndataset: a\noptimizer:\n  lr: 0.1\n", "recipe.yaml");
  SB_ASSERT_OK(given);
  EXPECT_EQ(given->at("dataset").origin, "recipe.yaml:2");
  EXPECT_EQ(given->at("lr").origin, "recipe.yaml:4");
}

TEST(Recipe, MayBeEmpty) { SB_EXPECT_OK(ParseRecipe("# nothing\n", "recipe.yaml")); }

TEST(Recipe, NamesUnknownKeysWithTheNearestOne) {
  EXPECT_THAT(ErrorOf("dataset: a\nepoch: 3\n"), StrEq("recipe.yaml:2: unknown key 'epoch'; did you mean 'epochs'?"));
  EXPECT_THAT(ErrorOf("optimizer:\n  momentun: 0.9\n"), StrEq("recipe.yaml:2: unknown key 'momentun'; did you mean 'momentum'?"));
  EXPECT_THAT(ErrorOf("zzzzzzzz: 1\n"), StrEq("recipe.yaml:1: unknown key 'zzzzzzzz'"));
}

TEST(Recipe, SaysWhatWasExpected) {
  EXPECT_THAT(ErrorOf("epochs: ten"), StrEq("recipe.yaml:1: epochs: expected a whole number, got 'ten'"));
  EXPECT_THAT(ErrorOf("epochs: 1.5"), HasSubstr("expected a whole number, got '1.5'"));
  EXPECT_THAT(ErrorOf("epochs: 99999999999"), HasSubstr("expected a whole number"));
  EXPECT_THAT(ErrorOf("epochs: '10'"), HasSubstr("remove the quotes"));
  EXPECT_THAT(ErrorOf("epochs: [1]"), HasSubstr("expected one value"));
  EXPECT_THAT(ErrorOf("epochs:"), HasSubstr("a value is missing"));
  EXPECT_THAT(ErrorOf("lr: fast"), HasSubstr("lr: expected a number, got 'fast'"));
  EXPECT_THAT(ErrorOf("lr: .nan"), HasSubstr("expected a number"));
  EXPECT_THAT(ErrorOf("seed: -1"), HasSubstr("expected a whole number from 0"));
  EXPECT_THAT(ErrorOf("shuffle: maybe"), HasSubstr("expected true or false, got 'maybe'"));
  EXPECT_THAT(ErrorOf("size: 0"), HasSubstr("expected a size in pixels"));
  EXPECT_THAT(ErrorOf("size: [1, 2, 3]"), HasSubstr("expected [width, height]"));
  EXPECT_THAT(ErrorOf("interpolation: linear"), HasSubstr("expected one of nearest, bilinear"));
  EXPECT_THAT(ErrorOf("checkpoint_interval: soon"), HasSubstr("expected a duration"));
  EXPECT_THAT(ErrorOf("dataset: a:b"), HasSubstr("expected NAME or NAME:VERSION"));
  EXPECT_THAT(ErrorOf("head: flatten"), StrEq("recipe.yaml:1: head: expected a list such as [flatten, dense: classes]"));
  EXPECT_THAT(ErrorOf("augment:"), StrEq("recipe.yaml:1: augment: expected a list such as [fliplr: 0.5, multiply: [0.8, 1.2]]"));
  EXPECT_THAT(ErrorOf("head: [{[a]: 1}]"), HasSubstr("recipe.yaml:1: head: a key must be a word"));
  EXPECT_THAT(ErrorOf("trainable: [[a]]"), HasSubstr("trainable: expected a list of single values"));
  EXPECT_THAT(ErrorOf("mean: [a]"), HasSubstr("mean: expected numbers"));
  EXPECT_THAT(ErrorOf("channels: grey"), HasSubstr("expected one of rgb, bgr"));
  EXPECT_THAT(ErrorOf("labels: [a]"), HasSubstr("expected keys and values"));
  EXPECT_THAT(ErrorOf("labels: {a: [1]}"), HasSubstr("expected a text for 'a'"));
}

TEST(Recipe, RefusesRepeatedKeys) {
  EXPECT_THAT(ErrorOf("epochs: 1\nepochs: 2\n"), StrEq("recipe.yaml:2: 'epochs' is given twice"));
  EXPECT_THAT(ErrorOf("lr: 1\noptimizer:\n  lr: 2\n"), AllOf(HasSubstr("recipe.yaml:3"), HasSubstr("'lr' is given twice")));
}

TEST(Recipe, RefusesWhatIsNoMap) {
  EXPECT_THAT(ErrorOf("- a\n- b\n"), HasSubstr("expected keys and values"));
  EXPECT_THAT(ErrorOf("a: [\n"), HasSubstr("recipe.yaml:"));
}

TEST(Recipe, NamesAMissingFile) {
  EXPECT_THAT(ReadRecipe("/nowhere/recipe.yaml"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("/nowhere/recipe.yaml")));
}

}  // namespace
}  // namespace seedbed::cli
