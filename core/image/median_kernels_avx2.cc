// Compiled for AVX2 (see CMakeLists.txt); called only where InstructionSet() says "avx2" or more.
#include <utility>

#include "core/image/median_kernels.h"

namespace seedbed::image {
namespace {

using Bytes __attribute__((vector_size(32))) = uint8_t;

#include "core/image/median_kernels_template.h"

}  // namespace

const MedianLines kAvx2MedianLines[] = {&BlurLines<3>,  &BlurLines<5>,  &BlurLines<7>, &BlurLines<9>,
                                        &BlurLines<11>, &BlurLines<13>, &BlurLines<15>};

}  // namespace seedbed::image
