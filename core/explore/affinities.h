// How near rows are to each other, as t-SNE has it (van der Maaten and Hinton, "Visualizing data using t-SNE", JMLR 2008), of each row's
// nearest neighbours only (van der Maaten, "Accelerating t-SNE using tree-based algorithms", JMLR 2014).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/thread_pool.h"
#include "core/explore/row_source.h"

namespace seedbed::explore {

// A symmetric matrix without diagonal: row i has the entries begin[i] to begin[i + 1], by ascending column. They sum up to 1.
struct Affinities {
  std::vector<size_t> begin;
  std::vector<uint32_t> columns;
  std::vector<double> values;

  size_t rows() const { return begin.size() - 1; }
};

// p(j|i) is proportional to exp(-beta_i * squared distance) over the min(rows - 1, 3 * perplexity + 1) nearest rows j, the first ones
// among equally near; beta_i is found by bisection so that exp of the distribution's entropy is the perplexity. The result is
// (p(j|i) + p(i|j)) / (2 * rows). `points`: [row][values]. `perplexity` is at least 1 and below the number of rows. The bits do not depend
// on the number of threads. CANCELLED.
absl::StatusOr<Affinities> FindAffinities(const std::vector<double>& points, size_t values, double perplexity, ThreadPool* pool,
                                          const GoOn& go_on);

}  // namespace seedbed::explore
