// Compiled for AVX512 (see CMakeLists.txt); called only where InstructionSet() says "avx512".
#include "core/explore/repulsion_kernels.h"

namespace seedbed::explore {
namespace {

using Floats __attribute__((vector_size(64))) = float;

#include "core/explore/repulsion_kernels_template.h"

}  // namespace

const RepelFunction kAvx512Repel = &Repel;

}  // namespace seedbed::explore
