// Pages of a list: what a PageRequest asks for, and the token of the next one.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "seedbed/v1/common.pb.h"

namespace seedbed::store {

struct PagePosition {
  int size = 0;       // items wanted, 1 to 1000
  int64_t token = 0;  // number of the last item of the page before; 0: the first page
};

// INVALID_ARGUMENT for a size out of range or a token that no list has given out.
absl::StatusOr<PagePosition> ParsePage(const v1::PageRequest& page);
std::string MakePageToken(int64_t last);

}  // namespace seedbed::store
