#include "core/explore/tsne.h"

#include <algorithm>
#include <cmath>

#include "absl/status/status.h"
#include "core/base/cpu.h"
#include "core/explore/repulsion_kernels.h"

namespace seedbed::explore {

RepelFunction RepelFor(std::string_view instruction_set) {
#if defined(__x86_64__)
  if (instruction_set == "avx512") return kAvx512Repel;
  if (instruction_set == "avx2") return kAvx2Repel;
#endif
  return kBaselineRepel;
}

namespace {

constexpr double kExaggeration = 12;
constexpr double kMinLearningRate = 50;
constexpr double kMinGain = 0.01;
constexpr size_t kRowsAtATime = 64;
// Where the places stand that fill up the last registers: so far away that what they add to any sum is 0 or vanishes.
constexpr float kFarAway = 1e15f;

class Optimizer {
 public:
  Optimizer(const Affinities& affinities, const std::vector<Point>& start, ThreadPool* pool)
      : affinities_(affinities),
        pool_(*pool),
        repel_(RepelFor(InstructionSet())),
        rows_(start.size()),
        padded_((rows_ + kRepulsionLanes - 1) / kRepulsionLanes * kRepulsionLanes),
        learning_rate_(std::max(static_cast<double>(rows_) / kExaggeration / 4, kMinLearningRate)),
        places_(start),
        updates_(rows_, Point{}),
        gains_(rows_, Point{1, 1}),
        xs_(padded_, kFarAway),
        ys_(padded_, kFarAway),
        weights_(rows_),
        repulsions_(rows_),
        attractions_(rows_) {}

  void Step(double exaggeration, double momentum) {
    const double weight = FindForces();
    for (size_t row = 0; row < rows_; ++row) {
      for (size_t axis = 0; axis < 2; ++axis) {
        const double gradient = 4 * (exaggeration * attractions_[row][axis] - repulsions_[row][axis] / weight);
        double& gain = gains_[row][axis];
        double& update = updates_[row][axis];
        gain = std::max(kMinGain, update * gradient < 0 ? gain + 0.2 : gain * 0.8);
        update = momentum * update - learning_rate_ * gain * gradient;
        places_[row][axis] += update;
      }
    }
    Centre();
  }

  Embedding Finish() {
    const double weight = FindForces();
    Embedding result{.points = places_, .divergence = 0};
    for (size_t row = 0; row < rows_; ++row) {
      for (size_t i = affinities_.begin[row]; i < affinities_.begin[row + 1]; ++i) {
        const double p = affinities_.values[i];
        if (p > 0) result.divergence += p * std::log(p * weight / Nearness(row, affinities_.columns[i]));
      }
    }
    return result;
  }

 private:
  // Returns the sum of all pairs' q.
  double FindForces() {
    for (size_t row = 0; row < rows_; ++row) {
      xs_[row] = static_cast<float>(places_[row][0]);
      ys_[row] = static_cast<float>(places_[row][1]);
    }
    pool_.ParallelFor((rows_ + kRowsAtATime - 1) / kRowsAtATime, [this](size_t piece) {
      const size_t first = piece * kRowsAtATime;
      for (size_t row = first; row < std::min(rows_, first + kRowsAtATime); ++row) FindForces(row);
    });
    double weight = 0;
    for (const double one : weights_) weight += one;
    return weight;
  }

  void FindForces(size_t row) {
    Repulsion sums;
    repel_(xs_.data(), ys_.data(), padded_, xs_[row], ys_[row], &sums);
    double weight = -1;  // that of the point itself
    Point repulsion{};
    for (size_t lane = 0; lane < kRepulsionLanes; ++lane) {
      weight += sums.weights[lane];
      repulsion[0] += sums.x[lane];
      repulsion[1] += sums.y[lane];
    }
    weights_[row] = weight;
    repulsions_[row] = repulsion;
    Point attraction{};
    for (size_t i = affinities_.begin[row]; i < affinities_.begin[row + 1]; ++i) {
      const size_t other = affinities_.columns[i];
      const double pull = affinities_.values[i] * Nearness(row, other);
      for (size_t axis = 0; axis < 2; ++axis) attraction[axis] += pull * (places_[row][axis] - places_[other][axis]);
    }
    attractions_[row] = attraction;
  }

  double Nearness(size_t a, size_t b) const {
    const double dx = places_[a][0] - places_[b][0], dy = places_[a][1] - places_[b][1];
    return 1 / (1 + dx * dx + dy * dy);
  }

  void Centre() {
    for (size_t axis = 0; axis < 2; ++axis) {
      double mean = 0;
      for (const Point& place : places_) mean += place[axis];
      mean /= static_cast<double>(rows_);
      for (Point& place : places_) place[axis] -= mean;
    }
  }

  const Affinities& affinities_;
  ThreadPool& pool_;
  const RepelFunction repel_;
  const size_t rows_;
  const size_t padded_;
  const double learning_rate_;
  std::vector<Point> places_;
  std::vector<Point> updates_;
  std::vector<Point> gains_;
  std::vector<float> xs_;  // of the places
  std::vector<float> ys_;
  std::vector<double> weights_;
  std::vector<Point> repulsions_;
  std::vector<Point> attractions_;
};

}  // namespace

absl::StatusOr<Embedding> Embed(const Affinities& affinities, const std::vector<Point>& start, const TsneOptions& options, ThreadPool* pool,
                                const OnIteration& on_iteration) {
  Optimizer optimizer(affinities, start, pool);
  const int exaggerated = std::min(options.exaggerated, options.iterations / 4);
  for (int i = 0; i < options.iterations; ++i) {
    if (on_iteration && !on_iteration(i, options.iterations)) return absl::CancelledError("cancelled while placing images");
    if (i < exaggerated) {
      optimizer.Step(kExaggeration, 0.5);
    } else {
      optimizer.Step(1, 0.8);
    }
  }
  return optimizer.Finish();
}

}  // namespace seedbed::explore
