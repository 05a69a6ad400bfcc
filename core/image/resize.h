// Resizing with Pillow's resampling filters (src/libImaging/Resample.c and Geometry.c), bit for bit as of version 13: separable,
// antialiased (the support grows when shrinking), 8-bit fixed point with 22 bits of precision; nearest takes the source pixel under the
// target pixel's centre.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/cpu.h"
#include "core/image/image.h"

namespace seedbed::image {

enum class Filter { kNearest, kBilinear, kBicubic, kLanczos, kBox, kHamming };

// Names as Keras's flow_from_directory takes them: "nearest", "bilinear", "bicubic", "lanczos", "box", "hamming".
std::string_view FilterName(Filter filter);
std::optional<Filter> FilterFromName(std::string_view name);

// Writes `width` x `height` x 3 bytes to `target` (HWC). The aspect ratio is not kept, as in Keras. Sizes are at least 1.
void ResizeInto(const Image& source, int width, int height, Filter filter, std::span<uint8_t> target);

// How the pixels of one axis are mixed: target pixel i is the sum of `count[i]` source pixels from `first[i]` on, weighted by
// `weights[i * taps]` and following, in fixed point. Weights are padded with zeros to `taps`, a multiple of 4.
struct ResizeAxis {
  int taps = 0;
  std::vector<int> first;
  std::vector<int> count;
  std::vector<int32_t> weights;
  std::vector<int16_t> split_weights;  // the same, prepared for vector instructions (resize_kernels.h)
};

// ResizeInto with buffers kept between calls, for loops over many pictures. Not thread-safe.
class Resizer {
 public:
  // The vector instructions to use; the pixels do not depend on them.
  explicit Resizer(std::string_view instruction_set = InstructionSet()) : wide_(instruction_set != "baseline") {}
  void ResizeInto(const Image& source, int width, int height, Filter filter, std::span<uint8_t> target);

 private:
  void Resample(const Image& source, int width, int height, Filter filter, uint8_t* target);
  void ResampleColumnsFirst(const Image& source, uint8_t* target);
  void ResampleRowsFirst(const Image& source, uint8_t* target);
  // A source line that may be read some bytes beyond its end.
  const uint8_t* ReadableLine(const Image& source, size_t line);

  const bool wide_;
  ResizeAxis columns_;
  ResizeAxis rows_;
  std::vector<double> exact_weights_;
  std::vector<uint8_t> lines_;  // what is between the passes
  std::vector<const uint8_t*> window_;
  std::vector<uint8_t> padded_line_;
};

}  // namespace seedbed::image
