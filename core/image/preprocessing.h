// How an image becomes the network's input. Travels with the model, with stored features, and in the keys of caches.
//
//   x = ((value * rescale - m) / s - mean[c]) / std[c] - mean_image
//
// for each 8-bit value of the resized picture, after the steps of its pipeline, channel by channel in the network's order: HWC float32. m
// and s are 0 and 1, or belong to the picture itself (samplewise).
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/image/resize.h"
#include "nlohmann/json_fwd.hpp"

namespace seedbed::image {

enum class Center { kMeanImage, kNone };
enum class ChannelOrder { kRgb, kBgr };
// Keras's samplewise_ and featurewise_: nothing, _center, or _center with _std_normalization.
enum class Standardize { kNone, kCenter, kCenterAndScale };
// Added to standard deviations that are divided by: Keras's.
inline constexpr double kStdEpsilon = 1e-6;

struct Preprocessing {
  int width = 150;  // pixels
  int height = 150;
  Filter interpolation = Filter::kBilinear;
  double rescale = 1.0 / 255.0;                // factor on 8-bit values
  std::array<double, 3> mean = {0, 0, 0};      // of each channel, in the order of `channels`; after rescale
  std::array<double, 3> std = {1, 1, 1};       // likewise
  ChannelOrder channels = ChannelOrder::kRgb;  // which the network expects
  Center center = Center::kMeanImage;          // the mean image itself (of what the rest makes) is stored beside the weights
  std::string steps;                           // JSON list (core/augment/pipeline.h, as it writes them); empty: none
  // By the picture's own mean, and standard deviation plus kStdEpsilon, over all of its values.
  Standardize samplewise = Standardize::kNone;
  // mean and std are those of the training images, to which training fits them (core/train/channel_moments.h); 0 and 1 before that.
  Standardize featurewise = Standardize::kNone;

  bool operator==(const Preprocessing&) const = default;
};

// The settings under which well-known weights were trained; size and interpolation are the default ones, and center is none:
//   unit             v / 255
//   keras_caffe      BGR, v - (103.939, 116.779, 123.68)                     (keras.applications.vgg16, mode "caffe")
//   imagenet         (v / 255 - (.485, .456, .406)) / (.229, .224, .225)     (torchvision)
//   minus_one_one    v / 127.5 - 1                                           (Keras's mode "tf")
//   efficientnet_lite  (v - 127) / 128
// INVALID_ARGUMENT for any other name, suggesting the nearest and listing all.
absl::StatusOr<Preprocessing> PresetNamed(std::string_view name);
std::vector<std::string> PresetNames();

// INVALID_ARGUMENT naming the setting, its value and what is allowed.
absl::Status CheckPreprocessing(const Preprocessing& preprocessing);

// {"width", "height", "interpolation", "rescale", "mean": [3], "std": [3], "channels": "rgb" | "bgr", "center": "none" | "mean_image"},
// and where there are any "pipeline": [steps], "samplewise" and "featurewise": "center" | "center_and_scale"
nlohmann::json PreprocessingToJson(const Preprocessing& preprocessing);
// DATA_LOSS when it is none. Models from before channels could be chosen have no mean, std and channels: 0, 1 and RGB. The steps are read
// as a list, not understood: whoever applies them does that.
absl::StatusOr<Preprocessing> PreprocessingFromJson(const nlohmann::json& value);

// For people: "150x150 bilinear, remove_background, RGB, value * 0.00392157, minus the mean image"; of the steps it has the names.
std::string PreprocessingText(const Preprocessing& preprocessing);
// What `a` has otherwise than `b`: "150x150 rather than 224x224, RGB rather than BGR"; empty when they are equal. Steps that differ are
// told with all their settings.
std::string PreprocessingDifference(const Preprocessing& a, const Preprocessing& b);

}  // namespace seedbed::image
