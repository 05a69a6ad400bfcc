// Principal components: the directions in which rows vary most.
#pragma once

#include <cstddef>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/thread_pool.h"
#include "core/explore/row_source.h"

namespace seedbed::explore {

struct PrincipalComponents {
  size_t components = 0;
  // [row][component]: the row without the mean, along the component.
  std::vector<double> scores;
  // Of the scores, the largest first: sums of squares over (rows - 1), as NumPy's var(ddof=1).
  std::vector<double> variances;
  double total_variance = 0;  // of all values
};

// The first `wanted` components, or as many as there are values or rows. By block Krylov iteration (Musco and Musco, "Randomized block
// Krylov methods for stronger and faster approximate singular value decomposition", 2015) from a fixed start until no component's residual
// exceeds 1e-9 of the largest variance, and exactly where rows or values are few; neither the covariances nor a copy of the rows is made.
// Of a component and its opposite it is the one whose largest loading is positive. The bits do not depend on the number of threads.
// CANCELLED.
absl::StatusOr<PrincipalComponents> FindPrincipalComponents(const RowSource& rows, size_t wanted, ThreadPool* pool, const GoOn& go_on);

}  // namespace seedbed::explore
