#include "core/train/linear_classifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "core/base/cpu.h"
#include "core/base/philox.h"
#include "tests/testing/status_matchers.h"

namespace seedbed::train {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::HasSubstr;

// Random examples as bytes and, with the same values, as floats.
struct Data {
  Data(size_t examples, size_t feature_count, size_t class_count) : features(feature_count), classes(class_count) {
    RandomStream random(11, RandomPurpose::kGenerate);
    bytes.resize(examples * features);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.NextBelow(256));
    floats.assign(bytes.begin(), bytes.end());
    for (size_t i = 0; i < examples; ++i) {
      byte_rows.push_back(&bytes[i * features]);
      float_rows.push_back(&floats[i * features]);
      labels.push_back(static_cast<int32_t>(random.NextBelow(static_cast<uint32_t>(classes))));
    }
    offset.resize(features);
    for (float& value : offset) value = random.NextUniform();
    parameters.weight.resize(classes * features);
    for (float& value : parameters.weight) value = (random.NextUniform() - 0.5f) * 0.1f;
    parameters.bias.resize(classes);
    for (float& value : parameters.bias) value = random.NextUniform() - 0.5f;
  }
  double Feature(size_t example, size_t f) const { return double{floats[example * features + f]} / 255 - offset[f]; }

  size_t features, classes;
  std::vector<uint8_t> bytes;
  std::vector<float> floats;
  std::vector<const uint8_t*> byte_rows;
  std::vector<const float*> float_rows;
  std::vector<int32_t> labels;
  std::vector<float> offset;
  LinearParameters parameters;
};

std::unique_ptr<LinearClassifier> Make(const Data& data, std::string_view instruction_set, int threads = 1,
                                       OptimizerOptions optimizer = {}) {
  LinearClassifierOptions options;
  options.features = data.features;
  options.classes = data.classes;
  options.optimizer = optimizer;
  options.scale = 1.0f / 255;
  options.offset = data.offset;
  options.threads = threads;
  options.instruction_set = instruction_set;
  auto classifier = LinearClassifier::Create(options);
  EXPECT_THAT(classifier, testing::IsOk());
  LinearState state;
  state.parameters = data.parameters;
  EXPECT_THAT((*classifier)->Restore(state), testing::IsOk());
  return *std::move(classifier);
}

std::vector<double> ExactLogits(const Data& data, size_t example, const LinearParameters& parameters) {
  std::vector<double> logits(parameters.bias.begin(), parameters.bias.end());
  for (size_t k = 0; k < data.classes; ++k) {
    for (size_t f = 0; f < data.features; ++f) logits[k] += data.Feature(example, f) * parameters.weight[k * data.features + f];
  }
  return logits;
}

double ExactLoss(const std::vector<double>& logits, int32_t label) {
  double total = 0;
  for (const double logit : logits) total += std::exp(logit);
  return std::log(total) - logits[static_cast<size_t>(label)];
}

struct Case {
  std::string instruction_set;
  size_t examples, features, classes;
};

// Shapes around every border: of lanes, tiles, blocks, register groups, chunks and groups of examples.
std::vector<Case> Cases() {
  std::vector<Case> cases;
  for (const char* isa : {"baseline", "avx2", "avx512"}) {
    for (const auto& [examples, features, classes] : {std::tuple<size_t, size_t, size_t>{1, 1, 2},
                                                      {5, 15, 3},
                                                      {32, 16, 12},
                                                      {33, 17, 13},
                                                      {7, 512, 6},
                                                      {8, 513, 7},
                                                      {3, 1280, 12},
                                                      {300, 100, 5},
                                                      {32, 40 * 512 + 21, 12},
                                                      {2, 40, 29}}) {
      cases.push_back({isa, examples, features, classes});
    }
  }
  return cases;
}

class LinearClassifierShapes : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (GetParam().instruction_set == "avx512" && InstructionSet() != "avx512") GTEST_SKIP() << "this processor has no AVX-512";
    if (GetParam().instruction_set == "avx2" && InstructionSet() == "baseline") GTEST_SKIP() << "this processor has no AVX2";
  }
  const Data data_{GetParam().examples, GetParam().features, GetParam().classes};
};

TEST_P(LinearClassifierShapes, ForwardIsExactWithinRounding) {
  const auto classifier = Make(data_, GetParam().instruction_set);
  const BatchResult result = classifier->EvaluateBatch(data_.byte_rows, data_.labels);
  double loss = 0;
  int64_t correct = 0;
  for (size_t i = 0; i < data_.labels.size(); ++i) {
    const std::vector<double> logits = ExactLogits(data_, i, data_.parameters);
    loss += ExactLoss(logits, data_.labels[i]);
    correct += std::max_element(logits.begin(), logits.end()) - logits.begin() == data_.labels[i];
    for (size_t k = 0; k < data_.classes; ++k) EXPECT_NEAR(classifier->logits()[i * data_.classes + k], logits[k], 1e-4);
  }
  EXPECT_NEAR(result.loss, loss, 1e-5 * loss);
  EXPECT_EQ(result.correct, correct);
}

TEST_P(LinearClassifierShapes, GradientIsExactWithinRounding) {
  const auto classifier = Make(data_, GetParam().instruction_set);
  const LinearParameters gradient = classifier->Gradient(data_.byte_rows, data_.labels);
  std::vector<double> weight(data_.parameters.weight.size()), bias(data_.classes);
  const double examples = static_cast<double>(data_.labels.size());
  for (size_t i = 0; i < data_.labels.size(); ++i) {
    std::vector<double> delta = ExactLogits(data_, i, data_.parameters);
    double total = 0;
    for (double& value : delta) total += value = std::exp(value);
    for (size_t k = 0; k < data_.classes; ++k) {
      delta[k] = (delta[k] / total - (static_cast<int32_t>(k) == data_.labels[i])) / examples;
      bias[k] += delta[k];
      for (size_t f = 0; f < data_.features; ++f) weight[k * data_.features + f] += delta[k] * data_.Feature(i, f);
    }
  }
  for (size_t k = 0; k < data_.classes; ++k) EXPECT_NEAR(gradient.bias[k], bias[k], 1e-5);
  for (size_t i = 0; i < weight.size(); ++i) ASSERT_NEAR(gradient.weight[i], weight[i], 1e-5) << i;
}

TEST_P(LinearClassifierShapes, BytesAndFloatsGiveTheSameBits) {
  const auto from_bytes = Make(data_, GetParam().instruction_set), from_floats = Make(data_, GetParam().instruction_set);
  for (int step = 0; step < 3; ++step) {
    EXPECT_EQ(from_bytes->TrainBatch(data_.byte_rows, data_.labels).loss, from_floats->TrainBatch(data_.float_rows, data_.labels).loss);
  }
  EXPECT_EQ(from_bytes->state().parameters.weight, from_floats->state().parameters.weight);
}

TEST_P(LinearClassifierShapes, ThreadsDoNotChangeBits) {
  OptimizerOptions adam;
  adam.kind = OptimizerKind::kAdam;
  const auto train = [&](int threads) {
    const auto classifier = Make(data_, GetParam().instruction_set, threads, adam);
    std::vector<double> losses;
    for (int step = 0; step < 3; ++step) losses.push_back(classifier->TrainBatch(data_.byte_rows, data_.labels).loss);
    return std::make_tuple(losses, classifier->state().parameters.weight, classifier->state().parameters.bias,
                           classifier->state().slots[1].weight);
  };
  const auto reference = train(1);
  EXPECT_EQ(reference, train(2));
  EXPECT_EQ(reference, train(3));
}

INSTANTIATE_TEST_SUITE_P(All, LinearClassifierShapes, ::testing::ValuesIn(Cases()), [](const auto& param) {
  const Case& c = param.param;
  return c.instruction_set + "_" + std::to_string(c.examples) + "x" + std::to_string(c.features) + "x" + std::to_string(c.classes);
});

TEST(LinearClassifier, GradientIsTheSlopeOfTheLoss) {
  const Data data(6, 20, 4);
  const auto classifier = Make(data, "baseline");
  const LinearParameters gradient = classifier->Gradient(data.byte_rows, data.labels);
  const auto mean_loss = [&](const LinearParameters& parameters) {
    double loss = 0;
    for (size_t i = 0; i < data.labels.size(); ++i) loss += ExactLoss(ExactLogits(data, i, parameters), data.labels[i]);
    return loss / static_cast<double>(data.labels.size());
  };
  for (size_t i = 0; i < data.parameters.weight.size(); i += 7) {
    const float step = 1.0f / 1024;
    LinearParameters up = data.parameters, down = data.parameters;
    up.weight[i] += step;
    down.weight[i] -= step;
    EXPECT_NEAR(gradient.weight[i], (mean_loss(up) - mean_loss(down)) / (double{up.weight[i]} - down.weight[i]), 1e-5);
  }
}

TEST(LinearClassifier, MixedLabelsHaveTheWeightedSumOfBothLosses) {
  const Data data(6, 20, 4);
  const std::vector<int32_t> others = {1, 0, 3, 2, 2, 1};
  const auto classifier = Make(data, "baseline");
  const LinearParameters own = classifier->Gradient(data.byte_rows, data.labels), other = classifier->Gradient(data.byte_rows, others);
  const double own_loss = classifier->EvaluateBatch(data.byte_rows, data.labels).loss;
  const double other_loss = classifier->EvaluateBatch(data.byte_rows, others).loss;
  for (const double weight : {0.0, 0.3, 0.5, 1.0}) {
    const BatchLabels labels(data.labels, others, weight);
    const LinearParameters mixed = classifier->Gradient(data.byte_rows, labels);
    for (size_t i = 0; i < mixed.weight.size(); ++i) {
      EXPECT_NEAR(mixed.weight[i], weight * own.weight[i] + (1 - weight) * other.weight[i], 1e-6);
    }
    const BatchResult result = classifier->EvaluateBatch(data.byte_rows, labels);
    EXPECT_NEAR(result.loss, weight * own_loss + (1 - weight) * other_loss, 1e-9);
    EXPECT_EQ(result.correct, classifier->EvaluateBatch(data.byte_rows, weight >= 0.5 ? data.labels : others).correct);
  }
}

TEST(LinearClassifier, Avx2AndAvx512GiveTheSameBits) {
  if (InstructionSet() != "avx512") GTEST_SKIP() << "this processor has no AVX-512";
  const Data data(37, 3'000, 12);
  OptimizerOptions momentum;
  momentum.momentum = 0.9;
  momentum.nesterov = true;
  const auto narrow = Make(data, "avx2", 1, momentum), wide = Make(data, "avx512", 2, momentum);
  for (int step = 0; step < 5; ++step) {
    EXPECT_EQ(narrow->TrainBatch(data.byte_rows, data.labels).loss, wide->TrainBatch(data.byte_rows, data.labels).loss);
  }
  EXPECT_EQ(narrow->state().parameters.weight, wide->state().parameters.weight);
}

TEST(LinearClassifier, StateBringsBackTheSameBits) {
  const Data data(9, 600, 3);
  OptimizerOptions adam;
  adam.kind = OptimizerKind::kAdam;
  const auto whole = Make(data, "baseline", 1, adam), second = Make(data, "baseline", 1, adam);
  whole->TrainBatch(data.byte_rows, data.labels);
  whole->TrainBatch(data.byte_rows, data.labels);
  const LinearState state = whole->state();
  EXPECT_EQ(state.step, 2);
  ASSERT_EQ(state.slots.size(), 2);
  whole->TrainBatch(data.byte_rows, data.labels);
  SB_ASSERT_OK(second->Restore(state));
  second->TrainBatch(data.byte_rows, data.labels);
  EXPECT_EQ(whole->state().parameters.weight, second->state().parameters.weight);
  EXPECT_EQ(whole->state().slots[1].weight, second->state().slots[1].weight);
}

TEST(LinearClassifier, FirstOfEqualLogitsWins) {
  Data data(1, 4, 3);
  data.parameters.weight.assign(12, 0);
  data.parameters.bias.assign(3, 0);
  const auto classifier = Make(data, "baseline");
  for (int32_t label = 0; label < 3; ++label) {
    const BatchResult result = classifier->EvaluateBatch(data.byte_rows, std::vector<int32_t>{label});
    EXPECT_EQ(result.correct, label == 0);
    EXPECT_NEAR(result.loss, std::log(3.0), 1e-12);
  }
}

TEST(LinearClassifier, HugeLogitsHaveAFiniteLossAndInfiniteOnesHaveNot) {
  Data data(1, 4, 3);
  data.parameters.bias = {1e30f, 0, 0};
  data.labels = {1};
  EXPECT_NEAR(Make(data, "baseline")->EvaluateBatch(data.byte_rows, data.labels).loss, 1e30, 1e24);
  data.parameters.bias[0] = std::numeric_limits<float>::infinity();
  EXPECT_FALSE(std::isfinite(Make(data, "baseline")->EvaluateBatch(data.byte_rows, data.labels).loss));
}

TEST(LinearClassifier, RefusesWhatMakesNoSense) {
  LinearClassifierOptions options;
  options.features = 4;
  options.classes = 1;
  options.instruction_set = "baseline";
  EXPECT_THAT(LinearClassifier::Create(options), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("1 classes")));
  options.classes = 2;
  options.offset.resize(3);
  EXPECT_THAT(LinearClassifier::Create(options), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("offset")));
  options.offset.clear();
  options.instruction_set = "z80";
  EXPECT_THAT(LinearClassifier::Create(options), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("'z80'")));
  options.instruction_set = "baseline";
  SB_ASSERT_OK_AND_ASSIGN(const auto classifier, LinearClassifier::Create(options));
  LinearState state;
  EXPECT_THAT(classifier->Restore(state), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("8 weights")));
}

}  // namespace
}  // namespace seedbed::train
