#include "core/features/zarr.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"
#include "core/features/blosc.h"

namespace seedbed::features {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;

static_assert(std::endian::native == std::endian::little, "the file format is the memory's");

constexpr char kGroupName[] = ".zgroup";
constexpr char kArrayName[] = ".zarray";
constexpr char kAttributesName[] = ".zattrs";
constexpr int kFormat = 2;
constexpr uint64_t kMaxJsonBytes = uint64_t{1} << 30;  // attributes hold a path for each image
constexpr int64_t kMaxRows = int64_t{1} << 40;

const std::map<std::string, size_t, std::less<>>& ItemBytes() {
  static const auto* const kBytes = new std::map<std::string, size_t, std::less<>>{
      {"<f8", 8}, {"<i8", 8}, {"<u8", 8}, {"<f4", 4}, {"<i4", 4}, {"<u4", 4}, {"<f2", 2}, {"<i2", 2}, {"<u2", 2}, {"|i1", 1}, {"|u1", 1}};
  return *kBytes;
}

// INVALID_ARGUMENT for arrays that cannot be.
absl::Status Check(const ZarrArray& array) {
  if (!ItemBytes().contains(array.dtype)) return absl::InvalidArgumentError(absl::StrCat("the type '", array.dtype, "' is not known"));
  if (array.shape.empty()) return absl::InvalidArgumentError("an array without rows");
  if (array.shape[0] > kMaxRows) return absl::InvalidArgumentError(absl::StrCat(array.shape[0], " rows are too many"));
  size_t chunk_bytes = array.item_bytes();
  std::vector<int64_t> chunk = array.shape;
  chunk[0] = array.chunk_rows;
  for (size_t axis = 0; axis < chunk.size(); ++axis) {
    if (array.shape[axis] < 1 || chunk[axis] < 1) return absl::InvalidArgumentError("an extent below 1");
    if (static_cast<uint64_t>(chunk[axis]) > kMaxBloscBytes / chunk_bytes) {
      return absl::InvalidArgumentError(absl::StrCat("chunks of more than ", kMaxBloscBytes, " bytes"));
    }
    chunk_bytes *= static_cast<size_t>(chunk[axis]);
  }
  return absl::OkStatus();
}

json ArrayJson(const ZarrArray& array) {
  std::vector<int64_t> chunks = array.shape;
  chunks[0] = array.chunk_rows;
  json compressor = nullptr;
  if (!array.compression.codec.empty()) {
    compressor = {{"id", "blosc"},
                  {"cname", array.compression.codec},
                  {"clevel", array.compression.level},
                  {"shuffle", array.compression.shuffle ? 1 : 0},
                  {"blocksize", 0}};
  }
  return {{"zarr_format", kFormat},   {"shape", array.shape},  {"chunks", chunks}, {"dtype", array.dtype},
          {"compressor", compressor}, {"fill_value", nullptr}, {"order", "C"},     {"filters", nullptr}};
}

absl::StatusOr<json> ReadJsonObject(const fs::path& file) {
  SB_ASSIGN_OR_RETURN(const std::string text, ReadFile(file, kMaxJsonBytes));
  json value = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!value.is_object()) return absl::DataLossError(absl::StrCat(file.string(), ": it is no JSON object"));
  return value;
}

absl::Status PublishJson(const fs::path& file, const json& value) { return PublishFile(file, value.dump(1) + "\n"); }

struct StoredArray {
  ZarrArray array;
  json fill_value;
  std::string separator;
};

absl::Status CheckKind(const json& value) {
  if (value.at("zarr_format") != kFormat) return absl::UnimplementedError("only Zarr format 2 is read");
  if (value.at("order") != "C") return absl::UnimplementedError("only arrays in C order are read");
  if (const json& filters = value.at("filters"); !filters.is_null() && !filters.empty()) {
    return absl::UnimplementedError("arrays with filters are not read");
  }
  const json& compressor = value.at("compressor");
  if (compressor.is_null() || compressor.at("id") == "blosc") return absl::OkStatus();
  return absl::UnimplementedError(absl::StrCat("the compressor ", compressor.at("id").dump(), " is not read, only blosc or none"));
}

absl::StatusOr<StoredArray> ParseArray(const json& value) {
  SB_RETURN_IF_ERROR(CheckKind(value));
  StoredArray stored;
  stored.array.shape = value.at("shape").get<std::vector<int64_t>>();
  stored.array.dtype = value.at("dtype").get<std::string>();
  const auto chunks = value.at("chunks").get<std::vector<int64_t>>();
  if (chunks.size() != stored.array.shape.size() || chunks.empty()) return absl::DataLossError("chunks and shape do not fit");
  if (!std::equal(chunks.begin() + 1, chunks.end(), stored.array.shape.begin() + 1)) {
    return absl::UnimplementedError("only chunks of whole rows are read");
  }
  stored.array.chunk_rows = chunks[0];
  if (absl::Status checked = Check(stored.array); !checked.ok()) return absl::DataLossError(checked.message());
  stored.array.compression.codec = "";
  if (const json& compressor = value.at("compressor"); !compressor.is_null()) {
    stored.array.compression = {.codec = compressor.value("cname", "lz4"), .level = compressor.value("clevel", 5), .shuffle = false};
    stored.array.compression.shuffle = compressor.value("shuffle", 1) != 0;
  }
  stored.fill_value = value.at("fill_value");
  stored.separator = value.value("dimension_separator", ".");
  if (stored.separator != "." && stored.separator != "/") return absl::DataLossError("an unknown dimension_separator");
  return stored;
}

template <typename T>
std::vector<std::byte> BytesOf(T value) {
  std::vector<std::byte> bytes(sizeof(value));
  std::memcpy(bytes.data(), &value, sizeof(value));
  return bytes;
}

// One item; nullopt for values that few would choose.
std::optional<std::vector<std::byte>> FillItem(const json& value, const ZarrArray& array) {
  if (value.is_null()) return std::vector<std::byte>();
  if (!value.is_number()) return std::nullopt;
  if (value.get<double>() == 0) return std::vector<std::byte>(array.item_bytes());
  if (array.dtype == "<f4") return BytesOf(value.get<float>());
  if (array.dtype == "<i4") return BytesOf(value.get<int32_t>());
  return std::nullopt;
}

// "3.0.0" for chunk 3 of an array of images.
std::string ChunkKey(size_t number, size_t axes, std::string_view separator) {
  std::string key = absl::StrCat(number);
  for (size_t axis = 1; axis < axes; ++axis) absl::StrAppend(&key, ToAbsl(separator), "0");
  return key;
}

}  // namespace

size_t ZarrArray::item_bytes() const {
  const auto found = ItemBytes().find(dtype);
  return found == ItemBytes().end() ? 0 : found->second;
}

size_t ZarrArray::row_bytes() const {
  size_t bytes = item_bytes();
  for (size_t axis = 1; axis < shape.size(); ++axis) bytes *= static_cast<size_t>(shape[axis]);
  return bytes;
}

absl::Status WriteZarrGroup(const fs::path& folder, const json& attributes) {
  SB_RETURN_IF_ERROR(CreateDirectories(folder));
  SB_RETURN_IF_ERROR(PublishJson(folder / kGroupName, {{"zarr_format", kFormat}}));
  return PublishJson(folder / kAttributesName, attributes);
}

absl::StatusOr<json> ReadZarrAttributes(const fs::path& folder) {
  absl::StatusOr<json> attributes = ReadJsonObject(folder / kAttributesName);
  if (absl::IsNotFound(attributes.status())) return json::object();
  return attributes;
}

absl::Status CheckZarrGroup(const fs::path& folder) {
  SB_ASSIGN_OR_RETURN(const json group, ReadJsonObject(folder / kGroupName));
  if (group.value("zarr_format", json()) == kFormat) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat((folder / kGroupName).string(), ": it is no Zarr group of format 2"));
}

ZarrArrayWriter::ZarrArrayWriter(fs::path folder, ZarrArray array) : folder_(std::move(folder)), array_(std::move(array)) {}

absl::StatusOr<ZarrArrayWriter> ZarrArrayWriter::Open(const fs::path& folder, const ZarrArray& array) {
  SB_RETURN_IF_ERROR(Check(array));
  const fs::path file = folder / kArrayName;
  const json description = ArrayJson(array);
  if (const absl::StatusOr<json> stored = ReadJsonObject(file); !stored.ok() || *stored != description) {
    SB_RETURN_IF_ERROR(RemoveAll(folder));
    SB_RETURN_IF_ERROR(CreateDirectories(folder));
    SB_RETURN_IF_ERROR(PublishJson(file, description));
  }
  RemoveUnfinishedFiles(folder);
  return ZarrArrayWriter(folder, array);
}

absl::StatusOr<std::string> ZarrArrayWriter::WriteChunk(size_t number, std::span<const std::byte> values) const {
  std::vector<std::byte> packed;
  if (const Compression& by = array_.compression; !by.codec.empty()) {
    SB_ASSIGN_OR_RETURN(packed, BloscPack(values, array_.item_bytes(), by.codec, by.level, by.shuffle));
    values = packed;
  }
  SB_RETURN_IF_ERROR(PublishFile(folder_ / ChunkKey(number, array_.shape.size(), "."), std::span(&values, 1)));
  return Sha256Hex(values);
}

absl::Status ZarrArrayWriter::WriteAttributes(const json& attributes) const { return PublishJson(folder_ / kAttributesName, attributes); }

ZarrArrayReader::ZarrArrayReader(fs::path folder, ZarrArray array, std::vector<std::byte> fill, std::string separator)
    : folder_(std::move(folder)), array_(std::move(array)), fill_(std::move(fill)), separator_(std::move(separator)) {}

absl::StatusOr<ZarrArrayReader> ZarrArrayReader::Open(const fs::path& folder) {
  const fs::path file = folder / kArrayName;
  SB_ASSIGN_OR_RETURN(const json value, ReadJsonObject(file));
  absl::StatusOr<StoredArray> stored;
  try {
    stored = ParseArray(value);
  } catch (const json::exception& error) {
    stored = absl::DataLossError(error.what());
  }
  if (!stored.ok()) return Annotate(stored.status(), file.string());
  std::optional<std::vector<std::byte>> fill = FillItem(stored->fill_value, stored->array);
  if (!fill) return absl::UnimplementedError(absl::StrCat(file.string(), ": the fill value ", stored->fill_value.dump(), " is not read"));
  return ZarrArrayReader(folder, std::move(stored->array), *std::move(fill), std::move(stored->separator));
}

fs::path ZarrArrayReader::ChunkPath(size_t number) const { return folder_ / ChunkKey(number, array_.shape.size(), separator_); }

absl::Status ZarrArrayReader::ReadChunk(size_t number, std::string_view sha256, std::span<std::byte> values) const {
  const fs::path file = ChunkPath(number);
  const absl::StatusOr<std::string> content = ReadFile(file, values.size() + kMaxBloscOverhead);
  if (absl::IsNotFound(content.status())) return Fill(file, values);
  // Larger than any chunk of this array can be.
  if (absl::IsInvalidArgument(content.status())) return absl::DataLossError(content.status().message());
  SB_RETURN_IF_ERROR(content.status());
  if (!sha256.empty() && Sha256Hex(*content) != sha256) {
    return absl::DataLossError(absl::StrCat(file.string(), ": its digest is not the one that was stored with the array"));
  }
  const std::span<const std::byte> packed = std::as_bytes(std::span(*content));
  if (!array_.compression.codec.empty()) return Annotate(BloscUnpack(packed, values), file.string());
  if (packed.size() != values.size()) {
    return absl::DataLossError(absl::StrCat(file.string(), ": it has ", packed.size(), " bytes rather than ", values.size()));
  }
  std::copy(packed.begin(), packed.end(), values.begin());
  return absl::OkStatus();
}

absl::Status ZarrArrayReader::Fill(const fs::path& file, std::span<std::byte> values) const {
  if (fill_.empty()) return absl::DataLossError(absl::StrCat(file.string(), " is missing"));
  for (size_t i = 0; i < values.size(); ++i) values[i] = fill_[i % fill_.size()];
  return absl::OkStatus();
}

}  // namespace seedbed::features
