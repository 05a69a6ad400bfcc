#include "server/store/paging.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace seedbed::store {
namespace {

constexpr int kDefaultPageSize = 100;
constexpr int kMaxPageSize = 1000;

}  // namespace

absl::StatusOr<PagePosition> ParsePage(const v1::PageRequest& page) {
  PagePosition position;
  position.size = page.page_size() == 0 ? kDefaultPageSize : page.page_size();
  if (position.size < 1 || position.size > kMaxPageSize) {
    return absl::InvalidArgumentError(absl::StrCat("page.page_size is ", page.page_size(), ", it must be 1 to ", kMaxPageSize));
  }
  if (!page.page_token().empty() && (!absl::SimpleAtoi(page.page_token(), &position.token) || position.token < 1)) {
    return absl::InvalidArgumentError("page.page_token is not one that a list gave out; start with an empty one");
  }
  return position;
}

std::string MakePageToken(int64_t last) { return absl::StrCat(last); }

}  // namespace seedbed::store
