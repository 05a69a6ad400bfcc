// The font files that texts are drawn with, as they were when the program was built: a worker finds them on any machine. DejaVu Sans, which
// has the letters of Latin, Greek, Cyrillic, Armenian, Georgian, Hebrew and Arabic scripts; its licence allows embedding it.
#pragma once

#include <cstddef>
#include <span>

namespace seedbed::visualize {

std::span<const std::byte> RegularFontFile();
std::span<const std::byte> BoldFontFile();

}  // namespace seedbed::visualize
