// What a synthetic seedling photo is painted with: gravel, leaves, a plant label, light and the camera's noise.
//
// Everything is computed from sums, products and a few library functions in double precision, pixel by pixel and in a fixed order, so a
// picture depends on its random stream alone.
#pragma once

#include <cstddef>
#include <vector>

#include "core/base/philox.h"
#include "core/image/image.h"

namespace seedbed::testing {

// Linear in the 0..255 sense of the final picture; may leave that range while painting.
struct Color {
  double red = 0;
  double green = 0;
  double blue = 0;
};

Color Mix(const Color& a, const Color& b, double share_of_b);
Color Scale(const Color& color, double factor);

// A square picture being painted. Coordinates are in pixels, x to the right, y down.
class Canvas {
 public:
  explicit Canvas(int size) : size_(size), pixels_(static_cast<size_t>(size) * static_cast<size_t>(size)) {}
  int size() const { return size_; }
  Color& At(int x, int y) { return pixels_[static_cast<size_t>(y) * static_cast<size_t>(size_) + static_cast<size_t>(x)]; }
  image::Image ToImage() const;

 private:
  const int size_;
  std::vector<Color> pixels_;
};

enum class Outline {
  kBlade,      // grass: long, pointed
  kOval,       // most seed leaves
  kSpoon,      // widest near a notched tip
  kToothed,    // oval with a toothed edge
  kFeathered,  // divided into narrow leaflets
  kFan,        // round with lobes, as wide as long
};

struct Leaf {
  Outline outline = Outline::kOval;
  double x = 0;  // where it grows from
  double y = 0;
  double angle = 0;   // radians
  double length = 0;  // pixels, stalk included
  double width = 0;   // pixels
  double stalk = 0;   // share of the length that is a thin stalk
  double bend = 0;    // sideways deflection of the tip in lengths
  Color color;        // of the blade
  Color stalk_color;
};

// Covers the canvas with pebbles about `pebble` pixels across.
void PaintGravel(double pebble, RandomStream* random, Canvas* canvas);
// Darkens the ground where the leaf keeps the light away; to be painted before all leaves.
void PaintShadow(const Leaf& leaf, Canvas* canvas);
void PaintLeaf(const Leaf& leaf, Canvas* canvas);
// A white label with bars along one edge.
void PaintLabel(RandomStream* random, Canvas* canvas);
// Uneven light, white balance, and noise of the sensor.
void Expose(RandomStream* random, Canvas* canvas);

}  // namespace seedbed::testing
