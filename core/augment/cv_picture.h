// Pictures and borders as OpenCV sees them. Private to this room.
#pragma once

#include <algorithm>
#include <opencv2/core.hpp>
#include <string_view>

#include "core/augment/step.h"
#include "core/augment/step_fields.h"

namespace seedbed::augment {

// The picture's own pixels: an OpenCV function that writes a result of this size and type writes into the picture.
inline cv::Mat CvPixels(Picture picture) { return {picture.height, picture.width, CV_8UC3, picture.rgb.data()}; }

// A copy of the picture in the scratch buffer of this number.
inline cv::Mat CvCopy(Picture picture, size_t buffer, Scratch* scratch) {
  const std::span<uint8_t> copy = scratch->Bytes(buffer, picture.rgb.size());
  std::copy(picture.rgb.begin(), picture.rgb.end(), copy.begin());
  return {picture.height, picture.width, CV_8UC3, copy.data()};
}

// Reads a setting that says, in imgaug's words, what lies beyond the pixels: constant (the default), edge, reflect, symmetric, wrap. Gives
// the cv::BorderTypes of the same meaning.
int ReadCvBorder(std::string_view setting, StepFields* fields);

}  // namespace seedbed::augment
