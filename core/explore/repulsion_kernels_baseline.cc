// The kernel for any processor of the architecture.
#include "core/explore/repulsion_kernels.h"

namespace seedbed::explore {
namespace {

using Floats __attribute__((vector_size(16))) = float;

#include "core/explore/repulsion_kernels_template.h"

}  // namespace

const RepelFunction kBaselineRepel = &Repel;

}  // namespace seedbed::explore
