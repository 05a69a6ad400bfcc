// What the processor offers to numeric code.
#pragma once

#include <string_view>

namespace seedbed {

// The widest vector instructions that the processor has and the operating system allows, in the words of the execution profile: "avx512"
// (F, BW, DQ and VL), "avx2" (with FMA) or "baseline". Constant while a process lives.
std::string_view InstructionSet();

}  // namespace seedbed
