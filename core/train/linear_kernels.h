// The inner loops of the linear classifier, written once (linear_kernels_template.h) and compiled for each instruction set.
//
// Features are cut into tiles of kTileFeatures. A tile of a parameter (weights, gradient, momentum...) holds for each class its
// kTileFeatures floats in a row: [class][feature]; features beyond the last one are zero and stay zero.
//
// Sums have an order of their own: 16 lanes, each adding every 16th feature. An instruction set with narrower registers keeps the 16 lanes
// in several of them, so that "avx2" and "avx512", which both have fused multiply-add, give the same bits; "baseline" rounds twice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tuple>

#include "core/train/optimizer.h"

namespace seedbed::train {

inline constexpr size_t kLanes = 16;
inline constexpr size_t kTileFeatures = 512;

// Examples as rows of elements in memory; x = element * scale - offset[feature].
template <typename Element>
struct TileInput {
  const Element* const* rows = nullptr;  // first element of each example
  size_t examples = 0;
  size_t first_feature = 0;  // of the tile, within a row
  size_t features = 0;       // 1 to kTileFeatures; nothing beyond is read
  float scale = 1;
  const float* offset = nullptr;  // of the tile's features: kTileFeatures floats, zero beyond `features`
};

// lanes[example][class][kLanes] += x * weights, lane by lane.
template <typename Element>
using ForwardTile = void (*)(const TileInput<Element>& input, const float* weights, size_t classes, float* lanes);
// sums[i] = the kLanes floats from lanes[i * kLanes] on, added up.
using AddLanes = void (*)(const float* lanes, size_t count, float* sums);
// gradient tile = sum over examples of delta[example][class] * x, in the examples' order.
template <typename Element>
using GradientTile = void (*)(const TileInput<Element>& input, const float* delta, size_t classes, float* gradient);
// One optimizer step on `count` parameters (a multiple of kLanes), with their gradient and the optimizer's state (null where unused).
using UpdateParameters = void (*)(const UpdateRule& rule, const float* gradient, size_t count, float* parameters, float* slot0,
                                  float* slot1);

struct LinearKernels {
  std::tuple<ForwardTile<uint8_t>, ForwardTile<float>> forward;
  std::tuple<GradientTile<uint8_t>, GradientTile<float>> gradient;
  AddLanes add_lanes;
  UpdateParameters update;
};

// For a name of core/base/cpu.h; null when there is no such name, or the processor lacks the instructions.
const LinearKernels* LinearKernelsFor(std::string_view instruction_set);

// One per translation unit; on other processors than x86-64 only the first exists.
extern const LinearKernels kBaselineKernels;
extern const LinearKernels kAvx2Kernels;
extern const LinearKernels kAvx512Kernels;

}  // namespace seedbed::train
