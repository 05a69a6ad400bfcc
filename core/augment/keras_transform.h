// What Keras's ImageDataGenerator.apply_transform does to a picture, given the numbers that get_random_transform drew
// (keras/src/legacy/preprocessing/image.py): one affine map, a shift of all values, flips, brightness.
#pragma once

#include <cstdint>
#include <optional>

#include "core/augment/step.h"
#include "core/augment/warp.h"

namespace seedbed::augment {

// Keras's dictionary. Angles are degrees; tx and ty pixels; zx and zy factors, below 1 magnifies.
struct KerasTransform {
  double theta = 0;
  double tx = 0;
  double ty = 0;
  double shear = 0;
  double zx = 1;
  double zy = 1;
  bool flip_horizontal = false;
  bool flip_vertical = false;
  std::optional<double> channel_shift_intensity = std::nullopt;
  std::optional<double> brightness = std::nullopt;  // factor
};

// Which Keras's matrix is meant.
enum class KerasCompat {
  kKeras2,  // up to keras-preprocessing 1.1.2: tx and zx belong to rows, theta > 0 turns clockwise, the centre is half a pixel too far down
            // and right
  kKeras3,  // since then: tx and zx belong to columns, theta > 0 turns counter-clockwise; the centre of pictures that are not square has
            // its coordinates exchanged, as in Keras
};

struct KerasSettings {
  Border border = Border::kNearest;
  uint8_t fill = 0;
  KerasCompat compat = KerasCompat::kKeras3;
};

// rotation * shift * shear * zoom, about the centre.
AffineMap KerasMap(const KerasTransform& transform, int width, int height, KerasCompat compat);

// In place. Values that Keras keeps as fractions between two of its operations are cut off or rounded, as what follows would do.
void ApplyKerasTransform(const KerasTransform& transform, const KerasSettings& settings, Picture picture, Scratch* scratch);

// In place: value + intensity for every channel, kept within the picture's least and greatest value; rounded.
void ShiftChannels(double intensity, Picture picture);
// In place: Pillow's ImageEnhance.Brightness, which cuts fractions off. factor >= 0.
void ScaleBrightness(double factor, Picture picture);

}  // namespace seedbed::augment
