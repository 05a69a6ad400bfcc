#include "core/explore/pca.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <utility>

#include "Eigen/Dense"
#include "absl/status/status.h"
#include "core/base/philox.h"
#include "core/base/status_macros.h"

namespace seedbed::explore {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr size_t kPanel = 256;                 // values that one thread takes at a time
constexpr size_t kPanelsAbreast = 16;          // whose sums are held at a time
constexpr size_t kPanelRows = 512;             // of a panel that are centred at a time
constexpr size_t kTileValues = 1 << 18;        // of whole rows that are centred at a time
constexpr size_t kRowsBetweenQuestions = 256;  // whether to go on
constexpr Index kExactSide = 256;              // up to so many rows or values all directions are looked at
constexpr Index kExtraDirections = 10;
constexpr Index kMaxBasis = 1200;
constexpr double kTolerance = 1e-9;

// rows * directions, of the directions transposed rows * block; and of each direction the square of its length and its largest loading.
struct RowProducts {
  RowProducts() = default;
  RowProducts(Index rows, Index directions)
      : scores(MatrixXd::Zero(rows, directions)),
        squared_lengths(Eigen::VectorXd::Zero(directions)),
        largest_loadings(Eigen::VectorXd::Zero(directions)) {}

  // What other values add.
  void Add(const RowProducts& other) {
    scores += other.scores;
    squared_lengths += other.squared_lengths;
    for (Index i = 0; i < largest_loadings.size(); ++i) {
      if (std::abs(other.largest_loadings(i)) > std::abs(largest_loadings(i))) largest_loadings(i) = other.largest_loadings(i);
    }
  }

  MatrixXd scores;
  Eigen::VectorXd squared_lengths;
  Eigen::VectorXd largest_loadings;
};

// The rows without their mean, as an operator: products with blocks of vectors, computed in pieces whose order is fixed.
class CentredRows {
 public:
  CentredRows(const RowSource& rows, ThreadPool* pool, const GoOn& go_on)
      : rows_(rows), pool_(*pool), go_on_(go_on), tile_(std::clamp<size_t>(kTileValues / std::max<size_t>(1, rows.values), 8, 512)) {
    mean_.resize(static_cast<Index>(rows.values));
    std::vector<double> squares(Panels());
    pool_.ParallelFor(Panels(), [&](size_t panel) { squares[panel] = Centre(panel); });
    for (const double sum : squares) total_square_ += sum;
  }

  Index count() const { return static_cast<Index>(rows_.count); }
  Index values() const { return static_cast<Index>(rows_.values); }
  double total_square() const { return total_square_; }
  bool stopped() const { return stopped_; }

  // rows * `directions`
  MatrixXd Project(const MatrixXd& directions) {
    MatrixXd scores(count(), directions.cols());
    const size_t tiles = (rows_.count + tile_ - 1) / tile_;
    pool_.ParallelFor(tiles, [&](size_t tile) {
      if (Stopped()) return;
      const size_t first = tile * tile_, size = std::min(tile_, rows_.count - first);
      const RowMajor centred = Tile(first, size, 0, rows_.values);
      scores.middleRows(static_cast<Index>(first), static_cast<Index>(size)).noalias() = centred * directions;
    });
    return scores;
  }

  // transposed rows * `scores`
  MatrixXd Combine(const MatrixXd& scores) {
    MatrixXd directions = MatrixXd::Zero(values(), scores.cols());
    pool_.ParallelFor(Panels(), [&](size_t panel) {
      const size_t first_value = panel * kPanel, width = std::min(kPanel, rows_.values - first_value);
      auto sums = directions.middleRows(static_cast<Index>(first_value), static_cast<Index>(width));
      for (size_t first = 0; first < rows_.count && !Stopped(); first += tile_) {
        const size_t size = std::min(tile_, rows_.count - first);
        const RowMajor centred = Tile(first, size, first_value, width);
        sums.noalias() += centred.transpose() * scores.middleRows(static_cast<Index>(first), static_cast<Index>(size));
      }
    });
    return directions;
  }

  // Some values at a time: the directions are never held whole, for there may be many more values than rows.
  RowProducts ProjectOnCombined(const MatrixXd& block) {
    RowProducts sums(count(), block.cols());
    for (size_t first = 0; first < Panels() && !Stopped(); first += kPanelsAbreast) {
      std::vector<RowProducts> parts(std::min(kPanelsAbreast, Panels() - first));
      pool_.ParallelFor(parts.size(), [&](size_t i) { parts[i] = ProjectOnPanel(first + i, block); });
      for (const RowProducts& part : parts) sums.Add(part);
    }
    return sums;
  }

 private:
  size_t Panels() const { return (rows_.values + kPanel - 1) / kPanel; }

  bool Stopped() {
    if (!stopped_ && go_on_ && !go_on_()) stopped_ = true;
    return stopped_;
  }

  bool GoesOnAt(size_t row) { return row % kRowsBetweenQuestions != 0 || !Stopped(); }

  // Finds the mean of the panel's values; returns the sum of the squares of what is left without it.
  double Centre(size_t panel) {
    const size_t first = panel * kPanel, width = std::min(kPanel, rows_.values - first);
    auto mean = mean_.segment(static_cast<Index>(first), static_cast<Index>(width));
    mean.setZero();
    for (size_t row = 0; row < rows_.count && GoesOnAt(row); ++row) mean += Values(row, first, width);
    mean /= static_cast<double>(rows_.count);
    double squares = 0;
    for (size_t row = 0; row < rows_.count && GoesOnAt(row); ++row) squares += (Values(row, first, width) - mean).squaredNorm();
    return squares;
  }

  RowProducts ProjectOnPanel(size_t panel, const MatrixXd& block) const {
    const size_t first_value = panel * kPanel, width = std::min(kPanel, rows_.values - first_value);
    MatrixXd directions = MatrixXd::Zero(static_cast<Index>(width), block.cols());
    const auto for_each_tile = [&](const auto& use) {
      for (size_t first = 0; first < rows_.count; first += kPanelRows) {
        const size_t size = std::min(kPanelRows, rows_.count - first);
        use(static_cast<Index>(first), static_cast<Index>(size), Tile(first, size, first_value, width));
      }
    };
    for_each_tile([&](Index first, Index size, const RowMajor& centred) {
      directions.noalias() += centred.transpose() * block.middleRows(first, size);
    });
    RowProducts products(count(), block.cols());
    for_each_tile([&](Index first, Index size, const RowMajor& centred) {
      products.scores.middleRows(first, size).noalias() = centred * directions;
    });
    products.squared_lengths = directions.colwise().squaredNorm().transpose();
    for (Index i = 0; i < directions.cols(); ++i) {
      Index largest = 0;
      directions.col(i).cwiseAbs().maxCoeff(&largest);
      products.largest_loadings(i) = directions(largest, i);
    }
    return products;
  }

  Eigen::VectorXd Values(size_t row, size_t first, size_t width) const {
    return Eigen::Map<const Eigen::VectorXf>(rows_.row(row).data() + first, static_cast<Index>(width)).cast<double>();
  }

  RowMajor Tile(size_t first, size_t size, size_t first_value, size_t width) const {
    RowMajor tile(static_cast<Index>(size), static_cast<Index>(width));
    for (size_t i = 0; i < size; ++i) {
      tile.row(static_cast<Index>(i)) =
          (Values(first + i, first_value, width) - mean_.segment(static_cast<Index>(first_value), static_cast<Index>(width))).transpose();
    }
    return tile;
  }

  const RowSource& rows_;
  ThreadPool& pool_;
  const GoOn& go_on_;
  const size_t tile_;  // rows
  Eigen::VectorXd mean_;
  double total_square_ = 0;
  std::atomic<bool> stopped_{false};
};

MatrixXd Orthonormal(const MatrixXd& block) {
  return Eigen::HouseholderQR<MatrixXd>(block).householderQ() * MatrixXd::Identity(block.rows(), block.cols());
}

MatrixXd RandomBlock(Index rows, Index columns) {
  MatrixXd block(rows, columns);
  for (Index column = 0; column < columns; ++column) {
    RandomStream random(0, RandomPurpose::kInitialize, static_cast<uint64_t>(column));
    for (Index row = 0; row < rows; ++row) block(row, column) = random.NextNormal();
  }
  return block;
}

// The leading eigenvectors of the smaller one of the two products of the rows with themselves.
class KrylovIteration {
 public:
  KrylovIteration(CentredRows* rows, Index wanted) : rows_(*rows), wanted_(wanted), side_(std::min(rows->count(), rows->values())) {}

  // Scores, [row][component], those of the largest variance first.
  absl::StatusOr<MatrixXd> Run() {
    const bool exact = side_ <= kExactSide;
    const Index width = exact ? side_ : std::min(side_, wanted_ + kExtraDirections);
    MatrixXd block = exact ? MatrixXd::Identity(side_, side_) : Orthonormal(RandomBlock(side_, width));
    while (true) {
      Append(&basis_, block);
      Append(&products_, Product(block));
      if (rows_.stopped()) return absl::CancelledError("cancelled while finding principal components");
      const bool converged = Solve();
      if (converged || basis_.cols() + width > std::min(side_, kMaxBasis)) break;
      block = products_.rightCols(width);
      for (int pass = 0; pass < 2; ++pass) block = Orthonormal(block - basis_ * (basis_.transpose() * block));
    }
    return by_values() ? ScoresAlong(vectors_) : ScoresOf(vectors_);
  }

 private:
  bool by_values() const { return rows_.values() <= rows_.count(); }

  MatrixXd Product(const MatrixXd& block) {
    return by_values() ? rows_.Combine(rows_.Project(block)) : rows_.ProjectOnCombined(block).scores;
  }

  static void Append(MatrixXd* all, const MatrixXd& block) {
    const Index columns = all->cols();
    all->conservativeResize(block.rows(), columns + block.cols());
    all->rightCols(block.cols()) = block;
  }

  // The best vectors within the basis; true when they are eigenvectors.
  bool Solve() {
    MatrixXd projected = basis_.transpose() * products_;
    projected = (projected + projected.transpose().eval()) / 2;
    const Eigen::SelfAdjointEigenSolver<MatrixXd> solver(projected);
    const MatrixXd mix = solver.eigenvectors().rightCols(wanted_).rowwise().reverse();
    const Eigen::VectorXd found = solver.eigenvalues().tail(wanted_).reverse();
    vectors_ = basis_ * mix;
    const MatrixXd residual = products_ * mix - vectors_ * found.asDiagonal();
    return residual.colwise().norm().maxCoeff() <= kTolerance * std::max(found(0), 0.0);
  }

  // `directions`: [value][component], of any length; 0 has no scores.
  MatrixXd ScoresAlong(MatrixXd directions) {
    for (Index i = 0; i < directions.cols(); ++i) {
      auto direction = directions.col(i);
      Index largest = 0;
      direction.cwiseAbs().maxCoeff(&largest);
      const double length = direction.norm() * (direction(largest) < 0 ? -1 : 1);
      if (length != 0) direction /= length;
    }
    return rows_.Project(directions);
  }

  // The same for directions that are combinations of the rows: `combinations` is [row][component].
  MatrixXd ScoresOf(const MatrixXd& combinations) {
    RowProducts products = rows_.ProjectOnCombined(combinations);
    for (Index i = 0; i < combinations.cols(); ++i) {
      const double length = std::sqrt(products.squared_lengths(i)) * (products.largest_loadings(i) < 0 ? -1 : 1);
      if (length != 0) products.scores.col(i) /= length;
    }
    return products.scores;
  }

  CentredRows& rows_;
  const Index wanted_;
  const Index side_;
  MatrixXd basis_;     // orthonormal columns
  MatrixXd products_;  // of the matrix with the basis
  MatrixXd vectors_;
};

}  // namespace

absl::StatusOr<PrincipalComponents> FindPrincipalComponents(const RowSource& rows, size_t wanted, ThreadPool* pool, const GoOn& go_on) {
  if (rows.count < 2 || rows.values < 1) return absl::InvalidArgumentError("principal components need two rows and a value");
  PrincipalComponents result;
  result.components = std::min({wanted, rows.count, rows.values});
  CentredRows centred(rows, pool, go_on);
  SB_ASSIGN_OR_RETURN(const RowMajor scores, KrylovIteration(&centred, static_cast<Index>(result.components)).Run());
  if (centred.stopped()) return absl::CancelledError("cancelled while finding principal components");
  result.scores.assign(scores.data(), scores.data() + scores.size());
  const double freedom = static_cast<double>(rows.count - 1);
  for (Index i = 0; i < scores.cols(); ++i) result.variances.push_back(scores.col(i).squaredNorm() / freedom);
  result.total_variance = centred.total_square() / freedom;
  return result;
}

}  // namespace seedbed::explore
