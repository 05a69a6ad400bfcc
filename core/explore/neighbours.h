// The rows nearest to some vectors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/thread_pool.h"
#include "core/explore/row_source.h"

namespace seedbed::explore {

enum class Distance {
  kCosine,     // 1 - cosine of the angle; 1 from or to a vector of zeros
  kEuclidean,  // length of the difference
};

struct Query {
  std::vector<float> values;         // as many as a row has, or empty: those of `row`
  std::optional<uint32_t> row = {};  // the row that it is: not among its own neighbours
};

struct FoundRow {
  uint32_t row = 0;
  double distance = 0;
};

// For each query its `count` nearest rows, or all there are, the nearest first, and of equally near ones the first. Candidates are found by
// products of blocks in double precision, a part of the rows at a time, and their distances then computed from the differences. The bits
// do not depend on the number of threads. CANCELLED.
absl::StatusOr<std::vector<std::vector<FoundRow>>> FindNeighbours(const RowSource& rows, const std::vector<Query>& queries, size_t count,
                                                                  Distance distance, ThreadPool* pool, const GoOn& go_on);

}  // namespace seedbed::explore
