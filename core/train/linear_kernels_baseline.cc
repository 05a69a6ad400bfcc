// Runs on any processor: four quarter vectors of the compiler's own vector type.
#include <cmath>

#include "core/train/linear_kernels.h"

namespace seedbed::train {
namespace {

using Quarter __attribute__((vector_size(16))) = float;

struct Vec {
  static constexpr int kRows = 1, kClasses = 3;  // 12 of 16 registers hold sums, four each
  Quarter q[4];

  template <typename Make>
  static Vec Each(Make make) {
    return {{make(0), make(1), make(2), make(3)}};
  }
  static Vec Zero() { return {}; }
  static Vec Load(const float* from) {
    Vec result;
    __builtin_memcpy(&result, from, sizeof(result));
    return result;
  }
  static Vec Broadcast(const float* from) {
    const Quarter all = {*from, *from, *from, *from};
    return {{all, all, all, all}};
  }
  static Vec FromElements(const float* from) { return Load(from); }
  static Vec FromElements(const uint8_t* from) {
    return Each([&](int i) {
      const uint8_t* four = from + 4 * i;
      return Quarter{static_cast<float>(four[0]), static_cast<float>(four[1]), static_cast<float>(four[2]), static_cast<float>(four[3])};
    });
  }
  static Vec MulAdd(Vec a, Vec b, Vec c) {
    return Each([&](int i) { return a.q[i] * b.q[i] + c.q[i]; });
  }
  static Vec MulSub(Vec a, Vec b, Vec c) {
    return Each([&](int i) { return a.q[i] * b.q[i] - c.q[i]; });
  }
  friend Vec operator+(Vec a, Vec b) {
    return Each([&](int i) { return a.q[i] + b.q[i]; });
  }
  friend Vec operator-(Vec a, Vec b) {
    return Each([&](int i) { return a.q[i] - b.q[i]; });
  }
  friend Vec operator*(Vec a, Vec b) {
    return Each([&](int i) { return a.q[i] * b.q[i]; });
  }
  friend Vec operator/(Vec a, Vec b) {
    return Each([&](int i) { return a.q[i] / b.q[i]; });
  }
  Vec Sqrt() const {
    return Each([&](int i) { return Quarter{std::sqrt(q[i][0]), std::sqrt(q[i][1]), std::sqrt(q[i][2]), std::sqrt(q[i][3])}; });
  }
  void Store(float* to) const { __builtin_memcpy(to, this, sizeof(*this)); }
  float Sum() const {
    const Quarter by4 = (q[0] + q[2]) + (q[1] + q[3]);
    return (by4[0] + by4[2]) + (by4[1] + by4[3]);
  }
};

#include "core/train/linear_kernels_template.h"

}  // namespace

const LinearKernels kBaselineKernels = kKernels;

}  // namespace seedbed::train
