// The kernels over any vector type. Included by one translation unit per instruction set, each with its own `Vec`, inside an unnamed
// namespace of its own: nothing here may become an inline function that the linker shares between them.
//
// Vec is 16 floats with: Zero, Load, Broadcast, Store, FromElements (16 bytes or floats), MulAdd(a, b, c) = a b + c,
// MulSub(a, b, c) = a b - c, operators + - * /, Sqrt, Sum (lanes i and i + 8, then + 4, + 2, + 1).
// Vec::kRows x Vec::kClasses is the block of sums that the registers hold.

template <typename Element>
inline Vec LoadElements(const Element* from, size_t count) {
  if (count >= kLanes) return Vec::FromElements(from);
  Element padded[kLanes] = {};
  for (size_t i = 0; i < count; ++i) padded[i] = from[i];
  return Vec::FromElements(padded);
}

template <typename Element>
inline Vec LoadFeatures(const TileInput<Element>& input, size_t row, size_t feature, Vec scale) {
  const Vec elements = LoadElements(input.rows[row] + input.first_feature + feature, input.features - feature);
  return Vec::MulSub(elements, scale, Vec::Load(input.offset + feature));
}

// Brings the next tile's part of the rows nearer while this one is worked on: the hardware does not foresee jumps between rows.
template <typename Element>
inline void PrefetchNextTile(const TileInput<Element>& input, size_t row) {
  const char* next = reinterpret_cast<const char*>(input.rows[row] + input.first_feature + kTileFeatures);
  for (size_t line = 0; line < kTileFeatures * sizeof(Element); line += 64) __builtin_prefetch(next + line);
}

template <typename Element, int kRows, int kClasses>
inline void ForwardBlock(const TileInput<Element>& input, size_t row, const float* weights, size_t stride, float* lanes) {
  Vec sums[kRows][kClasses];
  for (int r = 0; r < kRows; ++r) {
    for (int k = 0; k < kClasses; ++k) sums[r][k] = Vec::Load(lanes + r * stride + k * kLanes);
  }
  const Vec scale = Vec::Broadcast(&input.scale);
  for (size_t f = 0; f < input.features; f += kLanes) {
    Vec x[kRows];
    for (int r = 0; r < kRows; ++r) x[r] = LoadFeatures(input, row + r, f, scale);
    for (int k = 0; k < kClasses; ++k) {
      const Vec w = Vec::Load(weights + k * kTileFeatures + f);
      for (int r = 0; r < kRows; ++r) sums[r][k] = Vec::MulAdd(x[r], w, sums[r][k]);
    }
  }
  for (int r = 0; r < kRows; ++r) {
    for (int k = 0; k < kClasses; ++k) sums[r][k].Store(lanes + r * stride + k * kLanes);
  }
}

template <typename Element, int kClasses>
inline void ForwardClasses(const TileInput<Element>& input, const float* weights, size_t stride, float* lanes) {
  size_t row = 0;
  for (; row + Vec::kRows <= input.examples; row += Vec::kRows) {
    ForwardBlock<Element, Vec::kRows, kClasses>(input, row, weights, stride, lanes + row * stride);
  }
  for (; row < input.examples; ++row) ForwardBlock<Element, 1, kClasses>(input, row, weights, stride, lanes + row * stride);
}

// Calls Body<n>::Run for groups of Vec::kClasses classes, and for what is left over.
template <template <typename, int> class Body, typename Element, int kClasses, typename... Arguments>
inline void DispatchClasses(size_t classes, const Arguments&... arguments) {
  if constexpr (kClasses > 1) {
    if (classes < kClasses) return DispatchClasses<Body, Element, kClasses - 1>(classes, arguments...);
  }
  Body<Element, kClasses>::Run(arguments...);
}

template <typename Element, int kClasses>
struct ForwardBody {
  static void Run(const TileInput<Element>& input, const float* weights, size_t stride, float* lanes) {
    ForwardClasses<Element, kClasses>(input, weights, stride, lanes);
  }
};

template <typename Element>
void Forward(const TileInput<Element>& input, const float* weights, size_t classes, float* lanes) {
  for (size_t row = 0; row < input.examples; ++row) PrefetchNextTile(input, row);
  for (size_t k = 0; k < classes; k += Vec::kClasses) {
    float* group_lanes = lanes + k * kLanes;
    DispatchClasses<ForwardBody, Element, Vec::kClasses>(classes - k, input, weights + k * kTileFeatures, classes * kLanes, group_lanes);
  }
}

void AddUpLanes(const float* lanes, size_t count, float* sums) {
  for (size_t i = 0; i < count; ++i) sums[i] = Vec::Load(lanes + i * kLanes).Sum();
}

template <typename Element, int kStrips, int kClasses>
inline void GradientBlock(const TileInput<Element>& input, size_t feature, const float* delta, size_t classes, float* gradient) {
  Vec sums[kStrips][kClasses];
  for (int s = 0; s < kStrips; ++s) {
    for (int k = 0; k < kClasses; ++k) sums[s][k] = Vec::Zero();
  }
  const Vec scale = Vec::Broadcast(&input.scale);
  for (size_t row = 0; row < input.examples; ++row) {
    Vec x[kStrips];
    for (int s = 0; s < kStrips; ++s) x[s] = LoadFeatures(input, row, feature + s * kLanes, scale);
    for (int k = 0; k < kClasses; ++k) {
      const Vec d = Vec::Broadcast(delta + row * classes + k);
      for (int s = 0; s < kStrips; ++s) sums[s][k] = Vec::MulAdd(x[s], d, sums[s][k]);
    }
  }
  for (int s = 0; s < kStrips; ++s) {
    for (int k = 0; k < kClasses; ++k) sums[s][k].Store(gradient + k * kTileFeatures + feature + s * kLanes);
  }
}

template <typename Element, int kClasses>
struct GradientBody {
  static void Run(const TileInput<Element>& input, const float* delta, size_t classes, float* gradient) {
    size_t f = 0;
    for (; f + Vec::kRows * kLanes <= input.features; f += Vec::kRows * kLanes) {
      GradientBlock<Element, Vec::kRows, kClasses>(input, f, delta, classes, gradient);
    }
    for (; f < input.features; f += kLanes) GradientBlock<Element, 1, kClasses>(input, f, delta, classes, gradient);
    for (; f < kTileFeatures; f += kLanes) {
      for (int k = 0; k < kClasses; ++k) Vec::Zero().Store(gradient + k * kTileFeatures + f);
    }
  }
};

template <typename Element>
void Gradient(const TileInput<Element>& input, const float* delta, size_t classes, float* gradient) {
  for (size_t k = 0; k < classes; k += Vec::kClasses) {
    float* group_gradient = gradient + k * kTileFeatures;
    DispatchClasses<GradientBody, Element, Vec::kClasses>(classes - k, input, delta + k, classes, group_gradient);
  }
}

inline void UpdateSgd(const UpdateRule& rule, const float* gradient, size_t count, float* parameters, float* velocity) {
  const float minus_lr = -rule.lr;
  const Vec step = Vec::Broadcast(&minus_lr), momentum = Vec::Broadcast(&rule.momentum);
  for (size_t i = 0; i < count; i += kLanes) {
    Vec direction = Vec::Load(gradient + i);
    if (velocity != nullptr) {
      const Vec b = Vec::MulAdd(momentum, Vec::Load(velocity + i), direction);
      b.Store(velocity + i);
      direction = rule.nesterov ? Vec::MulAdd(momentum, b, direction) : b;
    }
    Vec::MulAdd(step, direction, Vec::Load(parameters + i)).Store(parameters + i);
  }
}

inline void UpdateAdam(const UpdateRule& rule, const float* gradient, size_t count, float* parameters, float* mean, float* square) {
  const Vec lr = Vec::Broadcast(&rule.lr), epsilon = Vec::Broadcast(&rule.epsilon);
  const Vec weight1 = Vec::Broadcast(&rule.one_minus_beta1), weight2 = Vec::Broadcast(&rule.one_minus_beta2);
  for (size_t i = 0; i < count; i += kLanes) {
    const Vec g = Vec::Load(gradient + i), m0 = Vec::Load(mean + i), v0 = Vec::Load(square + i);
    const Vec m = Vec::MulAdd(weight1, g - m0, m0);
    const Vec v = Vec::MulAdd(weight2, Vec::MulSub(g, g, v0), v0);
    m.Store(mean + i);
    v.Store(square + i);
    (Vec::Load(parameters + i) - lr * m / (v.Sqrt() + epsilon)).Store(parameters + i);
  }
}

void Update(const UpdateRule& rule, const float* gradient, size_t count, float* parameters, float* slot0, float* slot1) {
  if (rule.kind == OptimizerKind::kAdam) return UpdateAdam(rule, gradient, count, parameters, slot0, slot1);
  UpdateSgd(rule, gradient, count, parameters, slot0);
}

constexpr LinearKernels kKernels = {{Forward<uint8_t>, Forward<float>}, {Gradient<uint8_t>, Gradient<float>}, AddUpLanes, Update};
