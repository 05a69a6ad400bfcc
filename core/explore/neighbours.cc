#include "core/explore/neighbours.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <span>

#include "Eigen/Dense"
#include "absl/status/status.h"

namespace seedbed::explore {
namespace {

using Eigen::Index;
using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Found = std::vector<FoundRow>;

// Of the rows that are compared at a time, as double: 8 MiB.
constexpr size_t kTileValues = 1 << 20;
// More than are wanted, since a product of blocks rounds otherwise than a difference.
constexpr size_t kSpareCandidates = 8;

bool Nearer(const FoundRow& a, const FoundRow& b) { return a.distance != b.distance ? a.distance < b.distance : a.row < b.row; }

void KeepNearest(size_t count, Found* found) {
  if (found->size() > count) {
    std::nth_element(found->begin(), found->begin() + static_cast<ptrdiff_t>(count), found->end(), Nearer);
    found->resize(count);
  }
}

double ExactDistance(Distance kind, std::span<const float> a, std::span<const float> b) {
  double product = 0, square_a = 0, square_b = 0, square = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double x = a[i], y = b[i];
    product += x * y;
    square_a += x * x;
    square_b += y * y;
    square += (x - y) * (x - y);
  }
  if (kind == Distance::kEuclidean) return std::sqrt(square);
  const double lengths = std::sqrt(square_a) * std::sqrt(square_b);
  return lengths > 0 ? std::clamp(1 - product / lengths, 0.0, 2.0) : 1;
}

class Search {
 public:
  Search(const RowSource& rows, const std::vector<Query>& queries, size_t count, Distance distance)
      : rows_(rows),
        queries_(queries),
        count_(count),
        distance_(distance),
        tile_(std::clamp<size_t>(kTileValues / std::max<size_t>(1, rows.values), 16, 4096)) {
    block_.resize(static_cast<Index>(queries.size()), static_cast<Index>(rows.values));
    for (size_t i = 0; i < queries.size(); ++i) block_.row(static_cast<Index>(i)) = AsDoubles(ValuesOf(queries[i])).transpose();
    squares_ = block_.rowwise().squaredNorm();
  }

  size_t tiles() const { return (rows_.count + tile_ - 1) / tile_; }

  // Of each query, the candidates among the tile's rows.
  std::vector<Found> LookInto(size_t tile) const {
    const size_t first = tile * tile_, size = std::min(tile_, rows_.count - first);
    RowMajor values(static_cast<Index>(size), static_cast<Index>(rows_.values));
    for (size_t i = 0; i < size; ++i) values.row(static_cast<Index>(i)) = AsDoubles(rows_.row(first + i)).transpose();
    const RowMajor products = block_ * values.transpose();
    const Eigen::VectorXd squares = values.rowwise().squaredNorm();
    std::vector<Found> found(queries_.size());
    for (size_t q = 0; q < queries_.size(); ++q) {
      for (size_t i = 0; i < size; ++i) {
        const auto row = static_cast<uint32_t>(first + i);
        if (queries_[q].row == row) continue;
        const double product = products(static_cast<Index>(q), static_cast<Index>(i));
        found[q].push_back({row, Rank(squares_(static_cast<Index>(q)), product, squares(static_cast<Index>(i)))});
      }
      KeepNearest(count_ + kSpareCandidates, &found[q]);
    }
    return found;
  }

  Found Best(size_t query, Found candidates) const {
    KeepNearest(count_ + kSpareCandidates, &candidates);
    for (FoundRow& one : candidates) one.distance = ExactDistance(distance_, ValuesOf(queries_[query]), rows_.row(one.row));
    std::sort(candidates.begin(), candidates.end(), Nearer);
    candidates.resize(std::min(candidates.size(), count_));
    return candidates;
  }

 private:
  std::span<const float> ValuesOf(const Query& query) const { return query.values.empty() ? rows_.row(*query.row) : query.values; }

  static Eigen::VectorXd AsDoubles(std::span<const float> values) {
    return Eigen::Map<const Eigen::VectorXf>(values.data(), static_cast<Index>(values.size())).cast<double>();
  }

  // Grows with the distance.
  double Rank(double query_square, double product, double row_square) const {
    if (distance_ == Distance::kEuclidean) return row_square - 2 * product;
    const double lengths = std::sqrt(query_square) * std::sqrt(row_square);
    return lengths > 0 ? -product / lengths : 0;
  }

  const RowSource& rows_;
  const std::vector<Query>& queries_;
  const size_t count_;
  const Distance distance_;
  const size_t tile_;  // rows
  RowMajor block_;     // the queries
  Eigen::VectorXd squares_;
};

}  // namespace

absl::StatusOr<std::vector<std::vector<FoundRow>>> FindNeighbours(const RowSource& rows, const std::vector<Query>& queries, size_t count,
                                                                  Distance distance, ThreadPool* pool, const GoOn& go_on) {
  const Search search(rows, queries, count, distance);
  // A few tiles side by side, and what they found put together in their order: memory does not grow with the rows.
  const size_t abreast = 4 * (pool->size() + 1);
  std::vector<Found> best(queries.size());
  for (size_t first = 0; first < search.tiles(); first += abreast) {
    if (go_on && !go_on()) return absl::CancelledError("cancelled while looking for neighbours");
    std::vector<std::vector<Found>> found(std::min(abreast, search.tiles() - first));
    pool->ParallelFor(found.size(), [&](size_t i) { found[i] = search.LookInto(first + i); });
    for (const std::vector<Found>& of_tile : found) {
      for (size_t q = 0; q < queries.size(); ++q) best[q].insert(best[q].end(), of_tile[q].begin(), of_tile[q].end());
    }
    for (Found& of_query : best) KeepNearest(count + kSpareCandidates, &of_query);
  }
  pool->ParallelFor(queries.size(), [&](size_t q) { best[q] = search.Best(q, std::move(best[q])); });
  return best;
}

}  // namespace seedbed::explore
