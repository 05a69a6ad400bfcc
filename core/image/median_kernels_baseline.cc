// Runs on any processor: the compiler's own vector type.
#include <utility>

#include "core/image/median_kernels.h"

namespace seedbed::image {
namespace {

using Bytes __attribute__((vector_size(16))) = uint8_t;

#include "core/image/median_kernels_template.h"

}  // namespace

const MedianLines kBaselineMedianLines[] = {&BlurLines<3>,  &BlurLines<5>,  &BlurLines<7>, &BlurLines<9>,
                                            &BlurLines<11>, &BlurLines<13>, &BlurLines<15>};

}  // namespace seedbed::image
