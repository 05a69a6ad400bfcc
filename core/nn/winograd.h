// Convolutions of 3x3 with stride 1 by Winograd's algorithm: 36 multiplications for 16 outputs instead of 144. What they round differently
// from a plain convolution stays far below 1e-4 of the largest value. An output depends on its own image alone, bit for bit: not on the
// batch, the threads or the instruction set.
//
// A. Lavin, S. Gray, "Fast Algorithms for Convolutional Neural Networks", arXiv 1509.09308.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "core/graph/graph.h"
#include "core/nn/tensor.h"
#include "core/nn/winograd_kernels.h"

namespace seedbed::nn {

// Memory that starts at a cache line, which vector loads across two of them would pay for. Not initialised.
class AlignedFloats {
 public:
  explicit AlignedFloats(size_t count);
  float* get() { return data_.get(); }
  const float* get() const { return data_.get(); }

 private:
  struct Free {
    void operator()(float* data) const;
  };
  std::unique_ptr<float, Free> data_;
};

// One layer with its weights, transformed once. Immutable.
class WinogradConvolution {
 public:
  // Whether the algorithm fits the layer: conv2d of 3x3, stride 1, channels that fill the registers.
  static bool Fits(const graph::ResolvedLayer& layer, const graph::Shape& input, const WinogradKernels& kernels);

  // `layer` must fit, its weights must be those of the graph. `pooled`: a max_pool of size 2 without padding follows, and is done as well.
  WinogradConvolution(const graph::ResolvedLayer& layer, const graph::Shape& input, const TensorViews& weights, bool pooled,
                      const WinogradKernels& kernels);

  const graph::Shape& output_shape() const { return output_; }

  // A batch falls into so many pieces that may run in any order and at the same time, each with scratch_floats() of its own.
  size_t Pieces(size_t batch) const { return (batch * tiles_per_image() + piece_tiles_ - 1) / piece_tiles_; }
  size_t scratch_floats() const { return kPositions * piece_tiles_ * (channels_ + filters_); }
  // Both [image][height][width][channel].
  void RunPiece(size_t piece, size_t batch, const float* input, float* scratch, float* output) const;

 private:
  struct Place {
    size_t image, row, column;  // in tiles
  };
  Place PlaceOf(size_t tile) const;
  size_t tiles_per_image() const { return tile_rows_ * tile_columns_; }
  void TransformWeights(const TensorView& weight);
  void ReadTile(size_t tile, size_t index, const float* input, float* transformed) const;
  void Multiply(size_t blocks, const float* transformed, float* products) const;
  void WriteTile(size_t tile, size_t index, const float* products, float* output) const;
  // Of the scratch memory.
  size_t input_stride() const { return piece_tiles_ * channels_; }
  size_t product_stride() const { return piece_tiles_ * filters_; }

  const WinogradKernels& kernels_;
  const graph::Shape input_;
  const size_t channels_, filters_;
  const std::array<int64_t, 2> before_;     // padding above and left
  const std::array<int64_t, 2> convolved_;  // height and width of the output before pooling
  const bool pooled_;
  const graph::Activation activation_;
  const graph::Shape output_;
  const size_t tile_rows_, tile_columns_;
  const size_t piece_tiles_;
  std::vector<float> bias_;   // empty: none
  std::vector<float> zeros_;  // the channels of a pixel in the padding
  AlignedFloats weights_;
};

}  // namespace seedbed::nn
