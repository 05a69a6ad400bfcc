// Philox's numbers by the thousand, for what draws one for each pixel: many blocks at once in vector registers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/base/cpu.h"
#include "core/base/philox.h"

namespace seedbed {

// The numbers that RandomStream(seed, purpose, subject) gives one by one, from number 4 * first_block on. The instruction set (one that the
// processor has) changes how long it takes and nothing else.
void FillRandom(uint64_t seed, RandomPurpose purpose, uint64_t subject, uint32_t first_block, std::span<uint32_t> numbers,
                std::string_view instruction_set = InstructionSet());

}  // namespace seedbed
