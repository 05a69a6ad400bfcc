// t-distributed stochastic neighbour embedding (van der Maaten and Hinton, "Visualizing data using t-SNE", JMLR 2008): places in a plane
// where rows that are near to each other stay near. Repulsion is computed between all pairs; optimisation as in the reference
// implementation, with the learning rate of Belkina et al. (2019) as scikit-learn takes it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/thread_pool.h"
#include "core/explore/affinities.h"

namespace seedbed::explore {

using Point = std::array<double, 2>;

struct TsneOptions {
  int iterations = 1000;
  // While neighbours pull 12 times as strongly, so that groups find together: at most this many iterations, and a quarter of all.
  int exaggerated = 250;
};

struct Embedding {
  std::vector<Point> points;  // their mean is 0
  double divergence = 0;      // Kullback-Leibler, of the places from the affinities, in nats
};

// After each iteration: how many are done. Returns false to stop (CANCELLED).
using OnIteration = std::function<bool(int done, int total)>;

// `start`: where the points begin, one for each row; a spread of 1e-4 is usual. The points' bits do not depend on the number of threads or
// on the processor's vector instructions.
absl::StatusOr<Embedding> Embed(const Affinities& affinities, const std::vector<Point>& start, const TsneOptions& options, ThreadPool* pool,
                                const OnIteration& on_iteration);

}  // namespace seedbed::explore
