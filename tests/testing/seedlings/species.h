// The twelve species of the seedlings data set, as a generator sees them.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "core/base/philox.h"
#include "tests/testing/seedlings/painting.h"

namespace seedbed::testing {

struct Range {
  double low = 0;
  double high = 0;
};

// A kind of leaf: sizes as shares of the plant's size, widths as shares of the length.
struct LeafKind {
  Outline outline = Outline::kOval;
  int fewest = 0;
  int most = 0;
  Range length;
  Range width;
  double stalk = 0;
  double bend = 0;    // greatest
  double spread = 0;  // radians by which leaves leave their even places
};

struct Species {
  std::string_view name;
  Color blade;
  Color stalk;
  bool tuft = false;     // leaves stand in a fan to one side and its opposite, as grasses do, and not all around
  LeafKind seed_leaves;  // cotyledons, below
  LeafKind true_leaves;
};

// Sorted by name.
std::span<const Species> AllSpecies();

// The leaves of one plant in the order they are to be painted. `size`: pixels from centre to tip of a plant of ordinary size.
std::vector<Leaf> GrowPlant(const Species& species, double x, double y, double size, RandomStream* random);

}  // namespace seedbed::testing
