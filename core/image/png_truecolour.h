// The PNG that nearly every photo set holds (8-bit RGB, not interlaced, no transparent colour), decoded several times as fast as libspng
// does: the picture is inflated in one piece by libdeflate and its filters are undone without branches. Private to this room.
#pragma once

#include <cstdint>
#include <vector>

#include "core/image/decoders.h"

namespace seedbed::image {

// Fills `rgb` with the 3 * width * height bytes of `file`, a PNG of the size that `header` says (already checked against the limits).
// False for every other kind of PNG, and for one in which anything is wrong, checksums included: libspng, which decides what a damaged
// file is, then reads it again. `rgb` holds nothing of use in that case.
bool DecodeTruecolourPng(FileBytes file, const ImageHeader& header, std::vector<uint8_t>* rgb);

}  // namespace seedbed::image
