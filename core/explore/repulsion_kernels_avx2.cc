// Compiled for AVX2 (see CMakeLists.txt); called only where InstructionSet() says "avx2" or more.
#include "core/explore/repulsion_kernels.h"

namespace seedbed::explore {
namespace {

using Floats __attribute__((vector_size(32))) = float;

#include "core/explore/repulsion_kernels_template.h"

}  // namespace

const RepelFunction kAvx2Repel = &Repel;

}  // namespace seedbed::explore
