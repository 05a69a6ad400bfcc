// Chunks packed by c-blosc, in its format 2: what numcodecs' Blosc reads and writes.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace seedbed::features {

inline constexpr size_t kMaxBloscOverhead = 16;  // bytes by which a packed chunk may be longer
inline constexpr size_t kMaxBloscBytes = (size_t{1} << 31) - 1 - kMaxBloscOverhead;

// The same values give the same bytes, whatever the machine. INVALID_ARGUMENT for a codec that this build of c-blosc lacks.
absl::StatusOr<std::vector<std::byte>> BloscPack(std::span<const std::byte> values, size_t item_bytes, const std::string& codec, int level,
                                                 bool shuffle);

// DATA_LOSS unless `packed` is one whole chunk of exactly so many bytes.
absl::Status BloscUnpack(std::span<const std::byte> packed, std::span<std::byte> values);

}  // namespace seedbed::features
