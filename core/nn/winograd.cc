#include "core/nn/winograd.h"

#include <algorithm>
#include <cstdint>
#include <new>
#include <string>

#include "core/base/cpu.h"

namespace seedbed::nn {
namespace {

constexpr std::align_val_t kCacheLine{64};

// G of the paper: six values of three.
constexpr std::array<std::array<double, 3>, kWindow> kWeightTransform = {{
    {1.0 / 4, 0, 0},
    {-1.0 / 6, -1.0 / 6, -1.0 / 6},
    {-1.0 / 6, 1.0 / 6, -1.0 / 6},
    {1.0 / 24, 1.0 / 12, 1.0 / 6},
    {1.0 / 24, -1.0 / 12, 1.0 / 6},
    {0, 0, 1},
}};

// G g G^T.
std::array<double, kPositions> TransformedTaps(const float* taps) {
  std::array<std::array<double, 3>, kWindow> half = {};
  for (size_t row = 0; row < kWindow; ++row) {
    for (size_t i = 0; i < 3; ++i) {
      for (size_t j = 0; j < 3; ++j) half[row][j] += kWeightTransform[row][i] * taps[i * 3 + j];
    }
  }
  std::array<double, kPositions> transformed = {};
  for (size_t position = 0; position < kPositions; ++position) {
    for (size_t j = 0; j < 3; ++j) transformed[position] += half[position / kWindow][j] * kWeightTransform[position % kWindow][j];
  }
  return transformed;
}

// Large enough that the weights, which every piece reads, cost little; small enough that what a piece writes and reads again stays in
// caches.
size_t PieceTiles(size_t channels, size_t filters, const WinogradKernels& kernels) {
  constexpr size_t kScratchBytes = size_t{4} << 20, kFewest = 60, kMost = 240;
  const size_t tiles = kScratchBytes / (kPositions * (channels + filters) * sizeof(float));
  return std::clamp(tiles, kFewest, kMost) / kernels.rows * kernels.rows;
}

size_t TilesAcross(int64_t pixels) { return (static_cast<size_t>(pixels) + kTile - 1) / kTile; }

}  // namespace

const WinogradKernels* WinogradKernelsFor(std::string_view instruction_set) {
#if defined(__x86_64__)
  // A processor with AVX-512 has AVX2 and FMA as well.
  const std::string_view widest = InstructionSet();
  if (instruction_set == "avx2" && (widest == "avx2" || widest == "avx512")) return &kWinogradAvx2;
  if (instruction_set == "avx512" && widest == "avx512") return &kWinogradAvx512;
#endif
  return nullptr;
}

AlignedFloats::AlignedFloats(size_t count) : data_(static_cast<float*>(::operator new(count * sizeof(float), kCacheLine))) {}
void AlignedFloats::Free::operator()(float* data) const { ::operator delete(data, kCacheLine); }

bool WinogradConvolution::Fits(const graph::ResolvedLayer& layer, const graph::Shape& input, const WinogradKernels& kernels) {
  const graph::Window& window = layer.settings.window;
  if (layer.layer.type != "conv2d" || window.size != std::array<int64_t, 2>{3, 3}) return false;
  if (window.strides != std::array<int64_t, 2>{1, 1}) return false;
  return input[2] % static_cast<int64_t>(kLanes) == 0 && layer.output_shape[2] % static_cast<int64_t>(kernels.panel) == 0;
}

WinogradConvolution::WinogradConvolution(const graph::ResolvedLayer& layer, const graph::Shape& input, const TensorViews& weights,
                                         bool pooled, const WinogradKernels& kernels)
    : kernels_(kernels),
      input_(input),
      channels_(static_cast<size_t>(input[2])),
      filters_(static_cast<size_t>(layer.output_shape[2])),
      before_(layer.settings.window.before),
      convolved_({layer.output_shape[0], layer.output_shape[1]}),
      pooled_(pooled),
      activation_(layer.settings.activation),
      output_(pooled ? graph::Shape{convolved_[0] / 2, convolved_[1] / 2, layer.output_shape[2]} : layer.output_shape),
      tile_rows_(TilesAcross(convolved_[0])),
      tile_columns_(TilesAcross(convolved_[1])),
      piece_tiles_(PieceTiles(channels_, filters_, kernels)),
      zeros_(channels_),
      weights_(kPositions * channels_ * filters_) {
  if (layer.settings.bias) bias_ = FloatsOf(weights.at(layer.layer.name + ".bias"));
  TransformWeights(weights.at(layer.layer.name + ".weight"));
}

void WinogradConvolution::TransformWeights(const TensorView& weight) {
  constexpr size_t kTaps = 9;
  const std::vector<float> taps = FloatsOf(weight);  // [filter][channel][3][3]
  const size_t panel = kernels_.panel;
  for (size_t first = 0; first < filters_; first += panel) {
    for (size_t channel = 0; channel < channels_; ++channel) {
      float* to = weights_.get() + first * channels_ + channel * panel;
      for (size_t filter = 0; filter < panel; ++filter) {
        const auto transformed = TransformedTaps(taps.data() + ((first + filter) * channels_ + channel) * kTaps);
        for (size_t position = 0; position < kPositions; ++position) {
          to[position * channels_ * filters_ + filter] = static_cast<float>(transformed[position]);
        }
      }
    }
  }
}

WinogradConvolution::Place WinogradConvolution::PlaceOf(size_t tile) const {
  const size_t within = tile % tiles_per_image();
  return {tile / tiles_per_image(), within / tile_columns_, within % tile_columns_};
}

void WinogradConvolution::ReadTile(size_t tile, size_t index, const float* input, float* transformed) const {
  const Place place = PlaceOf(tile);
  const float* image = input + place.image * static_cast<size_t>(graph::ElementsOf(input_));
  std::array<const float*, kPositions> pixels;
  for (size_t i = 0; i < kPositions; ++i) {
    const int64_t row = static_cast<int64_t>(place.row * kTile + i / kWindow) - before_[0];
    const int64_t column = static_cast<int64_t>(place.column * kTile + i % kWindow) - before_[1];
    const bool inside = row >= 0 && row < input_[0] && column >= 0 && column < input_[1];
    pixels[i] = inside ? image + static_cast<size_t>(row * input_[1] + column) * channels_ : zeros_.data();
  }
  float* to = transformed + index / kernels_.rows * kernels_.rows * channels_ + index % kernels_.rows * kLanes;
  kernels_.transform_input(pixels, channels_, kernels_.rows * kLanes, input_stride(), to);
}

void WinogradConvolution::Multiply(size_t blocks, const float* transformed, float* products) const {
  const size_t rows = kernels_.rows, panel = kernels_.panel;
  for (size_t position = 0; position < kPositions; ++position) {
    const float* weights = weights_.get() + position * channels_ * filters_;
    for (size_t filter = 0; filter < filters_; filter += panel) {
      for (size_t block = 0; block < blocks; ++block) {
        const float* from = transformed + position * input_stride() + block * rows * channels_;
        float* to = products + position * product_stride() + (block * filters_ + filter) * rows;
        kernels_.multiply(from, weights + filter * channels_, channels_, to);
      }
    }
  }
}

void WinogradConvolution::WriteTile(size_t tile, size_t index, const float* products, float* output) const {
  const Place place = PlaceOf(tile);
  const size_t rows = kernels_.rows, panel = kernels_.panel, side = pooled_ ? kTile / 2 : kTile;
  float* image = output + place.image * static_cast<size_t>(graph::ElementsOf(output_));
  std::array<float*, kTile* kTile> corner = {};
  for (size_t i = 0; i < side * side; ++i) {
    // A pooled tile is the corner of a tile whose rows are as long.
    const size_t row = place.row * side + i / side, column = place.column * side + i % side;
    const bool inside = row < static_cast<size_t>(output_[0]) && column < static_cast<size_t>(output_[1]);
    if (inside) corner[i / side * kTile + i % side] = image + (row * static_cast<size_t>(output_[1]) + column) * filters_;
  }
  WinogradFinish finish = {.rectified = activation_.rectified, .ceiling = activation_.ceiling, .pooled = pooled_};
  for (size_t filter = 0; filter < filters_; filter += kLanes) {
    const float* from = products + (index / rows * filters_ + filter / panel * panel) * rows + index % rows * panel + filter % panel;
    finish.bias = bias_.empty() ? nullptr : bias_.data() + filter;
    std::array<float*, kTile* kTile> pixels = corner;
    for (float*& pixel : pixels) {
      if (pixel != nullptr) pixel += filter;
    }
    kernels_.transform_output(from, product_stride(), finish, pixels);
  }
}

void WinogradConvolution::RunPiece(size_t piece, size_t batch, const float* input, float* scratch, float* output) const {
  const size_t first = piece * piece_tiles_, count = std::min(piece_tiles_, batch * tiles_per_image() - first);
  float* products = scratch + kPositions * input_stride();
  for (size_t i = 0; i < count; ++i) ReadTile(first + i, i, input, scratch);
  Multiply((count + kernels_.rows - 1) / kernels_.rows, scratch, products);
  for (size_t i = 0; i < count; ++i) WriteTile(first + i, i, products, output);
}

}  // namespace seedbed::nn
