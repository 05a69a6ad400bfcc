// Compiled for AVX-512 (see CMakeLists.txt); called only where InstructionSet() says "avx512".
#include "core/base/philox_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

namespace seedbed {
namespace {

struct Lanes {
  static constexpr size_t kCount = 8;
  __m512i v;

  static Lanes All(uint64_t value) { return {_mm512_set1_epi64(static_cast<int64_t>(value))}; }
  // Storing takes the even lanes first.
  static Lanes BlockNumbers() { return {_mm512_set_epi64(7, 3, 6, 2, 5, 1, 4, 0)}; }
  friend Lanes operator+(Lanes a, Lanes b) { return {_mm512_add_epi64(a.v, b.v)}; }
  friend Lanes operator*(Lanes a, Lanes b) { return {_mm512_mul_epu32(a.v, b.v)}; }
  friend Lanes operator^(Lanes a, Lanes b) { return {_mm512_xor_si512(a.v, b.v)}; }
  Lanes UpperHalves() const { return {_mm512_srli_epi64(v, 32)}; }
  static Lanes PackHalves(Lanes a, Lanes b) {
    return {_mm512_or_si512(_mm512_and_si512(a.v, _mm512_set1_epi64(0xFFFFFFFF)), _mm512_slli_epi64(b.v, 32))};
  }
  static void StoreBlocks(Lanes a, Lanes b, uint32_t* to) {
    _mm512_storeu_si512(to, _mm512_unpacklo_epi64(a.v, b.v));
    _mm512_storeu_si512(to + 16, _mm512_unpackhi_epi64(a.v, b.v));
  }
};

#include "core/base/philox_kernels_template.h"

}  // namespace

const PhiloxKernel kPhiloxAvx512 = {Lanes::kCount, FillBlocks};

}  // namespace seedbed

#endif
