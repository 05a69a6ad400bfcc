#include "core/nn/backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "core/graph/architectures.h"
#include "core/nn/openvino_backend.h"
#include "core/nn/weights.h"
#include "tests/testing/status_matchers.h"
#include "tests/unit/core/nn/naive_network.h"

namespace seedbed::nn {
namespace {

using ::seedbed::testing::IsOk;
using ::seedbed::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr size_t kBatch = 3;

// Whether this build, or this machine, cannot run it.
bool IsMissing(const std::string& backend) {
  const graph::Graph graph = *graph::BuildArchitecture("logistic", {.input_shape = {2, 3, 3}, .classes = 4});
  const TensorMap weights = InitializeWeights(graph, 1);
  const auto made = MakeBackend(graph, ViewsOf(weights), {.backend = backend});
  return !made.ok();
}

std::vector<float> Forward(Backend& backend, std::span<const float> input, size_t batch) {
  std::vector<float> output(batch * backend.output_values());
  EXPECT_THAT(backend.Forward(input, batch, output), IsOk());
  return output;
}

class BackendTest : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (IsMissing(GetParam())) GTEST_SKIP() << "there is no backend " << GetParam() << " here";
  }
};

TEST_P(BackendTest, ComputesEveryLayerType) {
  const graph::Graph graph = EveryLayerGraph();
  const TensorMap weights = LivelyWeights(graph, 1);
  const std::vector<float> input = RandomValues(kBatch * static_cast<size_t>(graph::ElementsOf(graph.input_shape())), 2);
  const bool is_other = GetParam() == "check" || GetParam() == "auto";  // then each layer has been seen through that other
  for (const auto& [layer, expected] : RunNaively(graph, ViewsOf(weights), input, kBatch)) {
    if (is_other && layer != graph.layers().back().layer.name) continue;
    SB_ASSERT_OK_AND_ASSIGN(const auto backend,
                            MakeBackend(graph, ViewsOf(weights), {.backend = GetParam(), .layer = layer, .threads = 2}));
    EXPECT_EQ(backend->output_values() * kBatch, expected.size());
    EXPECT_LT(DistanceFrom(expected, Forward(*backend, input, kBatch)), 1e-5) << layer;
  }
}

// Stored features must not depend on which images were computed together.
TEST_P(BackendTest, GivesTheSameBitsAtEveryPlaceOfABatchAndInEveryRun) {
  const graph::Graph graph = *graph::BuildArchitecture("efficientnet_lite0", {.input_shape = {40, 40, 3}});
  const TensorMap weights = LivelyWeights(graph, 1);
  const size_t size = static_cast<size_t>(graph::ElementsOf(graph.input_shape())), batch = 7;
  const std::vector<float> images = RandomValues(batch * size, 3);
  SB_ASSERT_OK_AND_ASSIGN(const auto backend, MakeBackend(graph, ViewsOf(weights), {.backend = GetParam(), .threads = 2}));
  const std::vector<float> expected = Forward(*backend, images, batch);
  EXPECT_EQ(Forward(*backend, images, batch), expected);
  const size_t values = backend->output_values();
  for (size_t shift = 1; shift < batch; ++shift) {
    std::vector<float> padded(batch * size);  // the first images are gone, and zeros come behind the others
    std::copy(images.begin() + static_cast<ptrdiff_t>(shift * size), images.end(), padded.begin());
    const std::vector<float> output = Forward(*backend, padded, batch);
    EXPECT_TRUE(std::equal(expected.begin() + static_cast<ptrdiff_t>(shift * values), expected.end(), output.begin())) << shift;
  }
}

TEST_P(BackendTest, GivesTheSameBitsOnOneThreadAndOnTwo) {
  const graph::Graph graph = *graph::BuildArchitecture("resnet18", {.input_shape = {40, 40, 3}});
  const TensorMap weights = LivelyWeights(graph, 1);
  const std::vector<float> images = RandomValues(kBatch * static_cast<size_t>(graph::ElementsOf(graph.input_shape())), 3);
  SB_ASSERT_OK_AND_ASSIGN(const auto one, MakeBackend(graph, ViewsOf(weights), {.backend = GetParam(), .threads = 1}));
  SB_ASSERT_OK_AND_ASSIGN(const auto two, MakeBackend(graph, ViewsOf(weights), {.backend = GetParam(), .threads = 2}));
  EXPECT_EQ(Forward(*one, images, kBatch), Forward(*two, images, kBatch));
}

TEST_P(BackendTest, TakesBatchesOfAnySizeAndRefusesWrongOnes) {
  const graph::Graph graph = *graph::BuildArchitecture("logistic", {.input_shape = {2, 3, 3}, .classes = 4});
  const TensorMap weights = LivelyWeights(graph, 1);
  SB_ASSERT_OK_AND_ASSIGN(const auto backend, MakeBackend(graph, ViewsOf(weights), {.backend = GetParam()}));
  for (const size_t batch : {1, 5, 2, 9, 1}) {
    const std::vector<float> input = RandomValues(batch * 18, batch);
    EXPECT_LT(DistanceFrom(RunNaively(graph, ViewsOf(weights), input, batch)["softmax"], Forward(*backend, input, batch)), 1e-5);
  }
  std::vector<float> output(4);
  EXPECT_THAT(backend->Forward(RandomValues(17, 1), 1, output), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("2x3x3")));
  EXPECT_THAT(backend->Forward({}, 0, {}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(backend->Forward(RandomValues(36, 1), 2, output), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("4 values")));
}

INSTANTIATE_TEST_SUITE_P(All, BackendTest, ::testing::Values("torch", "openvino", "winograd", "check", "auto"),
                         [](const auto& parameter) { return parameter.param; });

TEST(Backend, RefusesWhatDoesNotFit) {
  const graph::Graph graph = *graph::BuildArchitecture("logistic", {.input_shape = {2, 3, 3}, .classes = 4});
  TensorMap weights = InitializeWeights(graph, 1);
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  EXPECT_THAT(MakeBackend(graph, ViewsOf(weights), {.backend = "torhc"}), StatusIs(kInvalid, HasSubstr("'torch'")));
  EXPECT_THAT(MakeBackend(graph, ViewsOf(weights), {.layer = "flaten"}), StatusIs(kInvalid, HasSubstr("'flatten'")));
  weights.erase("dense.bias");
  EXPECT_THAT(MakeBackend(graph, ViewsOf(weights), {}), StatusIs(kInvalid, HasSubstr("dense.bias")));
}

// Gives what it is told.
class FixedBackend : public Backend {
 public:
  explicit FixedBackend(std::vector<float> output) : output_(std::move(output)) {}
  std::string_view name() const override { return "fixed"; }
  size_t output_values() const override { return 2; }
  absl::Status Forward(std::span<const float>, size_t, std::span<float> output) override {
    std::copy(output_.begin(), output_.end(), output.begin());
    return absl::OkStatus();
  }

 private:
  const std::vector<float> output_;
};

absl::Status Check(std::vector<float> subject, std::vector<float> reference) {
  std::vector<float> output(subject.size());
  const auto backend = MakeCheckBackend(std::make_unique<FixedBackend>(subject), std::make_unique<FixedBackend>(reference), "pool", 0.01);
  const absl::Status status = backend->Forward({}, subject.size() / 2, output);
  EXPECT_THAT(output, ::testing::Pointwise(::testing::NanSensitiveFloatEq(), subject));
  return status;
}

TEST(CheckBackend, SaysWhereAndHowMuch) {
  EXPECT_THAT(Check({1, 2, 3, 200}, {1, 2, 4, 200}), IsOk());
  EXPECT_THAT(Check({1, 2, 3, 200}, {1, 2, 7, 200}),
              StatusIs(absl::StatusCode::kInternal,
                       AllOf(HasSubstr("layer 'pool'"), HasSubstr("0.02 of"), HasSubstr("image 1, value 0"), HasSubstr("3 against 7"))));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(Check({1, nan}, {1, 2}), StatusIs(absl::StatusCode::kInternal, HasSubstr("image 0, value 1")));
  EXPECT_THAT(Check({1, 2}, {1, nan}), StatusIs(absl::StatusCode::kInternal));
  EXPECT_THAT(Check({0, 0}, {0, 0}), IsOk());
}

}  // namespace
}  // namespace seedbed::nn
