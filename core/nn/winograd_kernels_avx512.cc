// Compiled for AVX-512 (see CMakeLists.txt); called only where InstructionSet() says "avx512".
#include <immintrin.h>

#include "core/nn/winograd_kernels.h"

namespace seedbed::nn {
namespace {

struct Vec {
  static constexpr size_t kRows = 12, kColumns = 2;  // 24 sums in 32 registers
  __m512 v;

  static Vec Zero() { return {_mm512_setzero_ps()}; }
  static Vec Load(const float* from) { return {_mm512_loadu_ps(from)}; }
  static Vec Broadcast(float value) { return {_mm512_set1_ps(value)}; }
  static Vec MulAdd(Vec a, Vec b, Vec c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
  static Vec Max(Vec a, Vec b) { return {_mm512_max_ps(a.v, b.v)}; }
  static Vec Min(Vec a, Vec b) { return {_mm512_min_ps(a.v, b.v)}; }
  friend Vec operator+(Vec a, Vec b) { return {_mm512_add_ps(a.v, b.v)}; }
  friend Vec operator-(Vec a, Vec b) { return {_mm512_sub_ps(a.v, b.v)}; }
  friend Vec operator*(Vec a, Vec b) { return {_mm512_mul_ps(a.v, b.v)}; }
  void Store(float* to) const { _mm512_storeu_ps(to, v); }
};

#include "core/nn/winograd_kernels_template.h"

}  // namespace

const WinogradKernels kWinogradAvx512 = kKernels;

}  // namespace seedbed::nn
