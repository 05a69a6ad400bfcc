#include "core/nn/tensor.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/digest.h"
#include "core/base/status_macros.h"
#include "core/nn/half.h"

namespace seedbed::nn {
namespace {

struct DTypeInfo {
  DType dtype;
  std::string_view name;
  size_t size;
  // Of floating-point types whose largest exponent means NaN or infinity: its bits. 0: the type cannot hold them, or is no float.
  uint64_t exponent_mask;
};

constexpr std::array<DTypeInfo, 15> kTypes = {{
    {DType::kU64, "U64", 8, 0},
    {DType::kI64, "I64", 8, 0},
    {DType::kF64, "F64", 8, 0x7FF0'0000'0000'0000},
    {DType::kF32, "F32", 4, 0x7F80'0000},
    {DType::kU32, "U32", 4, 0},
    {DType::kI32, "I32", 4, 0},
    {DType::kBF16, "BF16", 2, 0x7F80},
    {DType::kF16, "F16", 2, 0x7C00},
    {DType::kU16, "U16", 2, 0},
    {DType::kI16, "I16", 2, 0},
    {DType::kF8E5M2, "F8_E5M2", 1, 0x7C},
    {DType::kF8E4M3, "F8_E4M3", 1, 0x7F},  // has one NaN, all bits set, and no infinity
    {DType::kI8, "I8", 1, 0},
    {DType::kU8, "U8", 1, 0},
    {DType::kBool, "BOOL", 1, 0},
}};

const DTypeInfo& InfoOf(DType dtype) { return kTypes[static_cast<size_t>(dtype)]; }

template <typename Bits>
bool NoneHasAllOf(std::span<const std::byte> data, uint64_t mask) {
  const Bits bits = static_cast<Bits>(mask);
  for (size_t i = 0; i < data.size(); i += sizeof(Bits)) {
    Bits value;
    std::memcpy(&value, data.data() + i, sizeof(value));
    if ((value & bits) == bits) return false;
  }
  return true;
}

float FromDouble(double value) { return static_cast<float>(value); }

template <typename Stored>
Tensor Converted(const TensorView& tensor, float (*convert)(Stored)) {
  std::vector<float> values(tensor.data.size() / sizeof(Stored));
  for (size_t i = 0; i < values.size(); ++i) {
    Stored value;
    std::memcpy(&value, tensor.data.data() + i * sizeof(value), sizeof(value));
    values[i] = convert(value);
  }
  return Tensor::FromFloats(tensor.shape, values);
}

}  // namespace

std::string_view DTypeName(DType dtype) { return InfoOf(dtype).name; }
size_t DTypeSize(DType dtype) { return InfoOf(dtype).size; }

std::optional<DType> DTypeFromName(std::string_view name) {
  const auto found = std::find_if(kTypes.begin(), kTypes.end(), [&](const DTypeInfo& info) { return info.name == name; });
  return found == kTypes.end() ? std::nullopt : std::optional(found->dtype);
}

TensorViews ViewsOf(const TensorMap& tensors) {
  TensorViews views;
  for (const auto& [name, tensor] : tensors) views.emplace(name, tensor.view());
  return views;
}

Tensor ToFloat32(const TensorView& tensor) {
  switch (tensor.dtype) {
    case DType::kF64:
      return Converted<double>(tensor, FromDouble);
    case DType::kF16:
      return Converted<uint16_t>(tensor, FloatFromHalf);
    case DType::kBF16:
      return Converted<uint16_t>(tensor, FloatFromBfloat);
    default:
      return {.dtype = tensor.dtype, .shape = tensor.shape, .data = {tensor.data.begin(), tensor.data.end()}};
  }
}

bool AllFinite(const TensorView& tensor) {
  const DTypeInfo& info = InfoOf(tensor.dtype);
  if (info.exponent_mask == 0) return true;
  switch (info.size) {
    case 8:
      return NoneHasAllOf<uint64_t>(tensor.data, info.exponent_mask);
    case 4:
      return NoneHasAllOf<uint32_t>(tensor.data, info.exponent_mask);
    case 2:
      return NoneHasAllOf<uint16_t>(tensor.data, info.exponent_mask);
    default:
      return NoneHasAllOf<uint8_t>(tensor.data, info.exponent_mask);
  }
}

std::string WeightsSha256(const TensorViews& tensors) {
  using std::string_view_literals::operator""sv;
  Sha256 hash;
  for (const auto& [name, tensor] : tensors) {
    hash.Update(name);
    hash.Update("\0"sv);
    hash.Update(DTypeName(tensor.dtype));
    hash.Update("\0"sv);
    hash.Update(absl::StrJoin(tensor.shape, ","));
    hash.Update("\0"sv);
    hash.Update(tensor.data);
  }
  return hash.FinishHex();
}

}  // namespace seedbed::nn
