#include "core/augment/suggest_colours.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/philox.h"
#include "core/image/background.h"

namespace seedbed::augment {
namespace {

using image::Rgb;
using Point = std::array<double, 3>;

constexpr size_t kMaxPixels = 30'000;
constexpr size_t kSceneClusters = 16;
constexpr int kMaxRounds = 50;
// Greener than grey by less than this is not a leaf, whatever else is in the pictures.
constexpr double kLeastExcessGreen = 0.03;
constexpr double kShareWithin = 0.9;
constexpr int kLeastThreshold = 100;

// Redmean's weights 2 + m, 4 and 3 - m at the middle of the range, as factors of the axes.
Point ToPoint(const Rgb& rgb) {
  static const double kSide = std::sqrt(2.5);
  return {kSide * rgb[0], 2.0 * rgb[1], kSide * rgb[2]};
}

double SquaredDistance(const Point& a, const Point& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

std::vector<Rgb> SamplePixels(std::span<const image::Image> pictures) {
  size_t pixels = 0;
  for (const image::Image& picture : pictures) pixels += picture.rgb.size() / 3;
  const size_t stride = std::max<size_t>(1, pixels / kMaxPixels);
  std::vector<Rgb> sample;
  size_t next = 0, before = 0;
  for (const image::Image& picture : pictures) {
    const size_t own = picture.rgb.size() / 3;
    for (; next < before + own; next += stride) {
      const uint8_t* pixel = &picture.rgb[3 * (next - before)];
      sample.push_back({pixel[0], pixel[1], pixel[2]});
    }
    before += own;
  }
  return sample;
}

struct Clusters {
  std::vector<Point> centres;
  std::vector<size_t> of;  // by pixel
  std::vector<size_t> sizes;
};

// The first centres by k-means++ (D. Arthur, S. Vassilvitskii, 2007): each a pixel, drawn by its squared distance to those there are.
std::vector<Point> FirstCentres(const std::vector<Point>& points, size_t count, RandomStream* random) {
  std::vector<Point> centres = {points[random->NextBelow(static_cast<uint32_t>(points.size()))]};
  std::vector<double> nearest(points.size(), std::numeric_limits<double>::max());
  while (centres.size() < count) {
    double sum = 0;
    for (size_t i = 0; i < points.size(); ++i) sum += nearest[i] = std::min(nearest[i], SquaredDistance(points[i], centres.back()));
    if (sum == 0) break;  // fewer colours than centres
    double left = random->NextUniformDouble(0, sum);
    size_t drawn = 0;
    while (drawn + 1 < points.size() && left >= nearest[drawn]) left -= nearest[drawn++];
    centres.push_back(points[drawn]);
  }
  return centres;
}

// Gives each point to its nearest centre; true when one changed.
bool Assign(const std::vector<Point>& points, Clusters* clusters) {
  bool changed = false;
  for (size_t i = 0; i < points.size(); ++i) {
    size_t best = 0;
    double least = std::numeric_limits<double>::max();
    for (size_t c = 0; c < clusters->centres.size(); ++c) {
      const double distance = SquaredDistance(points[i], clusters->centres[c]);
      if (distance >= least) continue;
      least = distance;
      best = c;
    }
    changed |= clusters->of[i] != best;
    clusters->of[i] = best;
  }
  return changed;
}

// Moves each centre to the mean of its points; one without any stays.
void MoveCentres(const std::vector<Point>& points, Clusters* clusters) {
  std::vector<Point> sums(clusters->centres.size(), Point{});
  clusters->sizes.assign(clusters->centres.size(), 0);
  for (size_t i = 0; i < points.size(); ++i) {
    ++clusters->sizes[clusters->of[i]];
    for (size_t axis = 0; axis < 3; ++axis) sums[clusters->of[i]][axis] += points[i][axis];
  }
  for (size_t c = 0; c < sums.size(); ++c) {
    if (clusters->sizes[c] == 0) continue;
    for (size_t axis = 0; axis < 3; ++axis) clusters->centres[c][axis] = sums[c][axis] / static_cast<double>(clusters->sizes[c]);
  }
}

// Lloyd's k-means.
Clusters Cluster(const std::vector<Rgb>& pixels, size_t count, RandomStream* random) {
  std::vector<Point> points(pixels.size());
  std::transform(pixels.begin(), pixels.end(), points.begin(), ToPoint);
  Clusters clusters{.centres = FirstCentres(points, count, random), .of = std::vector<size_t>(points.size(), points.size()), .sizes = {}};
  for (int round = 0; round < kMaxRounds && Assign(points, &clusters); ++round) MoveCentres(points, &clusters);
  return clusters;
}

// The mean colour of each cluster's pixels, as numbers from 0 to 255.
std::vector<Point> MeanColours(const std::vector<Rgb>& pixels, const Clusters& clusters) {
  std::vector<Point> means(clusters.centres.size(), Point{});
  for (size_t i = 0; i < pixels.size(); ++i) {
    for (size_t c = 0; c < 3; ++c) means[clusters.of[i]][c] += pixels[i][c] / static_cast<double>(clusters.sizes[clusters.of[i]]);
  }
  return means;
}

double ExcessGreen(const Point& colour) {
  const double sum = colour[0] + colour[1] + colour[2];
  return sum > 0 ? (2 * colour[1] - colour[0] - colour[2]) / sum : 0;
}

// The excess green that divides the clusters best by Otsu's criterion: above it are leaves.
double DividingGreen(const std::vector<double>& green, const std::vector<size_t>& sizes) {
  std::vector<size_t> order(green.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return green[a] < green[b]; });
  double total = 0, sum = 0;
  for (size_t c = 0; c < green.size(); ++c) {
    total += static_cast<double>(sizes[c]);
    sum += static_cast<double>(sizes[c]) * green[c];
  }
  double below = 0, below_sum = 0, most = 0, dividing = std::numeric_limits<double>::lowest();
  for (size_t i = 0; i + 1 < order.size(); ++i) {
    below += static_cast<double>(sizes[order[i]]);
    below_sum += static_cast<double>(sizes[order[i]]) * green[order[i]];
    if (below == 0 || below == total) continue;
    const double difference = below_sum / below - (sum - below_sum) / (total - below);
    const double between = difference * difference * below * (total - below);
    if (between <= most) continue;
    most = between;
    dividing = green[order[i]];
  }
  return dividing;
}

// The pixels of clusters that are leaves.
std::vector<Rgb> LeafPixels(const std::vector<Rgb>& pixels, const Clusters& scene) {
  const std::vector<Point> means = MeanColours(pixels, scene);
  std::vector<double> green(means.size());
  std::transform(means.begin(), means.end(), green.begin(), ExcessGreen);
  const double least = std::max(DividingGreen(green, scene.sizes), kLeastExcessGreen);
  std::vector<Rgb> leaves;
  for (size_t i = 0; i < pixels.size(); ++i) {
    if (green[scene.of[i]] > least) leaves.push_back(pixels[i]);
  }
  return leaves;
}

// Within which kShareWithin of the cluster's pixels lie, rounded up to tens.
int ThresholdOf(const std::vector<Rgb>& pixels, const Clusters& clusters, size_t cluster, const Rgb& colour) {
  std::vector<int> distances;
  for (size_t i = 0; i < pixels.size(); ++i) {
    if (clusters.of[i] == cluster) distances.push_back(image::RedmeanDistance(pixels[i], colour));
  }
  std::sort(distances.begin(), distances.end());
  const auto within = static_cast<size_t>(kShareWithin * static_cast<double>(distances.size() - 1));
  return std::max(kLeastThreshold, (distances[within] + 9) / 10 * 10);
}

}  // namespace

absl::StatusOr<nlohmann::json> SuggestColours(std::span<const image::Image> pictures, int count, uint64_t seed) {
  if (count < 1 || count > kMaxSuggestedColours) {
    return absl::InvalidArgumentError(absl::StrCat("count is ", count, "; it must lie between 1 and ", kMaxSuggestedColours));
  }
  const std::vector<Rgb> pixels = SamplePixels(pictures);
  if (pixels.empty()) return absl::InvalidArgumentError("there is no picture to take colours from");
  RandomStream random(seed, RandomPurpose::kCluster);
  const std::vector<Rgb> leaf_pixels = LeafPixels(pixels, Cluster(pixels, kSceneClusters, &random));
  if (leaf_pixels.empty()) {
    return absl::InvalidArgumentError("nothing in the pictures is greener than the rest; give colours and thresholds yourself");
  }
  const Clusters leaves = Cluster(leaf_pixels, static_cast<size_t>(count), &random);
  const std::vector<Point> means = MeanColours(leaf_pixels, leaves);
  std::vector<size_t> order(means.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return leaves.sizes[a] > leaves.sizes[b]; });
  nlohmann::json colours = nlohmann::json::array(), thresholds = nlohmann::json::array();
  for (const size_t cluster : order) {
    if (leaves.sizes[cluster] == 0) continue;
    Rgb colour;
    for (size_t c = 0; c < colour.size(); ++c) colour[c] = static_cast<uint8_t>(std::lround(means[cluster][c]));
    colours.push_back(colour);
    thresholds.push_back(ThresholdOf(leaf_pixels, leaves, cluster, colour));
  }
  return nlohmann::json{{"colours", std::move(colours)}, {"thresholds", std::move(thresholds)}};
}

}  // namespace seedbed::augment
