// Counts what a thread takes from the heap, whoever asks for it: this program's own malloc (allocation_counter.cc).
#pragma once

#include <cstddef>
#include <optional>

namespace seedbed::augment {

// The allocations of the calling thread so far; nullopt where a sanitizer has the heap.
std::optional<size_t> Allocations();

}  // namespace seedbed::augment
