#include "core/tasks/data/split.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"
#include "core/dataset/duplicates.h"
#include "core/dataset/grouping.h"
#include "core/dataset/manifest.h"
#include "core/dataset/materialize.h"
#include "core/dataset/split_rules.h"
#include "core/dataset/split_table.h"
#include "core/tasks/data/dataset_events.h"

namespace seedbed::tasks {
namespace {

using dataset::Manifest;
using dataset::Quota;
using dataset::SplitTable;

// Adds a quota unless nothing is wanted for the subset. Empty classes give nothing.
template <typename ImagesWanted>
void AddQuota(std::string subset, const std::vector<int64_t>& per_class, const ImagesWanted& wanted, std::vector<Quota>* quotas) {
  Quota quota{std::move(subset), {}};
  for (const int64_t images : per_class) quota.per_class.push_back(images == 0 ? 0 : wanted(images));
  if (std::any_of(quota.per_class.begin(), quota.per_class.end(), [](int64_t images) { return images > 0; })) {
    quotas->push_back(std::move(quota));
  }
}

absl::StatusOr<std::vector<Quota>> QuotasOf(const Manifest& manifest, const PerClass& rule) {
  if (rule.validation < 0 || rule.test < 0 || rule.validation + rule.test == 0) {
    return absl::InvalidArgumentError("the images per class for validation and test must not be negative, and one of them over 0");
  }
  const std::vector<int64_t> images = dataset::ImagesPerClass(manifest);
  std::vector<Quota> quotas;
  AddQuota(
      "validation", images, [&](int64_t) { return rule.validation; }, &quotas);
  AddQuota(
      "test", images, [&](int64_t) { return rule.test; }, &quotas);
  return quotas;
}

absl::StatusOr<std::vector<Quota>> QuotasOf(const Manifest& manifest, const Fraction& rule, bool rounded_down) {
  const auto valid = [](double fraction) { return fraction >= 0 && fraction < 1; };  // false for NaN
  if (!valid(rule.validation) || !valid(rule.test) || rule.validation + rule.test <= 0 || rule.validation + rule.test >= 1) {
    return absl::InvalidArgumentError("the shares for validation and test must be 0 or more, and together over 0 and below 1");
  }
  const auto share_of = [rounded_down](double fraction) {
    return [fraction, rounded_down](int64_t images) -> int64_t {
      if (fraction == 0) return 0;
      if (rounded_down) return static_cast<int64_t>(fraction * static_cast<double>(images));
      return std::max<int64_t>(1, std::llround(fraction * static_cast<double>(images)));
    };
  };
  const std::vector<int64_t> images = dataset::ImagesPerClass(manifest);
  std::vector<Quota> quotas;
  AddQuota("validation", images, share_of(rule.validation), &quotas);
  AddQuota("test", images, share_of(rule.test), &quotas);
  if (quotas.empty()) {
    return absl::InvalidArgumentError("these shares, rounded down, leave no image of any class for validation; raise them");
  }
  return quotas;
}

// "0.1" as "10%".
std::string Percent(double fraction) { return absl::StrFormat("%g%%", 100 * fraction); }

std::string RuleText(const SplitSpec& spec) {
  std::string text;
  if (const auto* per_class = std::get_if<PerClass>(&spec.rule)) {
    text = absl::StrCat(per_class->validation, " per class");
    if (per_class->test > 0) absl::StrAppend(&text, ", ", per_class->test, " for test");
  } else if (const auto* fraction = std::get_if<Fraction>(&spec.rule)) {
    text = absl::StrCat(Percent(fraction->validation), " per class");
    if (fraction->test > 0) absl::StrAppend(&text, ", ", Percent(fraction->test), " for test");
  } else {
    return "from folders";
  }
  absl::StrAppend(&text, spec.in_order ? ", the first by path" : absl::StrCat(", seed ", spec.seed));
  if (!spec.group_by.empty()) absl::StrAppend(&text, ", grouped by '", spec.group_by, "'");
  if (spec.group_near) absl::StrAppend(&text, ", look-alikes together");
  return text;
}

// Says for each subset where groups kept it from its quota.
void WarnIfNotExact(const Manifest& manifest, const std::vector<Quota>& quotas, const SplitTable& table, TaskContext& context) {
  std::vector<std::string> differences;
  for (size_t i = 0; i < quotas.size(); ++i) {
    const std::vector<int64_t> got = dataset::ImagesPerClass(manifest, table, i + 1);
    for (size_t label = 0; label < got.size(); ++label) {
      if (got[label] == quotas[i].per_class[label]) continue;
      differences.push_back(absl::StrCat(quotas[i].subset, " has ", got[label], " of class '", manifest.classes[label], "' instead of ",
                                         quotas[i].per_class[label]));
    }
  }
  if (differences.empty()) return;
  Warn("split_not_exact", absl::StrCat("groups that stay on one side do not add up to what was asked: ", absl::StrJoin(differences, "; ")),
       context);
}

absl::StatusOr<SplitTable> Divide(const SplitSpec& spec, const Manifest& manifest, TaskContext& context) {
  if (std::holds_alternative<FromFolders>(spec.rule)) {
    if (spec.group_by.empty() && !spec.group_near) return dataset::SplitFromFolders(manifest);
    return absl::InvalidArgumentError("the folders decide where each image belongs: leave group_by and group_near out");
  }
  absl::StatusOr<std::vector<Quota>> quotas = std::holds_alternative<PerClass>(spec.rule)
                                                  ? QuotasOf(manifest, std::get<PerClass>(spec.rule))
                                                  : QuotasOf(manifest, std::get<Fraction>(spec.rule), spec.in_order);
  SB_RETURN_IF_ERROR(quotas.status());
  SB_ASSIGN_OR_RETURN(const dataset::Units units, dataset::GroupRows(manifest, {spec.group_by, spec.group_near}));
  SB_ASSIGN_OR_RETURN(SplitTable table,
                      dataset::SplitByQuota(manifest, units, *quotas, spec.in_order ? std::nullopt : std::optional(spec.seed)));
  WarnIfNotExact(manifest, *quotas, table, context);
  return table;
}

// Equal contents on two sides make every score a lie. Rules by quota never do that; folders may.
void WarnOfLeaks(const Manifest& manifest, const SplitTable& table, TaskContext& context) {
  std::vector<std::string> leaks;
  for (const std::vector<uint32_t>& group : dataset::ExactDuplicates(manifest)) {
    const auto other = std::find_if(group.begin(), group.end(),
                                    [&](uint32_t row) { return table.subset_of_row[row] != table.subset_of_row[group.front()]; });
    if (other != group.end()) leaks.push_back(NamePair(manifest, {group.front(), *other}));
  }
  if (leaks.empty()) return;
  Warn("duplicates_across_subsets",
       absl::StrCat(Counted(static_cast<int64_t>(leaks.size()), "image"),
                    " stand in more than one subset, so that scores come out too good: ", FirstFew(leaks)),
       context);
}

void WarnOfNearLeaks(const Manifest& manifest, const SplitTable& table, TaskContext& context) {
  std::vector<std::string> leaks;
  for (const auto& [a, b] : dataset::NearDuplicates(manifest).Links()) {
    if (table.subset_of_row[a] != table.subset_of_row[b]) leaks.push_back(NamePair(manifest, {a, b}));
  }
  if (leaks.empty()) return;
  Warn("near_duplicates_across_subsets",
       absl::StrCat(Counted(static_cast<int64_t>(leaks.size()), "pair"),
                    " of images that look alike stand in different subsets: ", FirstFew(leaks), "; group_near keeps them on one side"),
       context);
}

dataset::Placement PlacementOf(MaterializeMode mode) {
  switch (mode) {
    case MaterializeMode::kLink:
      return dataset::Placement::kLink;
    case MaterializeMode::kMove:
      return dataset::Placement::kMove;
    case MaterializeMode::kCopy:
      break;
  }
  return dataset::Placement::kCopy;
}

absl::Status LayOut(const SplitSpec& spec, const Manifest& manifest, const SplitTable& table, TaskContext& context) {
  if (spec.materialize_dir.empty()) return absl::OkStatus();
  ImageProgress progress("lay out images", context);
  dataset::MaterializeOptions options;
  options.folder = spec.materialize_dir;
  options.placement = PlacementOf(spec.materialize_mode);
  options.dataset_dir = spec.dataset_dir;
  options.objects = context.paths().objects_dir;
  options.on_progress = [&](size_t done, size_t total) { return progress.Update(done, total); };
  SB_ASSIGN_OR_RETURN(const dataset::Materialized laid_out, dataset::Materialize(manifest, table, options));
  Log("materialized", absl::StrCat("Laid out ", Counted(laid_out.files, "image"), " in ", spec.materialize_dir.string(), "."), context);
  if (laid_out.copied_instead > 0) {
    Warn("copied_instead_of_linked",
         absl::StrCat(Counted(laid_out.copied_instead, "image"), " were copied: hard links need the same file system, and images in place"),
         context);
  }
  return absl::OkStatus();
}

SplitResult Summarise(const SplitSpec& spec, const Manifest& manifest, const SplitTable& table, const std::string& text) {
  SplitResult result;
  for (size_t subset = 0; subset < table.subsets.size(); ++subset) {
    SubsetCounts counts{table.subsets[subset], 0, dataset::ImagesPerClass(manifest, table, subset)};
    for (const int64_t images : counts.per_class) counts.images += images;
    result.subsets.push_back(std::move(counts));
  }
  result.sha256 = Sha256Hex(text);
  result.rule = RuleText(spec);
  return result;
}

}  // namespace

absl::StatusOr<SplitResult> RunSplit(const SplitSpec& spec, TaskContext& context) {
  SB_ASSIGN_OR_RETURN(const Manifest manifest, dataset::ReadManifest(spec.dataset_dir));
  SB_ASSIGN_OR_RETURN(const SplitTable table, Divide(spec, manifest, context));
  WarnOfLeaks(manifest, table, context);
  WarnOfNearLeaks(manifest, table, context);
  std::vector<std::string> paths;
  paths.reserve(manifest.rows.size());
  for (const dataset::ManifestRow& row : manifest.rows) paths.push_back(row.path);
  const std::string text = dataset::FormatSplitTable(table, spec.dataset, spec.dataset_version, dataset::ManifestDigest(manifest), paths);
  SB_RETURN_IF_ERROR(PublishFile(context.paths().output_dir / "split.tsv", text));
  SB_RETURN_IF_ERROR(LayOut(spec, manifest, table, context));
  return Summarise(spec, manifest, table, text);
}

}  // namespace seedbed::tasks
