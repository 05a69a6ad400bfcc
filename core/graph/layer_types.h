// The kinds of layers there are. Adding one: a function in layer_types/, its row in layer_types.cc, and how it computes in core/nn.
//
//   input    {"shape": [height, width, channels]} or any other shape without the batch
//   flatten  {}: all values in a row; images in the order height, width, channels (Keras's), whatever a backend computes in
//   dense    {"units": n, "bias": true, "activation"}: weight (units, inputs) as PyTorch stores it, bias (units)
//   softmax  {}: over a vector; the last layer of a classifier
//   relu     {"max_value"}: max(x, 0), at most max_value if that is given (6: ReLU6)
//   dropout  {"rate": 0.5}: in training, sets that share of the values to 0 and scales the others by 1 / (1 - rate); nothing in inference
//   add      {}: the sum of two inputs of one shape
//
// On images:
//   conv2d            {"filters": n, "kernel", "strides": 1, "padding": "valid", "bias": true, "activation"}: weight
//                     (filters, channels, kernel height, kernel width) as PyTorch stores it, bias (filters)
//   depthwise_conv2d  {"kernel", "strides": 1, "padding": "valid", "bias": true, "activation"}: each channel by itself; weight
//                     (channels, 1, kernel height, kernel width), bias (channels)
//   max_pool          {"size", "strides": size, "padding": "valid"}
//   average_pool      the same; the mean is over the pixels of the image in the window, not over its padding
//   global_average_pool, global_max_pool  {}: over height and width; (channels)
//
// On images and vectors:
//   batch_norm  {"epsilon": 0.001, "momentum": 0.99} over all but the last axis: weight, bias, running_mean and running_var, each
//               (channels). Training takes the mean and variance of the batch, and moves the running ones to momentum * running +
//               (1 - momentum) * the batch's, as Keras does; inference and frozen layers take the running ones
//   whiten      {}: the values in a row, times a matrix that was fitted to the training images and is never trained: weight (values,
//               values), symmetric. At most 4,096 values
//
// kernel, size and strides are a number or [height, width]. activation is "relu" or "relu6"; without it there is none. padding is one of
//   "valid"  none; the window stays within the image: (image - window) / strides + 1 places, rounded down
//   "same"   TensorFlow's: image / strides places, rounded up; as much padding as that takes, the odd row or column below and right
//   a number of rows and columns on all four sides, as in PyTorch: (image + 2 padding - window) / strides + 1 places, rounded down
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "core/graph/graph.h"

namespace seedbed::graph {

struct LayerType {
  std::string name;
  std::string keras_name;  // in summaries
  int inputs = 1;
  // Fills in what follows from the layer's config and its inputs' shapes: output shape, parameters and settings. INVALID_ARGUMENT says
  // what does not fit.
  absl::Status (*infer)(std::span<const Shape> inputs, ResolvedLayer* layer) = nullptr;
  // The setting that {"dense": 256} gives in a head's description (edit.h); empty: there is none.
  std::string main_setting;
  // Whether a head may have it: what is neither learnt nor fixed has its place elsewhere.
  bool in_heads = true;
};

// Null when there is none.
const LayerType* FindLayerType(std::string_view name);
std::vector<std::string> LayerTypeNames();

}  // namespace seedbed::graph
