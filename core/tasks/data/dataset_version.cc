#include "core/tasks/data/dataset_version.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"
#include "core/dataset/duplicates.h"
#include "core/dataset/inspect.h"
#include "core/dataset/manifest.h"
#include "core/dataset/split_rules.h"
#include "core/dataset/tsv.h"
#include "core/tasks/data/dataset_events.h"

namespace seedbed::tasks {
namespace {

// Pairs written to near_duplicates.tsv; their number is exact in any case.
constexpr size_t kMaxPairsWritten = 10'000;

using dataset::Candidates;
using dataset::Manifest;

absl::Status CheckUsable(const std::string& source, const Candidates& candidates, const dataset::Inspection& inspection) {
  if (!inspection.rows.empty()) return absl::OkStatus();
  if (candidates.files.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(source, " holds no image: its class folders have no file named .png, .jpg, .jpeg or .webp"));
  }
  const dataset::RejectedFile& first = inspection.rejected.front();
  return absl::InvalidArgumentError(absl::StrCat("none of the ", Counted(static_cast<int64_t>(candidates.files.size()), "image"), " in ",
                                                 source, " can be read; the first, '", first.path, "': ", first.reason));
}

void ReportFound(const Candidates& candidates, const Manifest& manifest, TaskContext& context) {
  // Keras's very words, singular or not: people and scripts know them.
  Log("found", absl::StrCat("Found ", manifest.rows.size(), " images belonging to ", manifest.classes.size(), " classes."), context);
  if (candidates.files_ignored > 0) {
    Log("ignored", absl::StrCat("Ignored ", Counted(candidates.files_ignored, "file"), " without an image's suffix."), context);
  }
  if (candidates.links_ignored > 0) {
    Log("links", absl::StrCat("Ignored ", Counted(candidates.links_ignored, "link"), " to folders; follow_links follows them."), context);
  }
}

void WarnOfEmptyClasses(const Manifest& manifest, TaskContext& context) {
  const std::vector<int64_t> images = dataset::ImagesPerClass(manifest);
  std::vector<std::string> empty;
  for (size_t label = 0; label < images.size(); ++label) {
    if (images[label] == 0) empty.push_back(absl::StrCat("'", manifest.classes[label], "'"));
  }
  if (empty.empty()) return;
  Warn("empty_class",
       absl::StrCat(empty.size() == 1 ? "class " : "classes ", absl::StrJoin(empty, ", "), empty.size() == 1 ? " has" : " have",
                    " no usable image; as in Keras it counts as a class all the same: remove the folder if it is none"),
       context);
}

absl::Status ReportRejected(const Candidates& candidates, const Manifest& manifest, const std::vector<dataset::RejectedFile>& rejected,
                            TaskContext& context) {
  if (rejected.empty()) return absl::OkStatus();
  std::vector<int64_t> left_out(manifest.classes.size(), 0);
  for (const dataset::Candidate& file : candidates.files) ++left_out[static_cast<size_t>(file.label)];
  const std::vector<int64_t> usable = dataset::ImagesPerClass(manifest);
  for (size_t label = 0; label < usable.size(); ++label) left_out[label] -= usable[label];
  std::string table = "path\treason\n";
  std::vector<std::string> named;
  for (const dataset::RejectedFile& file : rejected) {
    absl::StrAppend(&table, dataset::EscapeField(file.path), "\t", dataset::EscapeField(file.reason), "\n");
    named.push_back(absl::StrCat("'", file.path, "': ", file.reason));
  }
  SB_RETURN_IF_ERROR(PublishTable("rejected.tsv", table, context));
  Warn("images_rejected",
       absl::StrCat(rejected.size(), " of ", Counted(static_cast<int64_t>(candidates.files.size()), "image"), " cannot be read and ",
                    rejected.size() == 1 ? "is" : "are", " left out (", PerClassText(manifest, left_out), "): ", FirstFew(named),
                    "; all of them are in rejected.tsv"),
       context);
  return absl::OkStatus();
}

absl::StatusOr<int64_t> ReportDuplicates(const Manifest& manifest, TaskContext& context) {
  const std::vector<std::vector<uint32_t>> groups = dataset::ExactDuplicates(manifest);
  if (groups.empty()) return 0;
  std::string table = "sha256\tpath\n";
  std::vector<std::string> named;
  std::vector<std::string> conflicts;
  int64_t files = 0;
  for (const std::vector<uint32_t>& group : groups) {
    for (const uint32_t row : group) {
      absl::StrAppend(&table, manifest.rows[row].sha256, "\t", dataset::EscapeField(manifest.rows[row].path), "\n");
    }
    named.push_back(NamePair(manifest, {group[0], group[1]}));
    files += static_cast<int64_t>(group.size());
    // Rows come by label: the ends differ if any do.
    const bool conflict = manifest.rows[group.front()].label != manifest.rows[group.back()].label;
    if (conflict) conflicts.push_back(NamePair(manifest, {group.front(), group.back()}));
  }
  SB_RETURN_IF_ERROR(PublishTable("duplicates.tsv", table, context));
  Warn("duplicates",
       absl::StrCat(Counted(files, "file"), " share their content with another (", Counted(static_cast<int64_t>(groups.size()), "content"),
                    "): ", FirstFew(named), "; a split keeps them on one side; all of them are in duplicates.tsv"),
       context);
  if (!conflicts.empty()) {
    Warn("label_conflict",
         absl::StrCat(Counted(static_cast<int64_t>(conflicts.size()), "image"),
                      conflicts.size() == 1 ? " stands in more than one class: " : " stand in more than one class: ", FirstFew(conflicts),
                      "; no classifier can learn both: remove one of each"),
         context);
  }
  return static_cast<int64_t>(groups.size());
}

absl::StatusOr<int64_t> ReportNearDuplicates(const Manifest& manifest, TaskContext& context) {
  const dataset::NearDuplicates near(manifest);
  if (near.pair_count() == 0) return 0;
  std::string table = "path\tother_path\n";
  std::vector<std::string> named;
  for (const auto& [a, b] : near.Pairs(kMaxPairsWritten)) {
    absl::StrAppend(&table, dataset::EscapeField(manifest.rows[a].path), "\t", dataset::EscapeField(manifest.rows[b].path), "\n");
    named.push_back(NamePair(manifest, {a, b}));
  }
  named.resize(std::min<size_t>(named.size(), 3));
  SB_RETURN_IF_ERROR(PublishTable("near_duplicates.tsv", table, context));
  Warn("near_duplicates",
       absl::StrCat(Counted(near.pair_count(), "pair"), " of different files look alike: ", absl::StrJoin(named, "; "),
                    "; split with group_near to keep them on one side; see near_duplicates.tsv"),
       context);
  return near.pair_count();
}

DatasetSummary Summarise(const Manifest& manifest, size_t rejected) {
  DatasetSummary result;
  result.images = static_cast<int64_t>(manifest.rows.size());
  result.rejected = static_cast<int64_t>(rejected);
  for (const dataset::ManifestRow& row : manifest.rows) result.bytes += static_cast<int64_t>(row.bytes);
  const std::vector<int64_t> images = dataset::ImagesPerClass(manifest);
  for (size_t label = 0; label < images.size(); ++label) result.classes.push_back({manifest.classes[label], images[label]});
  result.manifest_sha256 = dataset::ManifestDigest(manifest);
  return result;
}

}  // namespace

absl::StatusOr<DatasetSummary> RecordVersion(const Candidates& candidates, const VersionSource& source, TaskContext& context) {
  ImageProgress progress("read images", context);
  SB_ASSIGN_OR_RETURN(
      dataset::Inspection inspection,
      dataset::InspectFiles(candidates, {source.root, context.paths().objects_dir, static_cast<size_t>(context.profile().threads),
                                         [&](size_t done, size_t total) { return progress.Update(done, total); }}));
  SB_RETURN_IF_ERROR(CheckUsable(source.source, candidates, inspection));
  const Manifest manifest{source.root, candidates.classes, std::move(inspection.rows)};
  ReportFound(candidates, manifest, context);
  WarnOfEmptyClasses(manifest, context);
  SB_RETURN_IF_ERROR(ReportRejected(candidates, manifest, inspection.rejected, context));
  DatasetSummary summary = Summarise(manifest, inspection.rejected.size());
  SB_ASSIGN_OR_RETURN(summary.duplicate_groups, ReportDuplicates(manifest, context));
  SB_ASSIGN_OR_RETURN(summary.near_duplicate_pairs, ReportNearDuplicates(manifest, context));
  SB_RETURN_IF_ERROR(dataset::WriteManifest(context.paths().output_dir, manifest, inspection.rejected));
  return summary;
}

}  // namespace seedbed::tasks
