// Deletions wait for the jobs that use what is to be deleted.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"

namespace seedbed::api {

// FAILED_PRECONDITION naming the jobs when there are any (`users`, or the error of finding them).
inline absl::Status RefuseIfInUse(std::string_view what, std::string_view name, const absl::StatusOr<std::vector<std::string>>& users) {
  if (!users.ok() || users->empty()) return users.status();
  constexpr size_t kNamed = 5;
  const size_t named = std::min(users->size(), kNamed);
  const std::string more = users->size() > named ? absl::StrCat(" and ", users->size() - named, " more") : "";
  return absl::FailedPreconditionError(absl::StrCat(ToAbsl(what), " '", ToAbsl(name), "' is in use by ",
                                                    absl::StrJoin(users->begin(), users->begin() + static_cast<long>(named), ", "), more,
                                                    "; wait for the jobs to end, or cancel them first"));
}

}  // namespace seedbed::api
