// Resizing with Pillow's resampling filters (src/libImaging/Resample.c and Geometry.c), bit for bit: separable, antialiased (the support
// grows when shrinking), 8-bit fixed point with 22 bits of precision; nearest takes floor((d + 0.5) * scale).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/image/image.h"

namespace seedbed::image {

enum class Filter { kNearest, kBilinear, kBicubic, kLanczos, kBox, kHamming };

// Names as Keras's flow_from_directory takes them: "nearest", "bilinear", "bicubic", "lanczos", "box", "hamming".
std::string_view FilterName(Filter filter);
std::optional<Filter> FilterFromName(std::string_view name);

// Writes `width` x `height` x 3 bytes to `target` (HWC). The aspect ratio is not kept, as in Keras. Sizes are at least 1.
void ResizeInto(const Image& source, int width, int height, Filter filter, std::span<uint8_t> target);

}  // namespace seedbed::image
