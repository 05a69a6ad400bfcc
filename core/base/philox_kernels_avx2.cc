// Compiled for AVX2 (see CMakeLists.txt); called only where InstructionSet() says "avx2" or more.
#include "core/base/philox_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

namespace seedbed {
namespace {

struct Lanes {
  static constexpr size_t kCount = 4;
  __m256i v;

  static Lanes All(uint64_t value) { return {_mm256_set1_epi64x(static_cast<int64_t>(value))}; }
  // Storing takes the even lanes first.
  static Lanes BlockNumbers() { return {_mm256_set_epi64x(3, 1, 2, 0)}; }
  friend Lanes operator+(Lanes a, Lanes b) { return {_mm256_add_epi64(a.v, b.v)}; }
  friend Lanes operator*(Lanes a, Lanes b) { return {_mm256_mul_epu32(a.v, b.v)}; }
  friend Lanes operator^(Lanes a, Lanes b) { return {_mm256_xor_si256(a.v, b.v)}; }
  Lanes UpperHalves() const { return {_mm256_srli_epi64(v, 32)}; }
  static Lanes PackHalves(Lanes a, Lanes b) {
    return {_mm256_or_si256(_mm256_and_si256(a.v, _mm256_set1_epi64x(0xFFFFFFFF)), _mm256_slli_epi64(b.v, 32))};
  }
  static void StoreBlocks(Lanes a, Lanes b, uint32_t* to) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm256_unpacklo_epi64(a.v, b.v));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + 8), _mm256_unpackhi_epi64(a.v, b.v));
  }
};

#include "core/base/philox_kernels_template.h"

}  // namespace

const PhiloxKernel kPhiloxAvx2 = {Lanes::kCount, FillBlocks};

}  // namespace seedbed

#endif
