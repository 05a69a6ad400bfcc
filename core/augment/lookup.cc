#include "core/augment/lookup.h"

namespace seedbed::augment {

void ApplyTable(const ByteTable& table, Picture picture) {
  for (uint8_t& value : picture.rgb) value = table[value];
}

void ApplyTables(const std::array<ByteTable, 3>& tables, Picture picture) {
  uint8_t* const rgb = picture.rgb.data();
  const size_t bytes = picture.rgb.size();
  for (size_t i = 0; i < bytes; i += 3) {
    for (size_t channel = 0; channel < 3; ++channel) rgb[i + channel] = tables[channel][rgb[i + channel]];
  }
}

}  // namespace seedbed::augment
