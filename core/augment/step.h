// One change to a picture, drawn or fixed: what pipelines are made of.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "core/augment/sample.h"
#include "core/image/image.h"
#include "core/image/resize.h"

namespace seedbed::augment {

// A view of 8-bit RGB pixels: rows top to bottom, channels interleaved (HWC), no padding. Steps never change the size.
struct Picture {
  int width = 0;
  int height = 0;
  std::span<uint8_t> rgb;

  size_t row_bytes() const { return size_t{3} * static_cast<size_t>(width); }
  uint8_t* row(int y) const { return rgb.data() + static_cast<size_t>(y) * row_bytes(); }
};

// Memory that a thread keeps from picture to picture, so that nothing is allocated once it has seen the largest. What a buffer holds is
// undefined when a step begins: a step shares the buffers with those before and after it, and with the ones it calls.
class Scratch {
 public:
  static constexpr size_t kBuffers = 4;

  std::span<uint8_t> Bytes(size_t buffer, size_t count) { return First(bytes_[buffer], count); }
  std::span<float> Floats(size_t buffer, size_t count) { return First(floats_[buffer], count); }
  std::span<int32_t> Integers(size_t buffer, size_t count) { return First(integers_[buffer], count); }
  // A part of a picture, and what resizes it.
  image::Image& part() { return part_; }
  image::Resizer& resizer() { return resizer_; }

 private:
  template <typename T>
  static std::span<T> First(std::vector<T>& buffer, size_t count) {
    if (buffer.size() < count) buffer.resize(count);
    return std::span(buffer).first(count);
  }

  std::array<std::vector<uint8_t>, kBuffers> bytes_;
  std::array<std::vector<float>, kBuffers> floats_;
  std::array<std::vector<int32_t>, kBuffers> integers_;
  image::Image part_;
  image::Resizer resizer_;
};

// Constant once made: any number of threads may use one, each with a Scratch of its own.
class Step {
 public:
  // `number`: which of the pipeline's steps it is, those within others counted too.
  explicit Step(uint32_t number) : number_(number) {}
  virtual ~Step() = default;
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;

  uint32_t number() const { return number_; }

  // In place. The result depends on nothing but the sample and the picture. The size must have passed CheckSize.
  virtual void Apply(const Sample& sample, Picture picture, Scratch* scratch) const = 0;
  // INVALID_ARGUMENT when pictures of this size are too small for the settings.
  virtual absl::Status CheckSize(int /*width*/, int /*height*/) const { return absl::OkStatus(); }

 protected:
  RandomStream Random(const Sample& sample) const { return sample.Random(number_); }

 private:
  const uint32_t number_;
};

}  // namespace seedbed::augment
