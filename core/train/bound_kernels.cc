#include "core/train/bound_kernels.h"

#include "absl/strings/str_cat.h"
#include "core/base/cpu.h"
#include "core/base/status_macros.h"

namespace seedbed::train {

absl::StatusOr<const LinearKernels*> BoundKernels(std::string_view instruction_set) {
  if (const LinearKernels* kernels = LinearKernelsFor(instruction_set); kernels != nullptr) return kernels;
  return absl::FailedPreconditionError(absl::StrCat("the job is bound to the instruction set '", ToAbsl(instruction_set),
                                                    "', but this machine has '", ToAbsl(InstructionSet()), "'"));
}

}  // namespace seedbed::train
