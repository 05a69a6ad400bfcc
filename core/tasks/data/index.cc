#include "core/tasks/data/index.h"

#include "absl/strings/str_cat.h"
#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"
#include "core/dataset/folder_scan.h"
#include "core/dataset/source_file.h"

namespace seedbed::tasks {
namespace {

using dataset::Candidates;

absl::StatusOr<Candidates> ReadListing(const IndexSpec& spec, TaskContext& context) {
  if (!IsSha256Hex(spec.listing_sha256)) return absl::InvalidArgumentError("the listing must be named by 64 lower-case hex digits");
  const std::filesystem::path file = dataset::ObjectPath(context.paths().objects_dir, spec.listing_sha256);
  const absl::StatusOr<std::string> listing = ReadFile(file);
  if (absl::IsNotFound(listing.status())) {
    return absl::FailedPreconditionError(absl::StrCat("the listing ", spec.listing_sha256, " was never uploaded: upload it first"));
  }
  SB_RETURN_IF_ERROR(listing.status());
  if (Sha256Hex(*listing) != spec.listing_sha256) {
    return absl::DataLossError(absl::StrCat("the stored listing ", spec.listing_sha256, " is damaged: upload it again"));
  }
  return dataset::ParseListing(*listing);
}

absl::StatusOr<Candidates> FindCandidates(const IndexSpec& spec, TaskContext& context) {
  if (spec.root.empty()) return ReadListing(spec, context);
  return dataset::ScanFolder(spec.root, {spec.follow_links, [&] { return context.cancelled(); }});
}

// Without a slash at its end.
std::string RootName(const IndexSpec& spec) { return (spec.root / "").lexically_normal().parent_path().string(); }

std::string SourceName(const IndexSpec& spec) { return spec.root.empty() ? "the upload" : spec.root.string(); }

}  // namespace

absl::StatusOr<IndexResult> RunIndex(const IndexSpec& spec, TaskContext& context) {
  SB_ASSIGN_OR_RETURN(Candidates candidates, FindCandidates(spec, context));
  return RecordVersion(candidates, {.root = spec.root.empty() ? "" : RootName(spec), .source = SourceName(spec)}, context);
}

}  // namespace seedbed::tasks
