// NumPy's file format, version 1.0 (numpy.lib.format).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/graph/graph.h"

namespace seedbed::features {

// What stands before the values: magic, version, length of the rest, a Python dict padded with spaces to a multiple of 64. `dtype` as NumPy
// writes it, such as "<f4".
std::string NpyHeader(std::string_view dtype, const graph::Shape& shape);

// A whole file of float32, as many as the shape has.
std::string NpyFile(const graph::Shape& shape, std::span<const float> values);

}  // namespace seedbed::features
