#include "core/image/png_truecolour.h"

#include <libdeflate.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace seedbed::image {
namespace {

// PNG specification (ISO/IEC 15948), sections 5.3, 9.2 and 11.2.
constexpr size_t kSignatureBytes = 8;
constexpr size_t kChunkOverhead = 12;  // length, type, CRC
constexpr size_t kPixelBytes = 3;
enum FilterType : uint8_t { kNone = 0, kSub = 1, kUp = 2, kAverage = 3, kPaeth = 4 };

struct Chunk {
  std::string_view type;
  FileBytes data;
};

uint32_t ReadBigEndian(const std::byte* bytes) {
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | std::to_integer<uint32_t>(bytes[i]);
  return value;
}

// The chunk that `rest` begins with, taken off it; nothing when it is cut short or its checksum is wrong.
std::optional<Chunk> TakeChunk(FileBytes* rest) {
  if (rest->size() < kChunkOverhead) return std::nullopt;
  const size_t length = ReadBigEndian(rest->data());
  if (length > rest->size() - kChunkOverhead) return std::nullopt;
  const FileBytes covered = rest->subspan(4, length + 4);
  if (libdeflate_crc32(0, covered.data(), covered.size()) != ReadBigEndian(rest->data() + 8 + length)) return std::nullopt;
  *rest = rest->subspan(length + kChunkOverhead);
  return Chunk{std::string_view(reinterpret_cast<const char*>(covered.data()), 4), covered.subspan(4)};
}

bool IsCritical(std::string_view type) { return (type[0] & 0x20) == 0; }

// Bit depth 8, truecolour, the one compression and filter method, no interlacing.
bool IsPlainTruecolour(const Chunk& first) {
  constexpr std::array<std::byte, 5> kForm = {std::byte{8}, std::byte{2}, std::byte{0}, std::byte{0}, std::byte{0}};
  return first.type == "IHDR" && first.data.size() == 13 && std::equal(kForm.begin(), kForm.end(), first.data.begin() + 8);
}

// The compressed picture: the data of all IDAT chunks, which stand in one row. They are copied together only when there are several.
class CompressedPicture {
 public:
  // False when the file is not one that this decoder is for.
  bool Read(FileBytes file) {
    FileBytes rest = file.subspan(std::min(kSignatureBytes, file.size()));
    std::optional<Chunk> chunk = TakeChunk(&rest);
    if (!chunk || !IsPlainTruecolour(*chunk)) return false;
    bool in_row = false;
    while ((chunk = TakeChunk(&rest))) {
      if (chunk->type == "IEND") return !data_.empty();
      const bool is_data = chunk->type == "IDAT";
      if (is_data && !data_.empty() && !in_row) return false;
      if (!is_data && (IsCritical(chunk->type) || chunk->type == "tRNS")) return false;
      if (is_data) Append(chunk->data);
      in_row = is_data;
    }
    return false;
  }

  FileBytes data() const { return data_; }

 private:
  void Append(FileBytes part) {
    if (data_.empty()) {
      data_ = part;
      return;
    }
    if (joined_.empty()) joined_.assign(data_.begin(), data_.end());
    joined_.insert(joined_.end(), part.begin(), part.end());
    data_ = joined_;
  }

  FileBytes data_;
  std::vector<std::byte> joined_;
};

struct FreeDecompressor {
  void operator()(libdeflate_decompressor* decompressor) const { libdeflate_free_decompressor(decompressor); }
};

// True when `compressed` is exactly one zlib stream of exactly target.size() bytes.
bool Inflate(FileBytes compressed, std::span<uint8_t> target) {
  const std::unique_ptr<libdeflate_decompressor, FreeDecompressor> decompressor(libdeflate_alloc_decompressor());
  if (decompressor == nullptr) return false;
  size_t read = 0;
  const libdeflate_result result =
      libdeflate_zlib_decompress_ex(decompressor.get(), compressed.data(), compressed.size(), target.data(), target.size(), &read, nullptr);
  return result == LIBDEFLATE_SUCCESS && read == compressed.size();
}

// A pixel's channels side by side, one more byte than it has: filters work on each lane by itself, so the compiler can keep a pixel in one
// register and choose without branches, which would be mispredicted in every noisy photo. The lanes beyond the pixel hold nothing of use.
using Lanes = int16_t __attribute__((vector_size(16)));
using LaneBytes = uint8_t __attribute__((vector_size(8)));
constexpr size_t kLoadedBytes = 4;

Lanes Load(const uint8_t* pixel) {
  LaneBytes bytes = {};
  std::memcpy(&bytes, pixel, kLoadedBytes);
  return __builtin_convertvector(bytes, Lanes);
}

void Store(Lanes lanes, uint8_t* pixel) {
  const LaneBytes bytes = __builtin_convertvector(lanes, LaneBytes);
  std::memcpy(pixel, &bytes, kLoadedBytes);
}

Lanes Magnitude(Lanes x) { return x < 0 ? -x : x; }

// The neighbours of a byte are its left one (a), the one above (b) and the one above a (c).
Lanes PaethPredictor(Lanes a, Lanes b, Lanes c) {
  const Lanes pa = Magnitude(b - c);
  const Lanes pb = Magnitude(a - c);
  const Lanes pc = Magnitude((b - c) + (a - c));
  const Lanes of_row_above = pb <= pc ? b : c;
  return ((pa <= pb) & (pa <= pc)) ? a : of_row_above;
}

// Undoes the filter of one line. `target` begins before `line` and may overlap it: every byte is read before its place is written, though
// each access touches one byte past its pixel.
template <typename Predictor>
void UndoFilter(const uint8_t* line, const uint8_t* above, size_t bytes, Predictor predict, uint8_t* target) {
  Lanes left = {};
  Lanes above_left = {};
  for (size_t i = 0; i < bytes; i += kPixelBytes) {
    const Lanes up = Load(above + i);
    left = (Load(line + i) + predict(left, up, above_left)) & 0xff;
    above_left = up;
    Store(left, target + i);
  }
}

// False when there is no such filter.
bool UndoFilter(uint8_t type, const uint8_t* line, const uint8_t* above, size_t bytes, uint8_t* target) {
  constexpr auto kLeft = [](Lanes a, Lanes, Lanes) { return a; };
  constexpr auto kAbove = [](Lanes, Lanes b, Lanes) { return b; };
  constexpr auto kMean = [](Lanes a, Lanes b, Lanes) { return (a + b) >> 1; };
  constexpr auto kNearest = [](Lanes a, Lanes b, Lanes c) { return PaethPredictor(a, b, c); };
  switch (type) {
    case kNone:
      std::memmove(target, line, bytes);
      break;
    case kSub:
      UndoFilter(line, above, bytes, kLeft, target);
      break;
    case kUp:
      UndoFilter(line, above, bytes, kAbove, target);
      break;
    case kAverage:
      UndoFilter(line, above, bytes, kMean, target);
      break;
    case kPaeth:
      UndoFilter(line, above, bytes, kNearest, target);
      break;
    default:
      return false;
  }
  return true;
}

}  // namespace

bool DecodeTruecolourPng(FileBytes file, const ImageHeader& header, std::vector<uint8_t>* rgb) {
  CompressedPicture compressed;
  if (!compressed.Read(file)) return false;
  const size_t line_bytes = kPixelBytes * static_cast<size_t>(header.width);
  const auto height = static_cast<size_t>(header.height);
  const size_t filtered_bytes = (line_bytes + 1) * height;  // each line begins with its filter type
  constexpr size_t kBeyond = kLoadedBytes - kPixelBytes;
  rgb->resize(filtered_bytes + kBeyond);
  if (!Inflate(compressed.data(), std::span(*rgb).first(filtered_bytes))) return false;
  const std::vector<uint8_t> black(line_bytes + kBeyond);
  const uint8_t* above = black.data();
  const uint8_t* line = rgb->data();
  uint8_t* target = rgb->data();
  for (size_t y = 0; y < height; ++y, line += line_bytes + 1, target += line_bytes) {
    if (!UndoFilter(*line, line + 1, above, line_bytes, target)) return false;
    above = target;
  }
  rgb->resize(line_bytes * height);
  return true;
}

}  // namespace seedbed::image
