// The kernels over any vector type. Included by one translation unit per instruction set, each with its own `Vec`, inside an unnamed
// namespace of its own: nothing here may become an inline function that the linker shares between them.
//
// Vec is 16 floats with: Zero, Load, Broadcast, Store, MulAdd(a, b, c) = a b + c, Max, Min, operators + and -.
// Vec::kRows x Vec::kColumns is the block of sums that the registers hold.
//
// The transforms are those of A. Lavin, S. Gray, "Fast Algorithms for Convolutional Neural Networks", arXiv 1509.09308, for F(4x4, 3x3).

// B^T d for six values that lie `stride` apart.
inline void TransformSix(const Vec* from, size_t stride, Vec* to) {
  const Vec four = Vec::Broadcast(4), minus_four = Vec::Broadcast(-4), minus_five = Vec::Broadcast(-5), two = Vec::Broadcast(2);
  const Vec d0 = from[0], d1 = from[stride], d2 = from[2 * stride], d3 = from[3 * stride], d4 = from[4 * stride], d5 = from[5 * stride];
  const Vec even = Vec::MulAdd(d2, minus_four, d4), odd = Vec::MulAdd(d1, minus_four, d3);
  const Vec near = d4 - d2, apart = (d3 - d1) * two;
  to[0] = Vec::MulAdd(d0, four, Vec::MulAdd(d2, minus_five, d4));
  to[stride] = even + odd;
  to[2 * stride] = even - odd;
  to[3 * stride] = near + apart;
  to[4 * stride] = near - apart;
  to[5 * stride] = Vec::MulAdd(d1, four, Vec::MulAdd(d3, minus_five, d5));
}

// A^T m: six values that lie `stride` apart to four that lie `to_stride` apart.
inline void ReduceSix(const Vec* from, size_t stride, Vec* to, size_t to_stride) {
  const Vec two = Vec::Broadcast(2), four = Vec::Broadcast(4), eight = Vec::Broadcast(8);
  const Vec m0 = from[0], m1 = from[stride], m2 = from[2 * stride], m3 = from[3 * stride], m4 = from[4 * stride], m5 = from[5 * stride];
  const Vec sum12 = m1 + m2, difference12 = m1 - m2, sum34 = m3 + m4, difference34 = m3 - m4;
  to[0] = m0 + sum12 + sum34;
  to[to_stride] = Vec::MulAdd(difference34, two, difference12);
  to[2 * to_stride] = Vec::MulAdd(sum34, four, sum12);
  to[3 * to_stride] = Vec::MulAdd(difference34, eight, difference12) + m5;
}

void TransformInputTile(const std::array<const float*, kPositions>& pixels, size_t channels, size_t chunk_stride, size_t position_stride,
                        float* to) {
  for (size_t channel = 0; channel < channels; channel += kLanes, to += chunk_stride) {
    Vec values[kPositions], columns[kPositions];
    for (size_t i = 0; i < kPositions; ++i) values[i] = Vec::Load(pixels[i] + channel);
    for (size_t column = 0; column < kWindow; ++column) TransformSix(values + column, kWindow, columns + column);
    for (size_t row = 0; row < kWindow; ++row) TransformSix(columns + row * kWindow, 1, values + row * kWindow);
    for (size_t i = 0; i < kPositions; ++i) values[i].Store(to + i * position_stride);
  }
}

void Multiply(const float* input, const float* weights, size_t channels, float* products) {
  Vec sums[Vec::kRows][Vec::kColumns];
  for (auto& row : sums) {
    for (Vec& sum : row) sum = Vec::Zero();
  }
  for (size_t chunk = 0; chunk < channels; chunk += kLanes, input += Vec::kRows * kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane, weights += Vec::kColumns * kLanes) {
      Vec w[Vec::kColumns];
      for (size_t k = 0; k < Vec::kColumns; ++k) w[k] = Vec::Load(weights + k * kLanes);
      for (size_t row = 0; row < Vec::kRows; ++row) {
        const Vec x = Vec::Broadcast(input[row * kLanes + lane]);
        for (size_t k = 0; k < Vec::kColumns; ++k) sums[row][k] = Vec::MulAdd(x, w[k], sums[row][k]);
      }
    }
  }
  for (auto& row : sums) {
    for (Vec& sum : row) {
      sum.Store(products);
      products += kLanes;
    }
  }
}

void TransformOutputTile(const float* products, size_t position_stride, const WinogradFinish& finish,
                         const std::array<float*, kTile * kTile>& pixels) {
  Vec values[kPositions], columns[kTile * kWindow], output[kTile * kTile];
  for (size_t i = 0; i < kPositions; ++i) values[i] = Vec::Load(products + i * position_stride);
  for (size_t column = 0; column < kWindow; ++column) ReduceSix(values + column, kWindow, columns + column, kWindow);
  const Vec bias = finish.bias == nullptr ? Vec::Zero() : Vec::Load(finish.bias);
  for (size_t row = 0; row < kTile; ++row) ReduceSix(columns + row * kWindow, 1, output + row * kTile, 1);
  for (Vec& value : output) {
    value = value + bias;
    if (finish.rectified) value = Vec::Min(Vec::Max(value, Vec::Zero()), Vec::Broadcast(finish.ceiling));
  }
  if (finish.pooled) {
    for (size_t row = 0; row < kTile; row += 2) {
      for (size_t column = 0; column < kTile; column += 2) {
        const Vec* square = output + row * kTile + column;
        const Vec largest = Vec::Max(Vec::Max(square[0], square[1]), Vec::Max(square[kTile], square[kTile + 1]));
        output[row / 2 * kTile + column / 2] = largest;
      }
    }
  }
  for (size_t i = 0; i < pixels.size(); ++i) {
    if (pixels[i] != nullptr) output[i].Store(pixels[i]);
  }
}

constexpr WinogradKernels kKernels = {Vec::kRows, Vec::kColumns* kLanes, TransformInputTile, Multiply, TransformOutputTile};
