// How rows are dealt to subsets.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/dataset/grouping.h"
#include "core/dataset/manifest.h"
#include "core/dataset/split_table.h"

namespace seedbed::dataset {

// Images of each class that a subset besides "train" is to have, in class order.
struct Quota {
  std::string subset;
  std::vector<int64_t> per_class;
};

// Deals units to the quotas' subsets, one subset after the other; everything else is "train", which keeps at least one image of each class.
//
// Units are taken in an order that depends on nothing but the seed and their content (Philox keyed by the seed, at the smallest SHA-256 in
// the unit): images added later move few of the others. Without a seed they are taken in the order of their first images, which is by
// class, folder and file name: Keras's, whose validation_split takes the first images of each class. A unit is taken when all its classes
// have room for it, so that no quota is exceeded. Units of one image reach every quota exactly; larger ones may leave a rest. Only where a
// class would get nothing at all, because each of its units is larger than the quota, the unit that exceeds least is taken.
//
// A class without images gets none and is no error. INVALID_ARGUMENT naming each class that has too few images, or whose images all
// hang together so that they cannot be divided.
absl::StatusOr<SplitTable> SplitByQuota(const Manifest& manifest, const Units& units, std::span<const Quota> quotas,
                                        std::optional<uint64_t> seed);

// Takes the subsets from paths "<subset>/<class>/<file>". INVALID_ARGUMENT when a path is not of that form or nothing is for training.
absl::StatusOr<SplitTable> SplitFromFolders(const Manifest& manifest);

// Images of each class.
std::vector<int64_t> ImagesPerClass(const Manifest& manifest);
// Images of each class in a subset of the table.
std::vector<int64_t> ImagesPerClass(const Manifest& manifest, const SplitTable& table, size_t subset);

}  // namespace seedbed::dataset
