// The explore job's nearest neighbours.
#include <algorithm>
#include <unordered_map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/csv.h"
#include "core/base/nearest_name.h"
#include "core/base/status_macros.h"
#include "core/base/thread_pool.h"
#include "core/graph/edit.h"
#include "core/nn/model_file.h"
#include "core/tasks/data/dataset_events.h"
#include "core/tasks/look/explored_set.h"
#include "core/tasks/model/backbone.h"
#include "core/tasks/model/frozen_net.h"
#include "core/visualize/contact_sheet.h"

namespace seedbed::tasks {
namespace {

using explore::FoundRow;
using explore::Query;
using image::Image;

constexpr size_t kMostAcross = 10;  // neighbours in a line of the sheet
constexpr int kSides[] = {144, 96, 64};
// What a line of the sheet has besides its pictures, and what stands above all lines; generous.
constexpr int kLineHeight = 76;
constexpr int kTopHeight = 240;
constexpr uint8_t kNoPicture = 222;  // grey

// The row of the set with that path.
absl::StatusOr<uint32_t> RowNamed(const ExploredSet& set, const std::string& path) {
  const std::vector<std::string>& paths = set.info().paths;
  const auto found = std::find(paths.begin(), paths.end(), path);
  if (found != paths.end()) return static_cast<uint32_t>(found - paths.begin());
  const std::string folder = path.substr(0, path.find('/') + 1);  // the class with its slash
  std::vector<std::string> alike;
  std::copy_if(paths.begin(), paths.end(), std::back_inserter(alike), [&](const std::string& one) { return one.starts_with(folder); });
  if (alike.empty()) alike = paths;
  return absl::InvalidArgumentError(
      absl::StrCat("feature set '", set.name(), "' has no image '", path, "'",
                   DidYouMean(path, alike, "; its images are named as in dataset " + set.info().dataset + ": CLASS/FILE")));
}

// The layers that made the features.
absl::StatusOr<FrozenNet> NetOf(const ExploredSet& set, const std::filesystem::path& model_dir, TaskContext& context) {
  const features::FeatureSetInfo& info = set.info();
  SB_ASSIGN_OR_RETURN(nn::SavedModel model, nn::ReadModel(model_dir));
  if (nn::ModelSha256(model) != info.weights_sha256) {
    return absl::FailedPreconditionError(
        absl::StrCat("model ", info.model, " is not the one that made the features of '", set.name(), "'"));
  }
  SB_ASSIGN_OR_RETURN(model.graph, graph::CutAt(model.graph, info.layer));
  SB_RETURN_IF_ERROR(Resize(info.preprocessing, &model));
  FrozenNetOptions options{.pool = info.pool, .threads = ComputeThreads(0, context)};
  options.batch = info.profile.value("batch", options.batch);
  return FrozenNet::Create(model, info.layer, options, context.profile());
}

// What is asked for, and what is found.
class NeighbourSearch {
 public:
  NeighbourSearch(const NeighboursSpec& spec, const ExploreSpec& job, const ExploredSet& set, TaskContext& context)
      : spec_(spec), job_(job), set_(set), context_(context) {}

  absl::StatusOr<ExploreResult> Run() {
    for (const std::string& path : spec_.images) {
      SB_ASSIGN_OR_RETURN(const uint32_t row, RowNamed(set_, path));
      names_.push_back(path);
      queries_.push_back({.values = {}, .row = row});
    }
    SB_RETURN_IF_ERROR(TakeUploads());
    context_.Report({.phase = "search", .done = 0, .total = 0, .unit = ""});
    ThreadPool pool(static_cast<size_t>(std::max(1, ComputeThreads(0, context_) - 1)));  // the calling thread computes too
    const auto go_on = [this] { return !context_.cancelled(); };
    SB_ASSIGN_OR_RETURN(found_,
                        explore::FindNeighbours(set_.rows(), queries_, static_cast<size_t>(spec_.count), spec_.distance, &pool, go_on));
    return Publish();
  }

 private:
  // An upload whose content is in the set is that image; the others go through the network.
  absl::Status TakeUploads() {
    if (spec_.uploads.empty()) return absl::OkStatus();
    SB_ASSIGN_OR_RETURN(uploaded_, OpenUploads(spec_.uploads, set_.info().preprocessing, context_));
    std::unordered_map<std::string, uint32_t> row_of;
    for (size_t row = 0; row < set_.info().sha256.size(); ++row) row_of.emplace(set_.info().sha256[row], static_cast<uint32_t>(row));
    std::vector<size_t> strange;  // uploads
    for (size_t i = 0; i < spec_.uploads.size(); ++i) {
      const auto found = row_of.find(spec_.uploads[i].sha256);
      names_.push_back(spec_.uploads[i].name);
      queries_.push_back({});
      if (found != row_of.end()) {
        queries_.back().row = found->second;
      } else {
        strange.push_back(i);
      }
    }
    return strange.empty() ? absl::OkStatus() : Compute(strange);
  }

  absl::Status Compute(const std::vector<size_t>& uploads) {
    context_.Report({.phase = "extract", .done = 0, .total = static_cast<int64_t>(uploads.size()), .unit = "images"});
    SB_ASSIGN_OR_RETURN(FrozenNet net, NetOf(set_, job_.model_dir, context_));
    if (net.row_values() != set_.info().row_values()) {
      return absl::FailedPreconditionError(absl::StrCat("the network makes ", net.row_values(), " values of an image, but feature set '",
                                                        set_.name(), "' has ", set_.info().row_values()));
    }
    std::vector<float> rows(uploads.size() * net.row_values());
    SB_RETURN_IF_ERROR(net.Compute(uploads, uploaded_, rows));
    for (size_t i = 0; i < uploads.size(); ++i) {
      const auto first = rows.begin() + static_cast<ptrdiff_t>(i * net.row_values());
      queries_[spec_.images.size() + uploads[i]].values.assign(first, first + static_cast<ptrdiff_t>(net.row_values()));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<ExploreResult> Publish() {
    ExploreResult result;
    for (size_t i = 0; i < names_.size(); ++i) {
      NeighboursOf& of = result.neighbours.emplace_back();
      of.name = names_[i];
      for (const FoundRow& one : found_[i]) of.neighbours.push_back({set_.path(one.row), set_.class_name(one.row), one.distance});
    }
    SB_ASSIGN_OR_RETURN(const visualize::ContactSheet sheet, Compose());
    SB_ASSIGN_OR_RETURN(const Image drawn, visualize::DrawSheet(sheet));
    SB_ASSIGN_OR_RETURN(result.sheet, PublishPicture(set_.name() + "-neighbours.png", drawn, context_));
    result.files.push_back(TableName());
    SB_RETURN_IF_ERROR(PublishArtifact(result.files.back(), "text/csv", Table(result.neighbours), context_));
    return result;
  }

  std::string TableName() const { return set_.name() + "-neighbours.csv"; }

  static std::string Table(const std::vector<NeighboursOf>& all) {
    std::string table = "query,rank,path,class,distance\n";
    for (const NeighboursOf& of : all) {
      for (size_t i = 0; i < of.neighbours.size(); ++i) {
        const FoundImage& one = of.neighbours[i];
        absl::StrAppend(&table, CsvField(of.name), ",", i + 1, ",", CsvField(one.path), ",", CsvField(one.class_name),
                        absl::StrFormat(",%.9g\n", one.distance));
      }
    }
    return table;
  }

  size_t LinesOf(size_t query) const { return std::max<size_t>(1, (found_[query].size() + kMostAcross - 1) / kMostAcross); }

  // As many queries as have room on a sheet with pictures of that side.
  size_t QueriesWithRoom(int side) const {
    const int room = (visualize::kMaxSheetSide - kTopHeight) / (side + kLineHeight);
    size_t lines = 0, queries = 0;
    while (queries < names_.size() && (lines += LinesOf(queries)) <= static_cast<size_t>(room)) ++queries;
    return std::max<size_t>(1, queries);
  }

  absl::StatusOr<visualize::ContactSheet> Compose() const {
    int side = 0;
    size_t shown = 0;
    for (const int wanted : kSides) {
      side = wanted;
      shown = QueriesWithRoom(side);
      if (shown == names_.size()) break;
    }
    SB_ASSIGN_OR_RETURN(const std::vector<Image> pictures, PicturesOf(shown, side));
    visualize::ContactSheet sheet{
        .title = absl::StrCat("Nearest neighbours in features ", set_.name()), .notes = Notes(shown), .columns = {}, .rows = {}};
    sheet.columns = {"image", "nearest"};
    size_t next = 0;  // picture
    for (size_t query = 0; query < shown; ++query) AddQuery(query, pictures, &next, &sheet.rows);
    return sheet;
  }

  std::vector<std::string> Notes(size_t shown) const {
    const std::string distance = spec_.distance == explore::Distance::kCosine ? "1 - cosine of the angle" : "euclidean";
    std::vector<std::string> notes = {
        absl::StrCat(Counted(static_cast<int64_t>(set_.info().paths.size()), "image"), " of ", set_.info().dataset, "; ", set_.Origin()),
        absl::StrCat("Below each neighbour: its class (≠: another one than the image's), distance (", distance, ") and file.")};
    if (shown < names_.size()) {
      notes.push_back(absl::StrCat("The first ", shown, " of ", names_.size(), " images are shown; all of them are in ", TableName(), "."));
    }
    return notes;
  }

  void AddQuery(size_t query, const std::vector<Image>& pictures, size_t* next, std::vector<visualize::SheetRow>* rows) const {
    const std::optional<uint32_t> row = queries_[query].row;
    const std::string class_name = row ? set_.class_name(*row) : "";
    const size_t across = (found_[query].size() + LinesOf(query) - 1) / LinesOf(query);
    visualize::SheetRow line{.heading = class_name, .note = names_[query], .cells = {}};
    line.cells.push_back({pictures[(*next)++], ""});
    for (size_t i = 0; i < found_[query].size(); ++i) {
      if (i > 0 && i % across == 0) {
        rows->push_back(std::move(line));
        line = {.heading = "", .note = "", .cells = {{}}};
      }
      const FoundRow& one = found_[query][i];
      const std::string& found_class = set_.class_name(one.row);
      const std::string& path = set_.path(one.row);
      const std::string differs = class_name.empty() || found_class == class_name ? "" : "≠ ";
      line.cells.push_back(
          {pictures[(*next)++], absl::StrFormat("%s%s\n%.4g\n%s", differs, found_class, one.distance, path.substr(path.rfind('/') + 1))});
    }
    rows->push_back(std::move(line));
  }

  // Of each shown query, and of its neighbours after it.
  absl::StatusOr<std::vector<Image>> PicturesOf(size_t queries, int side) const {
    std::vector<uint32_t> rows;
    for (size_t query = 0; query < queries; ++query) {
      if (queries_[query].row) rows.push_back(*queries_[query].row);
      for (const FoundRow& one : found_[query]) rows.push_back(one.row);
    }
    SB_ASSIGN_OR_RETURN(const std::vector<Image> of_rows, set_.Pictures(rows, context_));
    std::vector<Image> pictures;
    size_t next = 0;
    for (size_t query = 0; query < queries; ++query) {
      if (queries_[query].row) {
        pictures.push_back(Shown(of_rows[next++], side));
      } else {
        SB_ASSIGN_OR_RETURN(const Image uploaded, UploadedPicture(query - spec_.images.size()));
        pictures.push_back(Shown(uploaded, side));
      }
      for (size_t i = 0; i < found_[query].size(); ++i) pictures.push_back(Shown(of_rows[next++], side));
    }
    return pictures;
  }

  absl::StatusOr<Image> UploadedPicture(size_t upload) const {
    Image picture{set_.info().preprocessing.width, set_.info().preprocessing.height, {}};
    std::vector<uint8_t> scratch(size_t{3} * static_cast<size_t>(picture.width) * static_cast<size_t>(picture.height));
    SB_ASSIGN_OR_RETURN(const std::span<const uint8_t> pixels, uploaded_(upload, scratch));
    picture.rgb.assign(pixels.begin(), pixels.end());
    return picture;
  }

  static Image Shown(const Image& picture, int side) {
    if (picture.width > 0) return visualize::PictureOfSide(picture, side);
    return {side, side, std::vector<uint8_t>(size_t{3} * static_cast<size_t>(side) * static_cast<size_t>(side), kNoPicture)};
  }

  const NeighboursSpec& spec_;
  const ExploreSpec& job_;
  const ExploredSet& set_;
  TaskContext& context_;
  std::vector<std::string> names_;  // of the queries
  std::vector<Query> queries_;      // images first, then uploads
  features::ReadPixels uploaded_;
  std::vector<std::vector<FoundRow>> found_;
};

}  // namespace

absl::StatusOr<ExploreResult> ListNeighbours(const NeighboursSpec& spec, const ExploreSpec& job, const ExploredSet& set,
                                             TaskContext& context) {
  return NeighbourSearch(spec, job, set, context).Run();
}

}  // namespace seedbed::tasks
