#include "core/base/philox_kernels.h"

#if defined(__x86_64__)
#include <emmintrin.h>

namespace seedbed {
namespace {

struct Lanes {
  static constexpr size_t kCount = 2;
  __m128i v;

  static Lanes All(uint64_t value) { return {_mm_set1_epi64x(static_cast<int64_t>(value))}; }
  static Lanes BlockNumbers() { return {_mm_set_epi64x(1, 0)}; }
  friend Lanes operator+(Lanes a, Lanes b) { return {_mm_add_epi64(a.v, b.v)}; }
  friend Lanes operator*(Lanes a, Lanes b) { return {_mm_mul_epu32(a.v, b.v)}; }
  friend Lanes operator^(Lanes a, Lanes b) { return {_mm_xor_si128(a.v, b.v)}; }
  Lanes UpperHalves() const { return {_mm_srli_epi64(v, 32)}; }
  // The lower halves of both, a's below b's.
  static Lanes PackHalves(Lanes a, Lanes b) {
    return {_mm_or_si128(_mm_and_si128(a.v, _mm_set1_epi64x(0xFFFFFFFF)), _mm_slli_epi64(b.v, 32))};
  }
  static void StoreBlocks(Lanes a, Lanes b, uint32_t* to) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm_unpacklo_epi64(a.v, b.v));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 4), _mm_unpackhi_epi64(a.v, b.v));
  }
};

#include "core/base/philox_kernels_template.h"

}  // namespace

const PhiloxKernel kPhiloxBaseline = {Lanes::kCount, FillBlocks};

}  // namespace seedbed

#else

namespace seedbed {
namespace {

void FillOneByOne(PhiloxBlock counter, std::array<uint32_t, 2> key, size_t turns, uint32_t* numbers) {
  for (size_t turn = 0; turn < turns; ++turn, ++counter[0]) {
    for (const uint32_t number : Philox4x32(counter, key)) *numbers++ = number;
  }
}

}  // namespace

const PhiloxKernel kPhiloxBaseline = {1, FillOneByOne};

}  // namespace seedbed

#endif
