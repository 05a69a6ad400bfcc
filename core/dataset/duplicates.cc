#include "core/dataset/duplicates.h"

#include <algorithm>
#include <numeric>
#include <string_view>
#include <unordered_map>

#include "core/image/perceptual_hash.h"

namespace seedbed::dataset {
namespace {

constexpr int kHashBits = 64;

// Bits [begin, end) that make up band `index` of `count`.
uint64_t BandMask(int index, int count) {
  const int begin = index * kHashBits / count;
  const int end = (index + 1) * kHashBits / count;
  const uint64_t width = end - begin == kHashBits ? ~uint64_t{0} : (uint64_t{1} << (end - begin)) - 1;
  return width << begin;
}

// First rows of each distinct content, in row order.
std::vector<uint32_t> DistinctContents(const Manifest& manifest) {
  std::unordered_map<std::string_view, uint32_t> first_of;
  std::vector<uint32_t> rows;
  for (uint32_t row = 0; row < manifest.rows.size(); ++row) {
    if (first_of.emplace(manifest.rows[row].sha256, row).second) rows.push_back(row);
  }
  return rows;
}

}  // namespace

std::vector<std::vector<uint32_t>> ExactDuplicates(const Manifest& manifest) {
  std::unordered_map<std::string_view, size_t> group_of;
  std::vector<std::vector<uint32_t>> groups;
  for (uint32_t row = 0; row < manifest.rows.size(); ++row) {
    const auto [entry, is_new] = group_of.emplace(manifest.rows[row].sha256, groups.size());
    if (is_new) groups.emplace_back();
    groups[entry->second].push_back(row);
  }
  std::erase_if(groups, [](const std::vector<uint32_t>& group) { return group.size() < 2; });
  return groups;
}

std::vector<std::pair<uint32_t, uint32_t>> PairsWithin(std::span<const uint64_t> hashes, int max_distance) {
  const int bands = max_distance + 1;
  std::vector<std::pair<uint32_t, uint32_t>> pairs;
  std::vector<uint32_t> order(hashes.size());
  for (int band = 0; band < bands; ++band) {
    const uint64_t mask = BandMask(band, bands);
    std::iota(order.begin(), order.end(), 0u);
    std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return (hashes[a] & mask) < (hashes[b] & mask); });
    for (size_t i = 0; i < order.size(); ++i) {
      for (size_t k = i + 1; k < order.size() && ((hashes[order[i]] ^ hashes[order[k]]) & mask) == 0; ++k) {
        const uint64_t difference = hashes[order[i]] ^ hashes[order[k]];
        if (image::HammingDistance(difference, 0) > max_distance) continue;
        // Found already if an earlier band agrees.
        bool is_new = true;
        for (int earlier = 0; earlier < band && is_new; ++earlier) is_new = (difference & BandMask(earlier, bands)) != 0;
        if (is_new) pairs.emplace_back(order[i], order[k]);
      }
    }
  }
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

NearDuplicates::NearDuplicates(const Manifest& manifest) {
  std::unordered_map<uint64_t, size_t> position_of;
  std::vector<uint64_t> hashes;
  for (const uint32_t row : DistinctContents(manifest)) {
    const uint64_t hash = manifest.rows[row].perceptual_hash;
    const auto [entry, is_new] = position_of.emplace(hash, hashes.size());
    if (is_new) {
      hashes.push_back(hash);
      lookalikes_.emplace_back();
    }
    lookalikes_[entry->second].push_back(row);
  }
  near_ = PairsWithin(hashes, kNearDistance);
  const auto size = [this](size_t position) { return static_cast<int64_t>(lookalikes_[position].size()); };
  for (size_t i = 0; i < lookalikes_.size(); ++i) pair_count_ += size(i) * (size(i) - 1) / 2;
  for (const auto& [a, b] : near_) pair_count_ += size(a) * size(b);
}

std::vector<std::pair<uint32_t, uint32_t>> NearDuplicates::Pairs(size_t limit) const {
  std::vector<std::pair<uint32_t, uint32_t>> pairs;
  const auto add = [&](uint32_t a, uint32_t b) {
    if (pairs.size() < limit) pairs.emplace_back(std::min(a, b), std::max(a, b));
    return pairs.size() < limit;
  };
  for (const Lookalikes& rows : lookalikes_) {
    for (size_t i = 0; i < rows.size() && pairs.size() < limit; ++i) {
      for (size_t k = i + 1; k < rows.size() && add(rows[i], rows[k]); ++k) {
      }
    }
  }
  for (const auto& [first, second] : near_) {
    for (size_t i = 0; i < lookalikes_[first].size() && pairs.size() < limit; ++i) {
      for (size_t k = 0; k < lookalikes_[second].size() && add(lookalikes_[first][i], lookalikes_[second][k]); ++k) {
      }
    }
  }
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

std::vector<std::pair<uint32_t, uint32_t>> NearDuplicates::Links() const {
  std::vector<std::pair<uint32_t, uint32_t>> links;
  for (const Lookalikes& rows : lookalikes_) {
    for (size_t i = 1; i < rows.size(); ++i) links.emplace_back(rows[0], rows[i]);
  }
  for (const auto& [a, b] : near_) links.emplace_back(lookalikes_[a][0], lookalikes_[b][0]);
  return links;
}

}  // namespace seedbed::dataset
