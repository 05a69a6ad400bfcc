#include "core/explore/feature_map.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/philox.h"
#include "core/base/status_macros.h"
#include "core/explore/affinities.h"
#include "core/explore/pca.h"

namespace seedbed::explore {
namespace {

constexpr size_t kTsneComponents = 50;
constexpr double kUsualPerplexity = 30;
constexpr double kStartSpread = 1e-4;  // standard deviation along the first component
constexpr double kStartNoise = 1e-6;

// About max_rows of the rows when there are more, of each class its share and at least one.
std::vector<uint32_t> ChooseRows(std::span<const int32_t> labels, size_t max_rows, uint64_t seed) {
  std::vector<uint32_t> chosen(labels.size());
  std::iota(chosen.begin(), chosen.end(), 0u);
  if (labels.size() <= max_rows) return chosen;
  std::map<int32_t, std::vector<uint32_t>> of_class;
  for (const uint32_t row : chosen) of_class[labels[row]].push_back(row);
  chosen.clear();
  for (const auto& [label, rows] : of_class) {
    const size_t share = std::max<size_t>(1, rows.size() * max_rows / labels.size());
    const RandomStream random(seed, RandomPurpose::kShuffle, static_cast<uint64_t>(label));
    const std::vector<uint32_t> order = RandomPermutation(static_cast<uint32_t>(rows.size()), random);
    for (size_t i = 0; i < share; ++i) chosen.push_back(rows[order[i]]);
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

absl::StatusOr<double> PerplexityFor(double wanted, size_t rows) {
  if (wanted == 0) return std::min(kUsualPerplexity, static_cast<double>(rows - 1) / 3);
  if (wanted < static_cast<double>(rows) / 3) return wanted;
  return absl::InvalidArgumentError(
      absl::StrCat("perplexity is ", wanted, "; for ", rows, " images it must be below a third of them: ", "at most ", (rows - 1) / 3));
}

std::vector<Point> StartOf(const PrincipalComponents& pca, size_t rows, uint64_t seed) {
  const double deviation = std::sqrt(pca.variances[0]);
  const double scale = deviation > 0 ? kStartSpread / deviation : 0;
  std::vector<Point> start(rows);
  for (size_t row = 0; row < rows; ++row) {
    RandomStream random(seed, RandomPurpose::kInitialize, row);
    for (size_t axis = 0; axis < 2; ++axis) {
      const double score = axis < pca.components ? pca.scores[row * pca.components + axis] : 0;
      start[row][axis] = scale * score + kStartNoise * random.NextNormal();
    }
  }
  return start;
}

class MapMaker {
 public:
  MapMaker(const RowSource& rows, const MapOptions& options, ThreadPool* pool, const OnMapProgress& on_progress)
      : rows_(rows), options_(options), pool_(pool), on_progress_(on_progress) {}

  absl::StatusOr<FeatureMap> Run(std::span<const int32_t> labels) {
    if (rows_.count < kMinMapRows) {
      return absl::InvalidArgumentError(absl::StrCat("a map needs at least ", kMinMapRows, " images; there are ", rows_.count));
    }
    return options_.projection == Projection::kPca ? Pca() : Tsne(ChooseRows(labels, options_.max_rows, options_.seed));
  }

 private:
  bool Tell(std::string_view phase, int done, int total) const { return !on_progress_ || on_progress_(phase, done, total); }
  GoOn During(std::string_view phase) const {
    return [this, phase] { return Tell(phase, 0, 0); };
  }

  absl::StatusOr<FeatureMap> Pca() const {
    FeatureMap map;
    SB_ASSIGN_OR_RETURN(const PrincipalComponents pca, FindPrincipalComponents(rows_, 2, pool_, During("components")));
    for (size_t row = 0; row < rows_.count; ++row) {
      map.rows.push_back(static_cast<uint32_t>(row));
      Point point{};
      for (size_t axis = 0; axis < pca.components; ++axis) point[axis] = pca.scores[row * pca.components + axis];
      map.points.push_back(point);
    }
    for (size_t axis = 0; axis < pca.components && pca.total_variance > 0; ++axis) {
      map.shares[axis] = pca.variances[axis] / pca.total_variance;
    }
    return map;
  }

  absl::StatusOr<FeatureMap> Tsne(std::vector<uint32_t> chosen) const {
    FeatureMap map;
    map.rows = std::move(chosen);
    SB_ASSIGN_OR_RETURN(map.perplexity, PerplexityFor(options_.perplexity, map.rows.size()));
    const RowSource sample{map.rows.size(), rows_.values, [&](size_t row) { return rows_.row(map.rows[row]); }};
    SB_ASSIGN_OR_RETURN(const PrincipalComponents pca, FindPrincipalComponents(sample, kTsneComponents, pool_, During("components")));
    SB_ASSIGN_OR_RETURN(const Affinities affinities,
                        FindAffinities(pca.scores, pca.components, map.perplexity, pool_, During("neighbours")));
    const auto on_iteration = [this](int done, int total) { return Tell("t-SNE", done, total); };
    SB_ASSIGN_OR_RETURN(Embedding embedding, Embed(affinities, StartOf(pca, map.rows.size(), options_.seed),
                                                   {.iterations = options_.iterations}, pool_, on_iteration));
    map.points = std::move(embedding.points);
    map.divergence = embedding.divergence;
    return map;
  }

  const RowSource& rows_;
  const MapOptions& options_;
  ThreadPool* pool_;
  const OnMapProgress& on_progress_;
};

}  // namespace

absl::StatusOr<FeatureMap> MakeFeatureMap(const RowSource& rows, std::span<const int32_t> labels, const MapOptions& options,
                                          ThreadPool* pool, const OnMapProgress& on_progress) {
  return MapMaker(rows, options, pool, on_progress).Run(labels);
}

}  // namespace seedbed::explore
