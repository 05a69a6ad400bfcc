#include "core/train/linear_kernels.h"

#include "core/base/cpu.h"

namespace seedbed::train {

const LinearKernels* LinearKernelsFor(std::string_view instruction_set) {
  if (instruction_set == "baseline") return &kBaselineKernels;
#if defined(__x86_64__)
  // A processor with AVX-512 has AVX2 and FMA as well.
  const std::string_view widest = InstructionSet();
  if (instruction_set == "avx2" && (widest == "avx2" || widest == "avx512")) return &kAvx2Kernels;
  if (instruction_set == "avx512" && widest == "avx512") return &kAvx512Kernels;
#endif
  return nullptr;
}

}  // namespace seedbed::train
