#include "core/explore/affinities.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numeric>
#include <span>
#include <utility>

#include "Eigen/Dense"
#include "absl/status/status.h"

namespace seedbed::explore {
namespace {

using Eigen::Index;
using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr size_t kRowsAtATime = 64;
constexpr int kMaxSteps = 200;
constexpr double kTolerance = 1e-10;  // of the entropy

struct Neighbour {
  uint32_t row = 0;
  double value = 0;  // squared distance, then probability
};

// Makes probabilities of squared distances.
void Calibrate(double perplexity, std::span<Neighbour> neighbours) {
  double nearest = neighbours[0].value, mean = 0;
  for (const Neighbour& one : neighbours) nearest = std::min(nearest, one.value);
  for (const Neighbour& one : neighbours) mean += (one.value - nearest) / static_cast<double>(neighbours.size());
  const double wanted = std::log(perplexity);
  std::vector<double> weights(neighbours.size());
  double sum = 0, low = 0, high = 0, beta = mean > 0 ? 1 / mean : 1;
  for (int step = 0; step < kMaxSteps; ++step) {
    double weighted = 0;
    sum = 0;
    for (size_t i = 0; i < neighbours.size(); ++i) {
      const double distance = neighbours[i].value - nearest;
      weights[i] = std::exp(-beta * distance);
      sum += weights[i];
      weighted += weights[i] * distance;
    }
    const double entropy = std::log(sum) + beta * weighted / sum;
    if (std::abs(entropy - wanted) <= kTolerance) break;
    if (entropy > wanted) {
      low = beta;
      beta = high > 0 ? (low + high) / 2 : beta * 2;
    } else {
      high = beta;
      beta = (low + high) / 2;
    }
  }
  for (size_t i = 0; i < neighbours.size(); ++i) neighbours[i].value = weights[i] / sum;
}

class AffinityFinder {
 public:
  AffinityFinder(const std::vector<double>& points, size_t values, double perplexity)
      : points_(points.data(), static_cast<Index>(points.size() / values), static_cast<Index>(values)),
        squares_(points_.rowwise().squaredNorm()),
        perplexity_(perplexity),
        rows_(points.size() / values),
        count_(std::min(rows_ - 1, static_cast<size_t>(3 * perplexity + 1))),
        neighbours_(rows_ * count_) {}

  void Run(ThreadPool* pool, const std::function<bool()>& stopped) {
    pool->ParallelFor((rows_ + kRowsAtATime - 1) / kRowsAtATime, [&](size_t piece) {
      if (!stopped()) FindNearest(piece * kRowsAtATime);
    });
  }

  Affinities Symmetric() const {
    // Each pair stands in both rows, once for each direction in which it is near.
    std::vector<std::vector<Neighbour>> rows(rows_);
    for (size_t i = 0; i < rows_; ++i) {
      for (const Neighbour& one : Of(i)) {
        const double half = one.value / (2 * static_cast<double>(rows_));
        rows[i].push_back({one.row, half});
        rows[one.row].push_back({static_cast<uint32_t>(i), half});
      }
    }
    Affinities result;
    result.begin.push_back(0);
    for (std::vector<Neighbour>& row : rows) {
      std::stable_sort(row.begin(), row.end(), [](const Neighbour& a, const Neighbour& b) { return a.row < b.row; });
      for (const Neighbour& one : row) {
        if (result.columns.size() > result.begin.back() && result.columns.back() == one.row) {
          result.values.back() += one.value;
        } else {
          result.columns.push_back(one.row);
          result.values.push_back(one.value);
        }
      }
      result.begin.push_back(result.columns.size());
    }
    return result;
  }

 private:
  std::span<const Neighbour> Of(size_t row) const { return std::span(neighbours_).subspan(row * count_, count_); }

  void FindNearest(size_t first) {
    const size_t size = std::min(kRowsAtATime, rows_ - first);
    RowMajor distances = -2 * points_.middleRows(static_cast<Index>(first), static_cast<Index>(size)) * points_.transpose();
    distances.rowwise() += squares_.transpose();
    std::vector<Neighbour> all(rows_ - 1);
    for (size_t i = 0; i < size; ++i) {
      const size_t row = first + i;
      size_t place = 0;
      for (size_t other = 0; other < rows_; ++other) {
        if (other == row) continue;
        const double squared = distances(static_cast<Index>(i), static_cast<Index>(other)) + squares_(static_cast<Index>(row));
        all[place++] = {static_cast<uint32_t>(other), std::max(0.0, squared)};
      }
      const auto nearer = [](const Neighbour& a, const Neighbour& b) { return a.value != b.value ? a.value < b.value : a.row < b.row; };
      std::nth_element(all.begin(), all.begin() + static_cast<ptrdiff_t>(count_ - 1), all.end(), nearer);
      std::sort(all.begin(), all.begin() + static_cast<ptrdiff_t>(count_), nearer);
      const std::span<Neighbour> found = std::span(neighbours_).subspan(row * count_, count_);
      std::ranges::copy(std::span(all).first(count_), found.begin());
      Calibrate(perplexity_, found);
    }
  }

  const Eigen::Map<const RowMajor> points_;
  const Eigen::VectorXd squares_;
  const double perplexity_;
  const size_t rows_;
  const size_t count_;  // of a row's neighbours
  std::vector<Neighbour> neighbours_;
};

}  // namespace

absl::StatusOr<Affinities> FindAffinities(const std::vector<double>& points, size_t values, double perplexity, ThreadPool* pool,
                                          const GoOn& go_on) {
  std::atomic<bool> stopped{false};
  const auto ask = [&] {
    if (!stopped && go_on && !go_on()) stopped = true;
    return stopped.load();
  };
  AffinityFinder finder(points, values, perplexity);
  finder.Run(pool, ask);
  if (ask()) return absl::CancelledError("cancelled while looking for neighbours");
  return finder.Symmetric();
}

}  // namespace seedbed::explore
