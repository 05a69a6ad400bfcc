// Every layer type by its definition, in double precision and with plain loops: what whoever runs graphs is compared with.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/graph/graph.h"
#include "core/nn/tensor.h"

namespace seedbed::nn {

// The output of each layer for a batch: [example][values], images in height, width, channel order.
std::map<std::string, std::vector<double>> RunNaively(const graph::Graph& graph, const TensorViews& weights, std::span<const float> input,
                                                      size_t batch);

// A net of few numbers that has every layer type, odd sizes, uneven and even padding, windows and strides that are not square, and layers
// with more than one reader.
graph::Graph EveryLayerGraph();

// Random weights with which activations keep their size, statistics of batch norms included.
TensorMap LivelyWeights(const graph::Graph& graph, uint64_t seed);

// Uniform in -1..1.
std::vector<float> RandomValues(size_t count, uint64_t seed);

// The largest difference, as a share of the largest expected value.
double DistanceFrom(std::span<const double> expected, std::span<const float> values);

}  // namespace seedbed::nn
