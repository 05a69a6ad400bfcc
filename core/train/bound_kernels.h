// Apart from linear_kernels.h, which the translation units of each instruction set include: they must not get inline functions that others
// share.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "core/train/linear_kernels.h"

namespace seedbed::train {

// The kernels of the instruction set that a job is bound to. FAILED_PRECONDITION when there is no such name, or the processor lacks it.
absl::StatusOr<const LinearKernels*> BoundKernels(std::string_view instruction_set);

}  // namespace seedbed::train
