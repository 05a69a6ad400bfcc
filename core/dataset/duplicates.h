// Images that are the same, or look the same.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "core/dataset/manifest.h"

namespace seedbed::dataset {

// Two pictures whose perceptual hashes differ in at most this many of the 64 bits look alike. A copy that was re-encoded or resized differs
// in 0 to 3; among the 115,000 pairs of the seedlings sample, all of them on the same soil under the same camera, none is nearer than 10.
inline constexpr int kNearDistance = 4;

// Rows with equal content, by digest: each group has at least two, ascending; groups in the order of their first rows.
std::vector<std::vector<uint32_t>> ExactDuplicates(const Manifest& manifest);

// Positions (a < b) of all pairs of `hashes` at most `max_distance` bits apart, sorted. Exact. Equal hashes are pairs too, so pass distinct
// ones when there may be many. Time is about linear for hashes that spread (multi-index hashing: two hashes within d bits agree on at least
// one of d + 1 bands).
std::vector<std::pair<uint32_t, uint32_t>> PairsWithin(std::span<const uint64_t> hashes, int max_distance);

// Rows of different content that look alike.
class NearDuplicates {
 public:
  explicit NearDuplicates(const Manifest& manifest);

  // Number of pairs of different contents. A content that stands in several rows counts once.
  int64_t pair_count() const { return pair_count_; }
  // The first rows of the two contents of each pair, sorted, at most `limit` pairs.
  std::vector<std::pair<uint32_t, uint32_t>> Pairs(size_t limit) const;
  // Pairs of rows that link everything that looks alike into clusters: as few as that takes, not every pair.
  std::vector<std::pair<uint32_t, uint32_t>> Links() const;

 private:
  // All contents with one perceptual hash, by their first rows, ascending.
  using Lookalikes = std::vector<uint32_t>;
  std::vector<Lookalikes> lookalikes_;
  std::vector<std::pair<uint32_t, uint32_t>> near_;  // positions in lookalikes_
  int64_t pair_count_ = 0;
};

}  // namespace seedbed::dataset
