// A feature set as a map: a place in a plane for each image.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/thread_pool.h"
#include "core/explore/row_source.h"
#include "core/explore/tsne.h"

namespace seedbed::explore {

enum class Projection { kPca, kTsne };

// t-SNE compares all pairs.
inline constexpr size_t kMaxTsneRows = 10'000;
inline constexpr size_t kMinMapRows = 4;

struct MapOptions {
  Projection projection = Projection::kTsne;
  double perplexity = 0;           // kTsne only; 0: 30, or what fits
  int iterations = 1000;           // kTsne only
  uint64_t seed = 0;               // kTsne only: which rows are the sample, and a little noise where the points begin
  size_t max_rows = kMaxTsneRows;  // kTsne only: of more a sample is placed; from kMinMapRows to kMaxTsneRows
};

struct FeatureMap {
  std::vector<uint32_t> rows;  // that have a place: all, or a sample with each class's share; ascending
  std::vector<Point> points;   // of rows[i]
  Point shares{};              // kPca: of the variance, by axis
  double perplexity = 0;       // kTsne: that was used
  double divergence = 0;       // kTsne: as Embedding has it
};

// What is being done, and how far; returns false to stop (CANCELLED).
using OnMapProgress = std::function<bool(std::string_view phase, int done, int total)>;

// kPca: the scores of the first two principal components. kTsne: of the first 50, beginning where the first two put the points. The same
// input gives the same bits on any number of threads. `labels`: each row's class. INVALID_ARGUMENT for fewer than kMinMapRows rows, and for
// a perplexity that is not below a third of the rows, naming the largest.
absl::StatusOr<FeatureMap> MakeFeatureMap(const RowSource& rows, std::span<const int32_t> labels, const MapOptions& options,
                                          ThreadPool* pool, const OnMapProgress& on_progress);

}  // namespace seedbed::explore
