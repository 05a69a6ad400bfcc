// The inner loops of Winograd's convolution (winograd.h), written once (winograd_kernels_template.h) and compiled for each instruction set.
//
// A tile is 6x6 pixels of the input and 4x4 of the output; its transforms have kPositions values. Everything in between lies in blocks of
// kRows tiles and 16 channels:
//   transformed input    [position][block of tiles][channels / 16][kRows][16]
//   transformed weights  [position][filters / panel][channels][panel]
//   products             [position][block of tiles][filters / panel][kRows][panel]
// Each product is one sum over the channels in their order by fused multiply-add, so that all instruction sets here give the same bits.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace seedbed::nn {

inline constexpr size_t kLanes = 16;
inline constexpr size_t kTile = 4;    // output
inline constexpr size_t kWindow = 6;  // input
inline constexpr size_t kPositions = kWindow * kWindow;

// Writes the transforms of one tile: `pixels` points at each pixel's channels (a multiple of kLanes), `to` at the tile's first lanes; those
// of the next 16 channels lie `chunk_stride` floats further, those of the next position `position_stride`.
using TransformInput = void (*)(const std::array<const float*, kPositions>& pixels, size_t channels, size_t chunk_stride,
                                size_t position_stride, float* to);

// products = input * weights for one block of tiles and one panel at one position.
using MultiplyBlock = void (*)(const float* input, const float* weights, size_t channels, float* products);

// What follows the sums.
struct WinogradFinish {
  const float* bias = nullptr;  // of the filters
  bool rectified = false;
  float ceiling = 0;
  bool pooled = false;  // the largest of 2x2 pixels is kept: a max_pool of size 2 behind it
};
// Reads a tile's products for 16 filters, `position_stride` floats apart, and writes the output pixels where `pixels` (4x4, of which the
// 2x2 in the upper left count when pooled) is not null.
using TransformOutput = void (*)(const float* products, size_t position_stride, const WinogradFinish& finish,
                                 const std::array<float*, kTile * kTile>& pixels);

struct WinogradKernels {
  size_t rows = 0;   // tiles in a block
  size_t panel = 0;  // filters in a panel
  TransformInput transform_input = nullptr;
  MultiplyBlock multiply = nullptr;
  TransformOutput transform_output = nullptr;
};

// For a name of core/base/cpu.h; null where there are none (they need fused multiply-add), or the processor lacks the instructions.
const WinogradKernels* WinogradKernelsFor(std::string_view instruction_set);

// One per translation unit; only on x86-64.
extern const WinogradKernels kWinogradAvx2;
extern const WinogradKernels kWinogradAvx512;

}  // namespace seedbed::nn
