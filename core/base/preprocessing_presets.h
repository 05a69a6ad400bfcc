// The ways of turning pixels into numbers that have names: what well-known weights were trained with. For the parts of the program that
// check names as well as for those that touch pixels (core/image/preprocessing.h, which has the formula).
#pragma once

#include <array>
#include <string_view>

namespace seedbed {

struct PreprocessingPreset {
  std::string_view name;
  double rescale;              // factor on 8-bit values
  std::array<double, 3> mean;  // of each channel, in the network's order; subtracted after that
  std::array<double, 3> std;   // divided by after that
  bool bgr;                    // the network's order of channels; else RGB
};

inline constexpr std::array<PreprocessingPreset, 5> kPreprocessingPresets = {{
    {"unit", 1.0 / 255.0, {0, 0, 0}, {1, 1, 1}, false},
    {"keras_caffe", 1, {103.939, 116.779, 123.68}, {1, 1, 1}, true},
    {"imagenet", 1.0 / 255.0, {0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}, false},
    {"minus_one_one", 1.0 / 127.5, {1, 1, 1}, {1, 1, 1}, false},
    {"efficientnet_lite", 1.0 / 128, {127.0 / 128, 127.0 / 128, 127.0 / 128}, {1, 1, 1}, false},
}};

}  // namespace seedbed
