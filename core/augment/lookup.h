// Changes that look at one pixel's channel at a time: a table of 256 results per channel.
#pragma once

#include <array>
#include <cstdint>

#include "core/augment/per_channel.h"
#include "core/augment/step.h"

namespace seedbed::augment {

using ByteTable = std::array<uint8_t, 256>;

// Each channel through the same table.
void ApplyTable(const ByteTable& table, Picture picture);
// Red, green and blue each through its own.
void ApplyTables(const std::array<ByteTable, 3>& tables, Picture picture);

// Fills one table, or three, by `fill(value, &table)`, and applies them.
template <typename Fill>
void ApplyFilledTables(const ChannelValues& drawn, Picture picture, Fill fill) {
  std::array<ByteTable, 3> tables;
  fill(drawn.values[0], &tables[0]);
  if (drawn.shared) return ApplyTable(tables[0], picture);
  for (size_t channel = 1; channel < tables.size(); ++channel) fill(drawn.values[channel], &tables[channel]);
  ApplyTables(tables, picture);
}

}  // namespace seedbed::augment
