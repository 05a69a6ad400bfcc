// The explore job's map.
#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/csv.h"
#include "core/base/status_macros.h"
#include "core/base/thread_pool.h"
#include "core/tasks/data/dataset_events.h"
#include "core/tasks/look/explored_set.h"
#include "core/visualize/contact_sheet.h"
#include "core/visualize/scatter_plot.h"

namespace seedbed::tasks {
namespace {

using explore::FeatureMap;
using explore::Projection;

std::string Table(const FeatureMap& map, const ExploredSet& set) {
  std::string table = "path,class,x,y\n";
  for (size_t i = 0; i < map.rows.size(); ++i) {
    absl::StrAppend(&table, CsvField(set.path(map.rows[i])), ",", CsvField(set.class_name(map.rows[i])), ",",
                    absl::StrFormat("%.9g,%.9g\n", map.points[i][0], map.points[i][1]));
  }
  return table;
}

std::vector<std::string> Notes(const FeatureMapSpec& spec, const FeatureMap& map, const ExploredSet& set) {
  const std::string images = Counted(static_cast<int64_t>(map.rows.size()), "image");
  const std::string of =
      map.rows.size() < set.info().paths.size() ? absl::StrCat(images, ", a sample of ", set.info().paths.size()) : images;
  std::vector<std::string> notes = {absl::StrCat(of, " of ", set.info().dataset, "; ", set.Origin())};
  if (spec.options.projection == Projection::kPca) {
    notes.push_back(
        absl::StrFormat("Principal components: the two directions in which the features vary most, with %.1f %% of their variance.",
                        100 * (map.shares[0] + map.shares[1])));
  } else {
    notes.push_back(absl::StrFormat(
        "t-SNE, perplexity %.4g, %d iterations, seed %d, divergence %.3f. Images that are near to each other are alike to the network; how "
        "far groups are apart, and how large they are, says little.",
        map.perplexity, spec.options.iterations, spec.options.seed, map.divergence));
  }
  return notes;
}

visualize::ScatterPlot PlotOf(const FeatureMapSpec& spec, const FeatureMap& map, const ExploredSet& set) {
  visualize::ScatterPlot plot{.title = absl::StrCat("Map of features ", set.name()),
                              .notes = Notes(spec, map, set),
                              .groups = set.info().classes,
                              .points = {},
                              .large = spec.pictures};
  if (spec.options.projection == Projection::kPca) {
    plot.x_label = absl::StrFormat("→ component 1: %.1f %% of the variance", 100 * map.shares[0]);
    plot.y_label = absl::StrFormat("↑ component 2: %.1f %% of the variance", 100 * map.shares[1]);
  }
  for (size_t i = 0; i < map.rows.size(); ++i) {
    plot.points.push_back({map.points[i][0], map.points[i][1], static_cast<size_t>(set.info().labels[map.rows[i]])});
  }
  return plot;
}

absl::StatusOr<std::vector<visualize::PlotPicture>> PicturesFor(const visualize::ScatterPlot& plot, const FeatureMap& map,
                                                                const ExploredSet& set, TaskContext& context) {
  const std::vector<size_t> points = visualize::PointsWithRoom(plot);
  std::vector<uint32_t> rows;
  for (const size_t point : points) rows.push_back(map.rows[point]);
  SB_ASSIGN_OR_RETURN(const std::vector<image::Image> pictures, set.Pictures(rows, context));
  std::vector<visualize::PlotPicture> shown;
  for (size_t i = 0; i < points.size(); ++i) {
    if (pictures[i].width > 0) shown.push_back({points[i], visualize::PictureOfSide(pictures[i], visualize::kPlotPictureSide)});
  }
  return shown;
}

}  // namespace

absl::StatusOr<ExploreResult> DrawMap(const FeatureMapSpec& spec, const ExploredSet& set, TaskContext& context) {
  ThreadPool pool(static_cast<size_t>(std::max(1, ComputeThreads(0, context) - 1)));  // the calling thread computes too
  const auto on_progress = [&context](std::string_view phase, int done, int total) {
    context.Report({.phase = std::string(phase), .done = done, .total = total, .unit = total > 0 ? "iterations" : ""});
    return !context.cancelled();
  };
  SB_ASSIGN_OR_RETURN(const FeatureMap map, explore::MakeFeatureMap(set.rows(), set.info().labels, spec.options, &pool, on_progress));
  visualize::ScatterPlot plot = PlotOf(spec, map, set);
  std::vector<visualize::PlotPicture> pictures;
  if (spec.pictures) {
    SB_ASSIGN_OR_RETURN(pictures, PicturesFor(plot, map, set, context));
    plot.notes.push_back(absl::StrCat(pictures.size(), " of the images are shown, where there is room for them; the others are dots."));
  }
  SB_ASSIGN_OR_RETURN(const image::Image drawn, visualize::DrawScatterPlot(plot, pictures));
  const std::string name = absl::StrCat(set.name(), "-map-", spec.options.projection == Projection::kPca ? "pca" : "tsne");
  ExploreResult result;
  SB_ASSIGN_OR_RETURN(result.sheet, PublishPicture(name + ".png", drawn, context));
  result.files.push_back(name + ".csv");
  SB_RETURN_IF_ERROR(PublishArtifact(result.files.back(), "text/csv", Table(map, set), context));
  return result;
}

}  // namespace seedbed::tasks
