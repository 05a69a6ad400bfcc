#include "server/jobs/path_policy.h"

#include <algorithm>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"
#include "server/jobs/field_error.h"
#include "server/jobs/shown_images.h"

namespace seedbed::jobs {
namespace {
namespace fs = std::filesystem;

bool IsBeneath(const fs::path& path, const fs::path& root) {
  const auto [rest, unused] = std::mismatch(root.begin(), root.end(), path.begin(), path.end());
  return rest == root.end() || (std::next(rest) == root.end() && rest->empty());  // a trailing slash is an empty component
}

// The path with links followed, as far as it exists.
absl::StatusOr<fs::path> Resolved(const fs::path& path) {
  std::error_code error;
  fs::path resolved = fs::weakly_canonical(path, error);
  if (error) return ErrnoStatus(error.value(), "look up", path);
  return resolved;
}

absl::Status CheckAllowed(const fs::path& path, const std::vector<std::string>& allowed_roots) {
  if (allowed_roots.empty()) return absl::OkStatus();
  SB_ASSIGN_OR_RETURN(const fs::path resolved, Resolved(path));
  for (const std::string& root : allowed_roots) {
    SB_ASSIGN_OR_RETURN(const fs::path resolved_root, Resolved(root));
    if (IsBeneath(resolved, resolved_root)) return absl::OkStatus();
  }
  return absl::PermissionDeniedError(absl::StrCat("'", path.string(), "' is not below a folder this server may use (",
                                                  absl::StrJoin(allowed_roots, ", "), "); see allowed_roots in its configuration"));
}

absl::Status CheckFolder(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) {
    return absl::NotFoundError(absl::StrCat("there is no folder '", path.string(), "' on the server's machine"));
  }
  if (error) return ErrnoStatus(error.value(), "look up", path);
  if (!fs::is_directory(status)) return absl::InvalidArgumentError(absl::StrCat("'", path.string(), "' is not a folder"));
  return absl::OkStatus();
}

absl::Status CheckRoot(const std::string& root, const std::vector<std::string>& allowed_roots) {
  SB_RETURN_IF_ERROR(CheckAllowed(root, allowed_roots));
  return CheckFolder(root);
}

absl::Status CheckTarget(const std::string& folder, const store::DataLayout& layout, const std::vector<std::string>& allowed_roots) {
  SB_RETURN_IF_ERROR(CheckAllowed(folder, allowed_roots));
  SB_ASSIGN_OR_RETURN(const fs::path resolved, Resolved(folder));
  SB_ASSIGN_OR_RETURN(const fs::path data_root, Resolved(layout.root()));
  if (!IsBeneath(resolved, data_root)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("'", folder, "' lies in the server's own data root; choose a folder outside"));
}

absl::Status CheckListing(const std::string& sha256, const store::DataLayout& layout) {
  std::error_code error;
  if (fs::exists(layout.object(sha256), error)) return absl::OkStatus();
  return absl::NotFoundError("the server does not have this listing; upload it first (UploadBlobs)");
}

}  // namespace

bool NamesFiles(const v1::JobSpec& spec) {
  return spec.has_index() || !spec.split().materialize_dir().empty() || !spec.explain().uploads().empty() ||
         !spec.explore().neighbours().uploads().empty();
}

absl::Status CheckPaths(const v1::JobSpec& spec, const store::DataLayout& layout, const std::vector<std::string>& allowed_roots) {
  if (spec.index().has_root()) return AtField("spec.index.root", CheckRoot(spec.index().root(), allowed_roots));
  if (spec.has_index()) return AtField("spec.index.listing_sha256", CheckListing(spec.index().listing_sha256(), layout));
  if (spec.has_explain()) return CheckUploadsArrived("spec.explain", spec.explain().uploads(), layout);
  if (spec.has_explore()) return CheckUploadsArrived("spec.explore.neighbours", spec.explore().neighbours().uploads(), layout);
  if (spec.split().materialize_dir().empty()) return absl::OkStatus();
  return AtField("spec.split.materialize_dir", CheckTarget(spec.split().materialize_dir(), layout, allowed_roots));
}

}  // namespace seedbed::jobs
