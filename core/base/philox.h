// Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
// A number depends only on its key and counter, never on how many were drawn before or on which thread, so results
// are the same for any number of threads and after any resume.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace seedbed {

using PhiloxBlock = std::array<uint32_t, 4>;

// The ten-round bijection itself.
PhiloxBlock Philox4x32(PhiloxBlock counter, std::array<uint32_t, 2> key);

// What a stream of numbers is for. The value is part of the counter: it must never change once released.
enum class RandomPurpose : uint32_t {
  kShuffle = 1,     // subject: epoch
  kInitialize = 2,  // subject: index of the parameter tensor
  kSplit = 3,       // subject: first 64 bits of the SHA-256 of an image or group
  kGenerate = 4,    // subject: image index (synthetic pictures)
  kDropout = 5,     // subject: optimizer step and example, 32 bits each; the seed is mixed with the layer's name
  kAugment = 6,     // subject: first 64 bits of the image's SHA-256; the seed is mixed with epoch and step
  kCluster = 7,     // subject: 0 (first centres of clusters of colours)
  kMaximize = 8,    // subject: restarts (8 bits), filter or class (24) and step (32), 0 for the start
};

// A stream of numbers for (seed, purpose, subject). Not thread-safe; make one wherever it is needed.
class RandomStream {
 public:
  RandomStream(uint64_t seed, RandomPurpose purpose, uint64_t subject = 0);

  uint32_t NextUint32();
  // In [0, bound), unbiased (Lemire's rejection). bound > 0.
  uint32_t NextBelow(uint32_t bound);
  // In [0, 1) with 24 bits: exact in float.
  float NextUniform();
  double NextUniformDouble(double low, double high);
  // Mean 0, variance 1 (Box-Muller).
  double NextNormal();

 private:
  const std::array<uint32_t, 2> key_;
  PhiloxBlock counter_;
  PhiloxBlock block_{};
  unsigned used_ = 4;
};

// A permutation of 0..n-1 by Fisher-Yates.
std::vector<uint32_t> RandomPermutation(uint32_t n, RandomStream stream);

}  // namespace seedbed
