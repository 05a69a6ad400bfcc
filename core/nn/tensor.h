// Numbers with a shape, as weights files hold them: little-endian, C order, packed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace seedbed::nn {

enum class DType { kU64, kI64, kF64, kF32, kU32, kI32, kBF16, kF16, kU16, kI16, kF8E5M2, kF8E4M3, kI8, kU8, kBool };

std::string_view DTypeName(DType dtype);  // as safetensors: "F32", "BF16"
std::optional<DType> DTypeFromName(std::string_view name);
size_t DTypeSize(DType dtype);  // bytes

// Somebody else's data, perhaps not aligned.
struct TensorView {
  DType dtype = DType::kF32;
  std::vector<int64_t> shape;
  std::span<const std::byte> data;
};

struct Tensor {
  DType dtype = DType::kF32;
  std::vector<int64_t> shape;
  std::vector<std::byte> data;

  // The values must fit the shape.
  static Tensor FromFloats(std::vector<int64_t> shape, std::span<const float> values) {
    const auto bytes = std::as_bytes(values);
    return {.dtype = DType::kF32, .shape = std::move(shape), .data = {bytes.begin(), bytes.end()}};
  }
  TensorView view() const { return {dtype, shape, data}; }
};

// Sorted by name, bytewise.
using TensorMap = std::map<std::string, Tensor>;
using TensorViews = std::map<std::string, TensorView>;

TensorViews ViewsOf(const TensorMap& tensors);

// The values of an F32 tensor.
inline std::vector<float> FloatsOf(const TensorView& tensor) {
  std::vector<float> values(tensor.data.size() / sizeof(float));
  std::memcpy(values.data(), tensor.data.data(), values.size() * sizeof(float));
  return values;
}

// The values of an F64, F16 or BF16 tensor as F32, rounded to nearest; copies of other types.
Tensor ToFloat32(const TensorView& tensor);

// False when a floating-point tensor has a NaN or an infinity.
bool AllFinite(const TensorView& tensor);

// SHA-256 over the tensors in the order of their names, each as: name NUL dtype NUL extents separated by "," NUL data. Equal weights have
// equal digests, in whatever file they lie.
std::string WeightsSha256(const TensorViews& tensors);

}  // namespace seedbed::nn
