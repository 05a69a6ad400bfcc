#include "tests/testing/seedlings/painting.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace seedbed::testing {
namespace {

constexpr double kPi = std::numbers::pi;
constexpr double kStalkHalfWidth = 0.018;  // of the leaf's length

double Clamp01(double value) { return std::clamp(value, 0.0, 1.0); }

// ---- gravel ----

struct Pebble {
  double x = 0;
  double y = 0;
  Color color;
};

Color PebbleColor(RandomStream* random) {
  constexpr std::array<Color, 5> kStones = {{{168, 142, 112}, {132, 108, 84}, {188, 170, 146}, {150, 112, 82}, {108, 94, 84}}};
  const Color& stone = kStones[random->NextBelow(kStones.size())];
  return Scale(stone, random->NextUniformDouble(0.76, 0.98));
}

// A jittered grid of pebbles with one ring around the canvas; each pixel belongs to the nearest.
class Gravel {
 public:
  Gravel(int canvas_size, double pebble, RandomStream* random)
      : cell_(pebble), columns_(static_cast<int>(std::ceil(canvas_size / pebble)) + 2) {
    for (int row = 0; row < columns_; ++row) {
      for (int column = 0; column < columns_; ++column) {
        const double x = (column - 1 + random->NextUniformDouble(0.08, 0.92)) * cell_;
        const double y = (row - 1 + random->NextUniformDouble(0.08, 0.92)) * cell_;
        pebbles_.push_back({x, y, PebbleColor(random)});
      }
    }
  }

  Color ColorAt(double x, double y) const {
    const int column = static_cast<int>(x / cell_) + 1;
    const int row = static_cast<int>(y / cell_) + 1;
    const Pebble* nearest = nullptr;
    double first = 1e30;
    double second = 1e30;
    for (int r = std::max(row - 1, 0); r <= std::min(row + 1, columns_ - 1); ++r) {
      for (int c = std::max(column - 1, 0); c <= std::min(column + 1, columns_ - 1); ++c) {
        const Pebble& pebble = pebbles_[static_cast<size_t>(r) * static_cast<size_t>(columns_) + static_cast<size_t>(c)];
        const double distance = (x - pebble.x) * (x - pebble.x) + (y - pebble.y) * (y - pebble.y);
        second = std::min(second, std::max(distance, first));
        if (distance < first) {
          first = distance;
          nearest = &pebble;
        }
      }
    }
    // Dark in the gaps, lit from the upper left.
    const double gap = Clamp01((std::sqrt(second) - std::sqrt(first)) / (0.32 * cell_));
    const double slope = (nearest->x - x + nearest->y - y) / cell_;
    return Scale(nearest->color, (0.45 + 0.55 * gap) * (1 + 0.22 * slope));
  }

 private:
  const double cell_;
  const int columns_;
  std::vector<Pebble> pebbles_;
};

// ---- leaves ----

// A point in the leaf's own frame: t from 0 at the base of the blade to 1 at its tip, across in pixels from the midrib.
struct LeafPoint {
  double t = 0;
  double across = 0;
  double along = 0;  // pixels from where the leaf grows
};

// Half the blade's width at t, as a share of the greatest.
double BladeProfile(Outline outline, double t) {
  switch (outline) {
    case Outline::kBlade:
      return std::min(1.0, 6 * t + 0.3) * std::pow(1 - t, 0.55);
    case Outline::kSpoon:
      return std::pow(std::sin(kPi * std::pow(t, 1.5)), 0.6);
    case Outline::kToothed:
      return std::sin(kPi * std::pow(t, 0.75)) * (0.8 + 0.2 * std::abs(std::sin(5 * kPi * t)));
    default:
      return std::sqrt(std::max(0.0, 1 - (2 * t - 1) * (2 * t - 1)));
  }
}

// The following give the distance to the blade's edge in pixels, about: positive inside.

double FeatherEdge(const Leaf& leaf, const LeafPoint& point) {
  const double half = 0.5 * leaf.width * std::sqrt(std::max(0.0, 1 - (2 * point.t - 1) * (2 * point.t - 1)));
  const double blade = leaf.length * (1 - leaf.stalk);
  // Leaflets lean towards the tip.
  const double leaflet = point.t - 0.5 * std::abs(point.across) / blade;
  const double spacing = 1.0 / 6;
  const double from_axis = std::abs(leaflet / spacing - std::round(leaflet / spacing)) * spacing * blade;
  const double leaflet_edge = std::min(half - std::abs(point.across), 0.26 * spacing * blade - from_axis);
  const double rib_edge = 0.02 * leaf.length - std::abs(point.across);
  return std::max(leaflet_edge, rib_edge);
}

double FanEdge(const Leaf& leaf, const LeafPoint& point) {
  const double radius = 0.5 * leaf.width;
  const double blade = leaf.length * (1 - leaf.stalk);
  const double dx = (point.t - 0.5) * blade / (0.5 * blade) * radius;
  const double angle = std::atan2(point.across, dx);
  // Seven lobes, and a deep notch where the stalk enters.
  const double lobes = 0.86 + 0.14 * std::cos(7 * angle);
  const double notch = 1 - 0.75 * std::exp(-std::pow((kPi - std::abs(angle)) / 0.28, 2));
  return radius * lobes * notch - std::hypot(dx, point.across);
}

double BladeEdge(const Leaf& leaf, const LeafPoint& point) {
  if (point.t < 0 || point.t > 1) return -1e9;
  if (leaf.outline == Outline::kFeathered) return FeatherEdge(leaf, point);
  if (leaf.outline == Outline::kFan) return FanEdge(leaf, point);
  const double side = 0.5 * leaf.width * BladeProfile(leaf.outline, point.t) - std::abs(point.across);
  if (leaf.outline != Outline::kSpoon) return side;
  const double notch = 0.16 * std::exp(-std::pow(point.across / (0.22 * leaf.width), 2));
  return std::min(side, (1 - notch - point.t) * leaf.length);
}

double StalkEdge(const Leaf& leaf, const LeafPoint& point) {
  // A little into the blade, so that no gap shows.
  if (leaf.stalk <= 0 || point.along < 0 || point.along > leaf.length * (leaf.stalk + 0.08)) return -1e9;
  return kStalkHalfWidth * leaf.length - std::abs(point.across);
}

Color BladeColor(const Leaf& leaf, const LeafPoint& point) {
  const double half = std::max(0.5 * leaf.width, 1.0);
  const double side = point.across / half;
  const double midrib = std::exp(-std::pow(side / 0.09, 2));
  const double veins = leaf.outline == Outline::kBlade ? std::cos(14 * side) : std::cos(2 * kPi * (7 * point.t - 1.6 * std::abs(side)));
  return Scale(leaf.color, (0.98 + 0.1 * side) * (0.9 + 0.16 * point.t) * (1 + 0.2 * midrib + 0.03 * veins));
}

// Calls paint(x, y, point) for the pixels around the leaf.
template <typename Paint>
void ForEachPixelNear(const Leaf& leaf, double margin, int size, const Paint& paint) {
  const double reach = leaf.length + leaf.width + margin;
  const auto low = [&](double center) { return std::clamp(static_cast<int>(center - reach), 0, size); };
  const auto high = [&](double center) { return std::clamp(static_cast<int>(center + reach) + 1, 0, size); };
  const double cosine = std::cos(leaf.angle);
  const double sine = std::sin(leaf.angle);
  const double begin = leaf.stalk * leaf.length;
  for (int y = low(leaf.y); y < high(leaf.y); ++y) {
    for (int x = low(leaf.x); x < high(leaf.x); ++x) {
      const double dx = x + 0.5 - leaf.x;
      const double dy = y + 0.5 - leaf.y;
      const double along = dx * cosine + dy * sine;
      if (along < -margin || along > leaf.length + margin) continue;
      const double share = along / leaf.length;
      const double across = dy * cosine - dx * sine - leaf.bend * leaf.length * share * share;
      paint(x, y, LeafPoint{(along - begin) / (leaf.length - begin), across, along});
    }
  }
}

}  // namespace

Color Mix(const Color& a, const Color& b, double share_of_b) {
  const double share_of_a = 1 - share_of_b;
  return {a.red * share_of_a + b.red * share_of_b, a.green * share_of_a + b.green * share_of_b, a.blue * share_of_a + b.blue * share_of_b};
}

Color Scale(const Color& color, double factor) { return {color.red * factor, color.green * factor, color.blue * factor}; }

image::Image Canvas::ToImage() const {
  image::Image image{size_, size_, {}};
  image.rgb.reserve(3 * pixels_.size());
  for (const Color& pixel : pixels_) {
    for (const double value : {pixel.red, pixel.green, pixel.blue}) {
      image.rgb.push_back(static_cast<uint8_t>(std::lround(std::clamp(value, 0.0, 255.0))));
    }
  }
  return image;
}

void PaintGravel(double pebble, RandomStream* random, Canvas* canvas) {
  const Gravel gravel(canvas->size(), pebble, random);
  for (int y = 0; y < canvas->size(); ++y) {
    for (int x = 0; x < canvas->size(); ++x) canvas->At(x, y) = gravel.ColorAt(x, y);
  }
}

void PaintShadow(const Leaf& leaf, Canvas* canvas) {
  const double soft = 0.03 * canvas->size();
  Leaf shifted = leaf;
  shifted.x += soft;
  shifted.y += soft;
  ForEachPixelNear(shifted, 0, canvas->size(), [&](int x, int y, const LeafPoint& point) {
    const double edge = std::max(BladeEdge(shifted, point), StalkEdge(shifted, point));
    const double depth = Clamp01(edge / soft + 0.5);
    if (depth > 0) canvas->At(x, y) = Scale(canvas->At(x, y), 1 - 0.4 * depth);
  });
}

void PaintLeaf(const Leaf& leaf, Canvas* canvas) {
  ForEachPixelNear(leaf, 1, canvas->size(), [&](int x, int y, const LeafPoint& point) {
    Color& pixel = canvas->At(x, y);
    pixel = Mix(pixel, leaf.stalk_color, Clamp01(StalkEdge(leaf, point) + 0.5));
    pixel = Mix(pixel, BladeColor(leaf, point), Clamp01(BladeEdge(leaf, point) + 0.5));
  });
}

void PaintLabel(RandomStream* random, Canvas* canvas) {
  const int size = canvas->size();
  const int depth = static_cast<int>(random->NextUniformDouble(0.08, 0.2) * size);
  const uint32_t edge = random->NextBelow(4);
  const double bar = random->NextUniformDouble(0.012, 0.03) * size;
  const uint32_t pattern = random->NextUint32();
  for (int along = 0; along < size; ++along) {
    const bool black = (pattern >> (static_cast<uint32_t>(along / bar) % 32) & 1) != 0;
    for (int inward = 0; inward < depth; ++inward) {
      const bool in_bars = inward > depth / 5 && inward < depth * 7 / 10;
      const int far = size - 1 - inward;
      const int x = edge == 0 ? inward : edge == 1 ? far : along;
      const int y = edge == 2 ? inward : edge == 3 ? far : along;
      canvas->At(x, y) = black && in_bars ? Color{45, 42, 44} : Color{206, 206, 208};
    }
  }
}

void Expose(RandomStream* random, Canvas* canvas) {
  const double exposure = random->NextUniformDouble(0.9, 1.1);
  const double warmth = random->NextUniformDouble(-0.03, 0.03);
  const double angle = random->NextUniformDouble(0, 2 * kPi);
  const double strength = random->NextUniformDouble(0, 0.15);
  const double noise = random->NextUniformDouble(2, 6);
  const double center = 0.5 * canvas->size();
  for (int y = 0; y < canvas->size(); ++y) {
    for (int x = 0; x < canvas->size(); ++x) {
      const double light = 1 + strength * ((x - center) * std::cos(angle) + (y - center) * std::sin(angle)) / center;
      Color& pixel = canvas->At(x, y);
      // The sum of four uniform numbers is normal enough for grain, and cheap.
      const uint32_t bits = random->NextUint32();
      const double grain = ((bits & 255) + (bits >> 8 & 255) + (bits >> 16 & 255) + (bits >> 24)) / 147.8 - 3.45;
      pixel = Scale(pixel, exposure * light);
      pixel = {pixel.red * (1 + warmth) + noise * grain, pixel.green + noise * grain, pixel.blue * (1 - warmth) + noise * grain};
    }
  }
}

}  // namespace seedbed::testing
