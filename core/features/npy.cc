#include "core/features/npy.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"

namespace seedbed::features {

std::string NpyHeader(std::string_view dtype, const graph::Shape& shape) {
  constexpr size_t kPrefix = 10, kAlignment = 64;
  std::string dict =
      absl::StrCat("{'descr': '", ToAbsl(dtype), "', 'fortran_order': False, 'shape': (", absl::StrJoin(shape, ", "), ",), }");
  dict.append(kAlignment - 1 - (kPrefix + dict.size()) % kAlignment, ' ');
  dict += '\n';
  std::string header = {'\x93', 'N', 'U', 'M', 'P', 'Y', 1, 0};
  header += static_cast<char>(dict.size() % 256);
  header += static_cast<char>(dict.size() / 256);
  return header + dict;
}

std::string NpyFile(const graph::Shape& shape, std::span<const float> values) {
  std::string file = NpyHeader("<f4", shape);
  const auto bytes = std::as_bytes(values);
  file.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return file;
}

}  // namespace seedbed::features
