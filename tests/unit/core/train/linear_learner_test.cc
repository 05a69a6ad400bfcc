#include "core/train/linear_learner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "core/base/philox.h"
#include "core/image/pixel_scaler.h"
#include "core/nn/weights.h"
#include "tests/testing/status_matchers.h"

namespace seedbed::train {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::HasSubstr;

constexpr int kSide = 4, kClasses = 3;
constexpr size_t kExamples = 11, kValues = kSide * kSide * 3;

graph::Layer Layer(std::string name, std::string type, nlohmann::json config, std::vector<std::string> inputs, bool trainable = true) {
  if (config.is_null()) config = nlohmann::json::object();
  return {std::move(name), std::move(type), std::move(config), std::move(inputs), trainable};
}

graph::Graph Logistic(int classes = kClasses) {
  return *graph::Graph::Create({Layer("picture", "input", {{"shape", {kSide, kSide, 3}}}, {}), Layer("row", "flatten", {}, {"picture"}),
                                Layer("logits", "dense", {{"units", classes}}, {"row"}), Layer("out", "softmax", {}, {"logits"})});
}

LinearLearnerOptions Options() {
  LinearLearnerOptions options;
  options.optimizer.lr = 0.1;
  options.pixels.preprocessing.width = options.pixels.preprocessing.height = kSide;
  options.instruction_set = "baseline";
  return options;
}

struct Pictures {
  Pictures() {
    RandomStream random(2, RandomPurpose::kGenerate);
    for (uint8_t& pixel : pixels) pixel = static_cast<uint8_t>(random.NextBelow(256));
    std::vector<const uint8_t*> rows;
    for (size_t i = 0; i < kExamples; ++i) {
      rows.push_back(&pixels[i * kValues]);
      examples.labels.push_back(static_cast<int32_t>(i % kClasses));
    }
    examples.rows = rows;
  }
  // The finished inputs, as rows of `values`.
  Examples Finished(const PixelOptions& options, std::vector<float>* values) const {
    const image::PixelScaler scaler(options.preprocessing, options.mean_image);
    values->resize(kExamples * kValues);
    scaler_rows.clear();
    for (size_t i = 0; i < kExamples; ++i) {
      scaler.Apply({&pixels[i * kValues], kValues}, std::span(*values).subspan(i * kValues, kValues));
      scaler_rows.push_back(&(*values)[i * kValues]);
    }
    return {.rows = scaler_rows, .labels = examples.labels};
  }
  std::vector<uint8_t> pixels = std::vector<uint8_t>(kExamples * kValues);
  Examples examples;
  mutable std::vector<const float*> scaler_rows;
};

// Losses of some steps, and one of evaluation.
std::vector<double> Losses(const graph::Graph& graph, const Examples& examples, const LinearLearnerOptions& options) {
  const auto learner = MakeLinearLearner(graph, nn::InitializeWeights(graph, 1), examples, examples, options);
  EXPECT_THAT(learner, testing::IsOk());
  std::vector<double> losses;
  const std::vector<uint32_t> batches[] = {{3, 1, 7}, {0, 10}, {9, 8, 2, 4, 5}};
  for (const auto& batch : batches) losses.push_back((*learner)->TrainBatch({.examples = batch})->loss);
  losses.push_back((*learner)->EvaluateBatch(2, 7)->loss);
  return losses;
}

TEST(LinearLearner, RefusesWhatDoesNotFit) {
  const Pictures pictures;
  const graph::Graph graph = Logistic(2);
  LinearLearnerOptions options = Options();
  const auto make = [&](const nn::TensorMap& weights) {
    return MakeLinearLearner(graph, weights, pictures.examples, {}, options).status();
  };
  EXPECT_THAT(make(nn::InitializeWeights(graph, 0)), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("label 2")));
  EXPECT_THAT(make({}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("missing")));
  options.pixels.preprocessing.width = 5;
  const graph::Graph three = Logistic();
  EXPECT_THAT(MakeLinearLearner(three, nn::InitializeWeights(three, 0), pictures.examples, {}, options),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("5x4 pixels")));
}

TEST(LinearLearner, KnowsAHeadByItsShape) {
  const graph::Layer input = Layer("top_activation", "input", {{"shape", {5}}}, {});
  const graph::Layer softmax = Layer("s", "softmax", {}, {"d"});
  const auto of = [&](const graph::Layer& dense) { return LinearLayerOf(*graph::Graph::Create({input, dense, softmax})); };
  SB_ASSERT_OK(of(Layer("d", "dense", {{"units", 2}}, {"top_activation"})));
  EXPECT_EQ((*LinearLayerOf(Logistic()))->layer.name, "logits");
  const auto refused = StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("flatten, dense, softmax"));
  EXPECT_THAT(of(Layer("d", "dense", {{"units", 2}}, {"top_activation"}, /*trainable=*/false)), refused);
  EXPECT_THAT(of(Layer("d", "dense", {{"units", 2}, {"bias", false}}, {"top_activation"})), refused);
  EXPECT_THAT(of(Layer("d", "dense", {{"units", 2}, {"activation", "relu"}}, {"top_activation"})), refused);
  EXPECT_THAT(LinearLayerOf(*graph::Graph::Create({input})), refused);
}

TEST(LinearLearner, RowsFetchedByBatchGiveTheSameBits) {
  const Pictures pictures;
  std::vector<float> values;
  const Examples kept = pictures.Finished(Options().pixels, &values);
  int calls = 0;
  const FetchRows fetch = [&](const Batch& batch, std::span<float> rows) {
    const std::span<const uint32_t> examples = batch.examples;
    ++calls;
    EXPECT_EQ(rows.size(), examples.size() * kValues);
    for (size_t i = 0; i < examples.size(); ++i) std::copy_n(&values[examples[i] * kValues], kValues, &rows[i * kValues]);
    return absl::OkStatus();
  };
  EXPECT_EQ(Losses(Logistic(), {.rows = fetch, .labels = kept.labels}, Options()), Losses(Logistic(), kept, Options()));
  EXPECT_EQ(calls, 4);
}

TEST(LinearLearner, AnErrorOfTheFetchEndsTheStep) {
  const FetchRows fetch = [](const Batch&, std::span<float>) { return absl::DataLossError("gone"); };
  const graph::Graph graph = Logistic();
  const auto learner = MakeLinearLearner(graph, nn::InitializeWeights(graph, 1), {.rows = fetch, .labels = {0, 1}}, {}, Options());
  SB_ASSERT_OK(learner);
  EXPECT_THAT((*learner)->TrainBatch({.examples = std::vector<uint32_t>{1}}), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("gone")));
}

// The classifier's own arithmetic on bytes rounds otherwise than the scaler's; what it cannot do itself is the scaler's.
TEST(LinearLearner, PixelsGiveWhatTheirFinishedInputsGive) {
  const Pictures pictures;
  for (const std::string& preset : image::PresetNames()) {
    for (const bool with_mean_image : {false, true}) {
      LinearLearnerOptions options = Options();
      options.pixels.preprocessing = *image::PresetNamed(preset);
      options.pixels.preprocessing.width = options.pixels.preprocessing.height = kSide;
      options.optimizer.lr = 1e-4;
      if (with_mean_image) {
        options.pixels.mean_image.resize(kValues);
        std::iota(options.pixels.mean_image.begin(), options.pixels.mean_image.end(), -20.0f);
      }
      std::vector<float> values;
      const Examples finished = pictures.Finished(options.pixels, &values);
      const std::vector<double> of_pixels = Losses(Logistic(), pictures.examples, options),
                                of_inputs = Losses(Logistic(), finished, options);
      for (size_t i = 0; i < of_pixels.size(); ++i) EXPECT_NEAR(of_pixels[i], of_inputs[i], 2e-5 * of_inputs[i]) << preset;
    }
  }
}

TEST(LinearLearner, MixesCopiesOfTrainingRowsAlone) {
  const Pictures pictures;
  std::vector<float> values;
  const Examples finished = pictures.Finished(Options().pixels, &values);
  const std::vector<float> before = values;
  LinearLearnerOptions options = Options();
  options.mixing = {.mixup_alpha = 0.4, .cutmix_alpha = 1};
  options.seed = 3;
  const std::vector<double> of_pixels = Losses(Logistic(), pictures.examples, options), of_inputs = Losses(Logistic(), finished, options);
  EXPECT_EQ(of_pixels, of_inputs);
  EXPECT_EQ(values, before);
  EXPECT_NE(of_inputs, Losses(Logistic(), finished, Options()));
  options.threads = 3;
  EXPECT_EQ(of_inputs, Losses(Logistic(), finished, options));
}

}  // namespace
}  // namespace seedbed::train
