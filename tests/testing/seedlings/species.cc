#include "tests/testing/seedlings/species.h"

#include <array>
#include <cmath>
#include <numbers>

namespace seedbed::testing {
namespace {

constexpr double kPi = std::numbers::pi;

constexpr std::array<Species, 12> kSpecies = {{
    {"Black-grass", {84, 112, 60}, {120, 88, 84}, true, {}, {Outline::kBlade, 1, 3, {1.1, 1.7}, {0.035, 0.06}, 0, 0.35, 0.5}},
    {"Charlock",
     {128, 176, 60},
     {150, 168, 110},
     false,
     {Outline::kSpoon, 2, 2, {0.75, 1.0}, {0.75, 0.95}, 0.28, 0.05, 0.15},
     {Outline::kToothed, 0, 2, {0.6, 1.0}, {0.4, 0.55}, 0.2, 0.1, 0.4}},
    {"Cleavers",
     {52, 104, 64},
     {120, 110, 86},
     false,
     {Outline::kOval, 2, 2, {0.8, 1.05}, {0.5, 0.65}, 0.25, 0.05, 0.15},
     {Outline::kOval, 0, 6, {0.35, 0.5}, {0.35, 0.45}, 0.1, 0.05, 0.1}},
    {"Common Chickweed",
     {160, 202, 44},
     {160, 150, 100},
     false,
     {Outline::kOval, 2, 2, {0.7, 0.95}, {0.35, 0.45}, 0.25, 0.08, 0.25},
     {Outline::kOval, 0, 6, {0.5, 0.8}, {0.38, 0.5}, 0.45, 0.1, 0.4}},
    {"Common wheat", {78, 142, 108}, {140, 160, 120}, true, {}, {Outline::kBlade, 1, 3, {1.0, 1.5}, {0.08, 0.13}, 0, 0.3, 0.5}},
    {"Fat Hen",
     {150, 172, 122},
     {150, 92, 104},
     false,
     {Outline::kOval, 2, 2, {0.8, 1.1}, {0.2, 0.28}, 0.2, 0.08, 0.2},
     {Outline::kToothed, 0, 4, {0.5, 0.8}, {0.45, 0.6}, 0.3, 0.08, 0.3}},
    {"Loose Silky-bent", {146, 160, 70}, {150, 120, 90}, true, {}, {Outline::kBlade, 1, 4, {0.8, 1.4}, {0.022, 0.04}, 0, 0.3, 0.9}},
    {"Maize", {140, 190, 40}, {170, 180, 120}, true, {}, {Outline::kBlade, 2, 4, {0.9, 1.3}, {0.22, 0.34}, 0, 0.25, 0.5}},
    {"Scentless Mayweed",
     {84, 170, 84},
     {140, 160, 96},
     false,
     {Outline::kOval, 2, 2, {0.5, 0.65}, {0.45, 0.6}, 0.1, 0.03, 0.1},
     {Outline::kFeathered, 2, 5, {0.8, 1.1}, {0.4, 0.55}, 0.15, 0.12, 0.3}},
    {"Shepherd’s Purse",
     {116, 150, 96},
     {150, 150, 110},
     false,
     {Outline::kOval, 2, 2, {0.4, 0.55}, {0.5, 0.65}, 0.4, 0.05, 0.15},
     {Outline::kSpoon, 3, 6, {0.55, 0.85}, {0.42, 0.55}, 0.45, 0.1, 0.3}},
    {"Small-flowered Cranesbill",
     {112, 148, 50},
     {170, 106, 96},
     false,
     {Outline::kFan, 2, 2, {0.7, 0.95}, {0.55, 0.7}, 0.35, 0.08, 0.3},
     {Outline::kFan, 0, 3, {0.7, 1.0}, {0.5, 0.65}, 0.45, 0.1, 0.4}},
    {"Sugar beet",
     {60, 156, 44},
     {176, 86, 100},
     false,
     {Outline::kOval, 2, 2, {1.0, 1.3}, {0.24, 0.34}, 0.25, 0.12, 0.2},
     {Outline::kOval, 0, 3, {0.7, 1.1}, {0.38, 0.5}, 0.35, 0.12, 0.4}},
}};

double Draw(const Range& range, RandomStream* random) { return random->NextUniformDouble(range.low, range.high); }

int DrawCount(const LeafKind& kind, RandomStream* random) {
  return kind.fewest + static_cast<int>(random->NextBelow(static_cast<uint32_t>(kind.most - kind.fewest + 1)));
}

// Leaves of one age and place differ a little in tone.
Color Vary(const Color& color, RandomStream* random) {
  const Color scaled = Scale(color, random->NextUniformDouble(0.92, 1.08));
  return {scaled.red * random->NextUniformDouble(0.94, 1.06), scaled.green, scaled.blue * random->NextUniformDouble(0.9, 1.1)};
}

// The plant that leaves are added to.
struct Stem {
  const Species& species;
  double x;
  double y;
  double size;
};

void AddLeaves(const Stem& stem, const LeafKind& kind, double turn, RandomStream* random, std::vector<Leaf>* leaves) {
  const int count = DrawCount(kind, random);
  for (int i = 0; i < count; ++i) {
    const double even = stem.species.tuft ? kPi * (i % 2) : 2 * kPi * i / count;
    Leaf leaf;
    leaf.outline = kind.outline;
    leaf.x = stem.x;
    leaf.y = stem.y;
    leaf.angle = turn + even + random->NextUniformDouble(-kind.spread, kind.spread);
    leaf.length = stem.size * Draw(kind.length, random);
    leaf.width = leaf.length * Draw(kind.width, random);
    leaf.stalk = kind.stalk;
    leaf.bend = random->NextUniformDouble(-kind.bend, kind.bend);
    leaf.color = Vary(stem.species.blade, random);
    leaf.stalk_color = stem.species.stalk;
    leaves->push_back(leaf);
  }
}

}  // namespace

std::span<const Species> AllSpecies() { return kSpecies; }

std::vector<Leaf> GrowPlant(const Species& species, double x, double y, double size, RandomStream* random) {
  const Stem stem{species, x, y, size};
  const double turn = random->NextUniformDouble(0, 2 * kPi);
  std::vector<Leaf> leaves;
  if (species.seed_leaves.most > 0) AddLeaves(stem, species.seed_leaves, turn, random, &leaves);
  AddLeaves(stem, species.true_leaves, turn + kPi / 2, random, &leaves);
  return leaves;
}

}  // namespace seedbed::testing
