#include "core/features/blosc.h"

#include <blosc.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace seedbed::features {
namespace {

// Several would give the same bytes, but chunks are small.
constexpr int kThreads = 1;
static_assert(kMaxBloscBytes == BLOSC_MAX_BUFFERSIZE);

}  // namespace

absl::StatusOr<std::vector<std::byte>> BloscPack(std::span<const std::byte> values, size_t item_bytes, const std::string& codec, int level,
                                                 bool shuffle) {
  if (blosc_compname_to_compcode(codec.c_str()) < 0) {
    return absl::InvalidArgumentError(absl::StrCat("there is no codec '", codec, "'; known are ", blosc_list_compressors()));
  }
  std::vector<std::byte> packed(values.size() + BLOSC_MAX_OVERHEAD);
  constexpr size_t kAutomaticBlocks = 0;
  const int bytes = blosc_compress_ctx(level, shuffle ? BLOSC_SHUFFLE : BLOSC_NOSHUFFLE, item_bytes, values.size(), values.data(),
                                       packed.data(), packed.size(), codec.c_str(), kAutomaticBlocks, kThreads);
  if (bytes <= 0) return absl::InternalError(absl::StrCat("c-blosc could not pack ", values.size(), " bytes: ", bytes));
  packed.resize(static_cast<size_t>(bytes));
  return packed;
}

absl::Status BloscUnpack(std::span<const std::byte> packed, std::span<std::byte> values) {
  size_t bytes = 0;
  // Checks the header, whose length of the whole it takes for the buffer's.
  if (packed.size() < BLOSC_MIN_HEADER_LENGTH || blosc_cbuffer_validate(packed.data(), packed.size(), &bytes) != 0) {
    return absl::DataLossError(absl::StrCat(packed.size(), " bytes are no whole Blosc chunk"));
  }
  if (bytes != values.size()) return absl::DataLossError(absl::StrCat("it holds ", bytes, " bytes rather than ", values.size()));
  const int unpacked = blosc_decompress_ctx(packed.data(), values.data(), values.size(), kThreads);
  if (unpacked >= 0 && static_cast<size_t>(unpacked) == values.size()) return absl::OkStatus();
  return absl::DataLossError("it cannot be unpacked");
}

}  // namespace seedbed::features
