// A small convolutional network with random weights, for tests that build on one.
#pragma once

#include <string>

#include "core/graph/graph.h"
#include "core/image/preprocessing.h"
#include "core/nn/model_file.h"
#include "core/nn/weights.h"
#include "tests/testing/status_matchers.h"

namespace seedbed::testing {

// Its images are 10 pixels wide and 9 high, prepared as `imagenet` ones; its layers are input, conv, bn, relu, pool, conv2. It gives images
// of 5 x 5 x 6 values, and calls itself a resnet18, whose head it takes.
inline nn::SavedModel TinyBackbone(uint64_t seed = 1) {
  auto graph = graph::Graph::Create({
      {.name = "input", .type = "input", .config = {{"shape", {9, 10, 3}}}, .inputs = {}},
      {.name = "conv", .type = "conv2d", .config = {{"filters", 4}, {"kernel", 3}, {"padding", "same"}}, .inputs = {"input"}},
      {.name = "bn", .type = "batch_norm", .inputs = {"conv"}},
      {.name = "relu", .type = "relu", .inputs = {"bn"}},
      {.name = "pool", .type = "max_pool", .config = {{"size", 2}, {"padding", "same"}}, .inputs = {"relu"}},
      {.name = "conv2",
       .type = "conv2d",
       .config = {{"filters", 6}, {"kernel", 3}, {"padding", 1}, {"activation", "relu"}},
       .inputs = {"pool"}},
  });
  EXPECT_THAT(graph, IsOk());
  image::Preprocessing preprocessing = *image::PresetNamed("imagenet");
  preprocessing.width = 10;
  preprocessing.height = 9;
  nn::TensorMap weights = nn::InitializeWeights(*graph, seed);
  return {.arch = "resnet18",
          .graph = *std::move(graph),
          .preprocessing = preprocessing,
          .classes = {},
          .weights = std::move(weights),
          .mean_image = {},
          .training = {}};
}

}  // namespace seedbed::testing
