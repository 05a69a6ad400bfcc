// Pictures that excite a network, made by going uphill from noise. Each depends on the seed and on its own channel alone: not, but for
// rounding, on the others of its batch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "core/ascent/scored_network.h"
#include "core/base/philox.h"
#include "core/image/image.h"
#include "core/image/preprocessing.h"

namespace seedbed::ascent {

// What stood in a picture's way.
struct Hindrances {
  bool redirected = false;  // some steps followed the values before rectifier or softmax (scored_network.h)
  int restarts = 0;         // how often it began anew, from other noise, because the gradient was 0 everywhere
  bool stuck = false;       // and still was at last
};

struct AscentOptions {
  double step_size = 0;
  uint64_t seed = 0;
};

// Used by one thread at a time.
class Ascent {
 public:
  virtual ~Ascent() = default;

  // Begins with a picture of noise for each of the channels; those of before are gone.
  void Start(std::span<const size_t> channels);
  // One step uphill, for each. Errors as nn::GradientNetwork::Run.
  absl::Status Step();
  // What is there now: as large as the network's input.
  virtual image::Image Picture(size_t i) const = 0;
  const Hindrances& hindrances(size_t i) const { return hindrances_[i]; }

 protected:
  // `network` must outlive the ascent.
  Ascent(const ScoredNetwork* network, const AscentOptions& options) : network_(*network), options_(options) {}

  // Room for so many pictures.
  virtual void Resize(size_t pictures) = 0;
  // Noise instead of picture i.
  virtual void Begin(size_t i) = 0;
  // One step; calls Gradient() once.
  virtual absl::Status Climb() = 0;

  // Of all pictures, prepared as the network takes them: ScoredNetwork::Gradient. Notes what hinders them.
  absl::Status Gradient(std::span<const float> input, std::span<float> gradient);

  size_t pictures() const { return channels_.size(); }
  // What is drawn for picture i in the running step, or with which it begins.
  RandomStream Draw(size_t i) const;

  const ScoredNetwork& network_;
  const AscentOptions options_;

 private:
  std::vector<size_t> channels_;
  std::vector<Hindrances> hindrances_;
  std::vector<Way> ways_;
  uint32_t step_ = 0;  // from 1; 0 at the start
};

// Pictures with the statistics of photographs. What moves is the spectrum of three uncorrelated colours, in which every frequency has the
// weight that photographs give it; by Adam. At each step the network sees the picture shifted, turned and scaled a little, prepared as the
// model's images are, so that it pays to draw what survives that. Roughness (total variation) and strong colours (L2) cost something. The
// values stay within 0..1. Constants are those of tensorflow/lucid, where they are not said to be others.
//
// `mean_image`: HWC, in the network's order of channels; empty: none is subtracted. UNIMPLEMENTED in a build without LibTorch.
absl::StatusOr<std::unique_ptr<Ascent>> MakeNaturalAscent(const ScoredNetwork* network, const image::Preprocessing& preprocessing,
                                                          std::vector<float> mean_image, const AscentOptions& options);

}  // namespace seedbed::ascent
