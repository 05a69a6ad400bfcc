// Pictures moved, turned, sheared and stretched by an affine map.
//
// A map says where each pixel of the result comes from ("pull"). Positions are computed in double precision in scipy's order, so that what
// lies just inside and what just outside of a picture is the same as with scipy.ndimage.affine_transform; values are interpolated with
// 14-bit weights, so that the bytes are the same on every processor.
#pragma once

#include <array>
#include <cstdint>

#include "core/augment/step.h"

namespace seedbed::augment {

// The pixel in column x, row y comes from column xx * x + xy * y + x0, row yx * x + yy * y + y0. Positions count pixels' centres: 0 is the
// centre of the first.
struct AffineMap {
  double xx = 1, xy = 0, x0 = 0;
  double yx = 0, yy = 1, y0 = 0;

  bool operator==(const AffineMap&) const = default;
};

// position -> outer(inner(position)).
AffineMap Compose(const AffineMap& outer, const AffineMap& inner);
// The same map, with (x, y) in the place of the origin.
AffineMap AboutPoint(const AffineMap& map, double x, double y);
// The map must not flatten the picture.
AffineMap Inverse(const AffineMap& map);

// What lies beyond the pixels a b c d.
enum class Border {
  kNearest,          // a a a | a b c d | d d d
  kReflect,          // c b a | a b c d | d c b
  kReflect101,       // d c b | a b c d | c b a: scipy's mirror
  kWrap,             // b c d | a b c d | a b c as scipy's wrap: the first and the last pixel are one point, the period is n - 1
  kGridWrap,         // b c d | a b c d | a b c with period n
  kConstant,         // the fill wherever a position lies outside of the outermost pixels' centres, as scipy's constant
  kBlendedConstant,  // f f f | a b c d | f f f: pixels fade into the fill, as OpenCV's and scipy's grid-constant
};

enum class Interpolation { kNearest, kBilinear };

struct Warping {
  AffineMap map = {};
  Border border = Border::kNearest;
  Interpolation interpolation = Interpolation::kBilinear;
  std::array<uint8_t, 3> fill = {0, 0, 0};
  // Added to interpolated values before their fraction is cut off, in [0, 1): 0.5 rounds.
  double bias = 0.5;
};

// In place, about as fast for any map. Uses the scratch's byte buffer 0 and integer buffer 0.
void Warp(const Warping& warping, Picture picture, Scratch* scratch);

// In place: the mirror images left to right and top to bottom.
void FlipColumns(Picture picture);
void FlipRows(Picture picture);

}  // namespace seedbed::augment
