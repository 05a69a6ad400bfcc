// Included by one translation unit for each instruction set, which defines Floats: a vector of floats of its registers' width. Compiled
// without fused operations, so that all round alike.

constexpr size_t kWidth = sizeof(Floats) / sizeof(float);
constexpr size_t kRegisters = kRepulsionLanes / kWidth;

inline Floats LoadFloats(const float* from) {
  Floats floats;
  __builtin_memcpy(&floats, from, sizeof(floats));
  return floats;
}

inline void StoreFloats(const Floats& floats, float* to) { __builtin_memcpy(to, &floats, sizeof(floats)); }

void Repel(const float* xs, const float* ys, size_t count, float x, float y, Repulsion* sums) {
  Floats weights[kRegisters] = {}, sum_x[kRegisters] = {}, sum_y[kRegisters] = {};
  for (size_t i = 0; i < count; i += kRepulsionLanes) {
    for (size_t r = 0; r < kRegisters; ++r) {
      const Floats dx = x - LoadFloats(xs + i + r * kWidth), dy = y - LoadFloats(ys + i + r * kWidth);
      const Floats q = 1.0f / (1.0f + (dx * dx + dy * dy));
      const Floats squared = q * q;
      weights[r] += q;
      sum_x[r] += squared * dx;
      sum_y[r] += squared * dy;
    }
  }
  for (size_t r = 0; r < kRegisters; ++r) {
    StoreFloats(weights[r], sums->weights + r * kWidth);
    StoreFloats(sum_x[r], sums->x + r * kWidth);
    StoreFloats(sum_y[r], sums->y + r * kWidth);
  }
}
