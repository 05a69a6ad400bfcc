// Classes of a model, as people write them.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace seedbed {

// The index of the class that `text` names: by its name, or by its index where no class has that name. INVALID_ARGUMENT with the nearest
// name, or the indices that there are.
absl::StatusOr<size_t> FindClass(std::span<const std::string> classes, std::string_view text);

}  // namespace seedbed
