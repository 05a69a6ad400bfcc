// Changes that look at one pixel's channel at a time: a table of 256 results per channel.
#pragma once

#include <array>
#include <cstdint>

#include "core/augment/step.h"

namespace seedbed::augment {

using ByteTable = std::array<uint8_t, 256>;

// Each channel through the same table.
void ApplyTable(const ByteTable& table, Picture picture);
// Red, green and blue each through its own.
void ApplyTables(const std::array<ByteTable, 3>& tables, Picture picture);

}  // namespace seedbed::augment
