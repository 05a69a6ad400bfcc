#include "core/dataset/duplicates.h"

#include "core/image/perceptual_hash.h"
#include "gmock/gmock.h"
#include "tests/unit/core/dataset/dataset_testing.h"

namespace seedbed::dataset {
namespace {

using ::seedbed::testing::MakeManifest;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

std::vector<std::pair<uint32_t, uint32_t>> PairsByTrial(const std::vector<uint64_t>& hashes, int max_distance) {
  std::vector<std::pair<uint32_t, uint32_t>> pairs;
  for (uint32_t a = 0; a < hashes.size(); ++a) {
    for (uint32_t b = a + 1; b < hashes.size(); ++b) {
      if (image::HammingDistance(hashes[a], hashes[b]) <= max_distance) pairs.emplace_back(a, b);
    }
  }
  return pairs;
}

TEST(Duplicates, PairsWithinFindsExactlyWhatTrialFinds) {
  RandomStream random(1, RandomPurpose::kGenerate);
  std::vector<uint64_t> hashes;
  for (int center = 0; center < 40; ++center) {
    const uint64_t origin = uint64_t{random.NextUint32()} << 32 | random.NextUint32();
    for (int i = 0; i < 12; ++i) {
      uint64_t hash = origin;
      for (uint32_t flips = random.NextBelow(8); flips > 0; --flips) hash ^= uint64_t{1} << random.NextBelow(64);
      hashes.push_back(hash);
    }
  }
  for (const int distance : {0, 1, 4, 7, 12}) {
    const auto expected = PairsByTrial(hashes, distance);
    ASSERT_FALSE(expected.empty());
    EXPECT_EQ(PairsWithin(hashes, distance), expected) << distance;
  }
}

TEST(Duplicates, ExactGroupsComeInRowOrder) {
  Manifest manifest = MakeManifest({{"a", 3}, {"b", 3}});
  manifest.rows[4].sha256 = manifest.rows[1].sha256;
  manifest.rows[5].sha256 = manifest.rows[1].sha256;
  manifest.rows[2].sha256 = manifest.rows[0].sha256;
  EXPECT_THAT(ExactDuplicates(manifest), ElementsAre(ElementsAre(0, 2), ElementsAre(1, 4, 5)));
}

TEST(Duplicates, NearPairsCountContentsNotFiles) {
  Manifest manifest = MakeManifest({{"a", 6}});
  manifest.rows[1].sha256 = manifest.rows[0].sha256;  // the same file twice is no pair
  manifest.rows[1].perceptual_hash = manifest.rows[0].perceptual_hash;
  manifest.rows[3].perceptual_hash = manifest.rows[0].perceptual_hash;        // another file that looks the same
  manifest.rows[5].perceptual_hash = manifest.rows[0].perceptual_hash ^ 0xF;  // and one within 4 bits
  const NearDuplicates near(manifest);
  EXPECT_EQ(near.pair_count(), 3);
  EXPECT_THAT(near.Pairs(10), ElementsAre(Pair(0, 3), Pair(0, 5), Pair(3, 5)));
  EXPECT_EQ(near.Pairs(2).size(), 2u);
  EXPECT_THAT(near.Pairs(0), IsEmpty());
  EXPECT_THAT(near.Links(), ElementsAre(Pair(0, 3), Pair(0, 5)));
}

TEST(Duplicates, ManyEqualHashesAreCountedWithoutListingThem) {
  Manifest manifest = MakeManifest({{"blank", 20'000}});
  for (ManifestRow& row : manifest.rows) row.perceptual_hash = 0;
  const NearDuplicates near(manifest);
  EXPECT_EQ(near.pair_count(), int64_t{20'000} * 19'999 / 2);
  EXPECT_EQ(near.Pairs(5).size(), 5u);
  EXPECT_EQ(near.Links().size(), 19'999u);
}

}  // namespace
}  // namespace seedbed::dataset
