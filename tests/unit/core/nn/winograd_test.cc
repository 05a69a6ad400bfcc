#include "core/nn/winograd.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/cpu.h"
#include "tests/unit/core/nn/naive_network.h"

namespace seedbed::nn {
namespace {

using nlohmann::json;

// A convolution, and a max_pool of size 2 behind it.
graph::Graph ConvolutionGraph(const graph::Shape& input, const json& config) {
  return *graph::Graph::Create({{.name = "input", .type = "input", .config = {{"shape", input}}, .inputs = {}},
                                {.name = "conv", .type = "conv2d", .config = config, .inputs = {"input"}},
                                {.name = "pool", .type = "max_pool", .config = {{"size", 2}}, .inputs = {"conv"}}});
}

std::vector<float> Convolve(const WinogradConvolution& convolution, std::span<const float> input, size_t batch) {
  std::vector<float> output(batch * static_cast<size_t>(graph::ElementsOf(convolution.output_shape())));
  AlignedFloats scratch(convolution.scratch_floats());
  // Backwards, as the order does not matter.
  for (size_t piece = convolution.Pieces(batch); piece-- > 0;) {
    convolution.RunPiece(piece, batch, input.data(), scratch.get(), output.data());
  }
  return output;
}

class WinogradTest : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    kernels_ = WinogradKernelsFor(GetParam());
    if (kernels_ == nullptr) GTEST_SKIP() << "this processor has no " << GetParam();
  }

  void ExpectAsDefined(const graph::Graph& graph, size_t batch) {
    const TensorMap weights = LivelyWeights(graph, 1);
    const std::vector<float> input = RandomValues(batch * static_cast<size_t>(graph::ElementsOf(graph.input_shape())), 2);
    auto expected = RunNaively(graph, ViewsOf(weights), input, batch);
    const graph::ResolvedLayer& layer = *graph.Find("conv");
    ASSERT_TRUE(WinogradConvolution::Fits(layer, graph.input_shape(), *kernels_));
    for (const bool pooled : {false, true}) {
      const WinogradConvolution convolution(layer, graph.input_shape(), ViewsOf(weights), pooled, *kernels_);
      EXPECT_LT(DistanceFrom(expected[pooled ? "pool" : "conv"], Convolve(convolution, input, batch)), 2e-5) << pooled;
    }
  }

  const WinogradKernels* kernels_ = nullptr;
};

TEST_P(WinogradTest, ConvolvesImagesOfAnySizeWithAnyPadding) {
  for (const json& padding : {json("valid"), json("same"), json(1), json(2)}) {
    for (const int64_t height : {4, 5, 9}) {
      const graph::Graph graph =
          ConvolutionGraph({height, height + 3, 16}, {{"filters", 32}, {"kernel", 3}, {"padding", padding}, {"activation", "relu"}});
      SCOPED_TRACE(graph.ToJson().dump());
      ExpectAsDefined(graph, 2);
    }
  }
}

TEST_P(WinogradTest, ConvolvesManyChannelsInSeveralPieces) {
  ExpectAsDefined(ConvolutionGraph({21, 37, 48}, {{"filters", 96}, {"kernel", 3}, {"padding", "same"}, {"bias", false}}), 3);
  ExpectAsDefined(ConvolutionGraph({6, 6, 256}, {{"filters", 32}, {"kernel", 3}, {"padding", 1}, {"activation", "relu6"}}), 1);
}

TEST_P(WinogradTest, GivesTheBitsOfEveryOtherInstructionSetAndPlaceInTheBatch) {
  const graph::Graph graph = ConvolutionGraph({13, 10, 32}, {{"filters", 64}, {"kernel", 3}, {"padding", "same"}});
  const TensorMap weights = LivelyWeights(graph, 1);
  const size_t size = static_cast<size_t>(graph::ElementsOf(graph.input_shape())), batch = 9;
  const std::vector<float> input = RandomValues(batch * size, 2);
  const WinogradConvolution convolution(*graph.Find("conv"), graph.input_shape(), ViewsOf(weights), false, *kernels_);
  const std::vector<float> output = Convolve(convolution, input, batch);
  const size_t values = output.size() / batch;
  for (size_t image = 0; image < batch; ++image) {
    const std::vector<float> alone = Convolve(convolution, std::span(input).subspan(image * size, size), 1);
    EXPECT_TRUE(std::equal(alone.begin(), alone.end(), output.begin() + static_cast<ptrdiff_t>(image * values))) << image;
  }
  const WinogradConvolution widest(*graph.Find("conv"), graph.input_shape(), ViewsOf(weights), false,
                                   *WinogradKernelsFor(InstructionSet()));
  EXPECT_EQ(Convolve(widest, input, batch), output);
}

TEST_P(WinogradTest, FitsOnlyWhatItCanDo) {
  const auto fits = [&](const graph::Shape& input, const json& config) {
    const graph::Graph graph = ConvolutionGraph(input, config);
    return WinogradConvolution::Fits(*graph.Find("conv"), input, *kernels_);
  };
  EXPECT_TRUE(fits({8, 8, 16}, {{"filters", 32}, {"kernel", 3}}));
  EXPECT_FALSE(fits({8, 8, 3}, {{"filters", 32}, {"kernel", 3}}));
  EXPECT_FALSE(fits({8, 8, 16}, {{"filters", 33}, {"kernel", 3}}));
  EXPECT_FALSE(fits({8, 8, 16}, {{"filters", 32}, {"kernel", 3}, {"strides", 2}}));
  EXPECT_FALSE(fits({8, 8, 16}, {{"filters", 32}, {"kernel", 5}}));
  EXPECT_FALSE(fits({8, 8, 16}, {{"filters", 32}, {"kernel", {1, 3}}}));
}

INSTANTIATE_TEST_SUITE_P(All, WinogradTest, ::testing::Values("avx2", "avx512"), [](const auto& parameter) { return parameter.param; });

}  // namespace
}  // namespace seedbed::nn
