// The numbers that this room looks at: one row for each image, wherever the rows lie.
#pragma once

#include <cstddef>
#include <functional>
#include <span>

namespace seedbed::explore {

// `row(i)` gives `values` numbers, the same at each call, on any thread. Rows may be mapped from disk: nothing here copies more of them
// than a few thousand at a time.
struct RowSource {
  size_t count = 0;
  size_t values = 0;
  std::function<std::span<const float>(size_t row)> row;
};

// Asked between pieces of work, on any thread; CANCELLED once it says false.
using GoOn = std::function<bool()>;

}  // namespace seedbed::explore
