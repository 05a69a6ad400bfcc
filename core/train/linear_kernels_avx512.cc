// Compiled for AVX-512 (see CMakeLists.txt); called only where InstructionSet() says "avx512".
#include <immintrin.h>

#include "core/train/linear_kernels.h"

namespace seedbed::train {
namespace {

struct Vec {
  static constexpr int kRows = 2, kClasses = 12;  // 24 sums in 32 registers
  __m512 v;

  static Vec Zero() { return {_mm512_setzero_ps()}; }
  static Vec Load(const float* from) { return {_mm512_loadu_ps(from)}; }
  static Vec Broadcast(const float* from) { return {_mm512_set1_ps(*from)}; }
  static Vec FromElements(const float* from) { return Load(from); }
  static Vec FromElements(const uint8_t* from) {
    return {_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))))};
  }
  static Vec MulAdd(Vec a, Vec b, Vec c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
  static Vec MulSub(Vec a, Vec b, Vec c) { return {_mm512_fmsub_ps(a.v, b.v, c.v)}; }
  friend Vec operator+(Vec a, Vec b) { return {_mm512_add_ps(a.v, b.v)}; }
  friend Vec operator-(Vec a, Vec b) { return {_mm512_sub_ps(a.v, b.v)}; }
  friend Vec operator*(Vec a, Vec b) { return {_mm512_mul_ps(a.v, b.v)}; }
  friend Vec operator/(Vec a, Vec b) { return {_mm512_div_ps(a.v, b.v)}; }
  Vec Sqrt() const { return {_mm512_sqrt_ps(v)}; }
  void Store(float* to) const { _mm512_storeu_ps(to, v); }
  float Sum() const {
    const __m256 by8 = _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
    const __m128 by4 = _mm_add_ps(_mm256_castps256_ps128(by8), _mm256_extractf128_ps(by8, 1));
    const __m128 by2 = _mm_add_ps(by4, _mm_movehl_ps(by4, by4));
    return _mm_cvtss_f32(_mm_add_ss(by2, _mm_movehdup_ps(by2)));
  }
};

#include "core/train/linear_kernels_template.h"

}  // namespace

const LinearKernels kAvx512Kernels = kKernels;

}  // namespace seedbed::train
