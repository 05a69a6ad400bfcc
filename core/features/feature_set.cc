#include "core/features/feature_set.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"
#include "core/nn/half.h"
#include "core/nn/tensor.h"
#include "nlohmann/json.hpp"

namespace seedbed::features {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;

constexpr char kFeaturesName[] = "features";
constexpr char kLabelsName[] = "labels";
// Of a chunk. Small enough for little to be lost and decoded in vain, large enough to be read at the disk's speed.
constexpr size_t kChunkBytes = size_t{2} << 20;
constexpr size_t kMaxChunkRows = 512;

// NumPy's names; it has no bfloat16.
std::string NumpyType(nn::DType dtype) {
  if (dtype == nn::DType::kF32) return "<f4";
  return dtype == nn::DType::kF16 ? "<f2" : "<u2";
}

ZarrArray FeaturesArray(const FeatureSetInfo& info, const Compression& compression) {
  ZarrArray array;
  array.shape = {static_cast<int64_t>(info.labels.size())};
  array.shape.insert(array.shape.end(), info.shape.begin(), info.shape.end());
  array.dtype = NumpyType(info.dtype);
  array.compression = compression;
  const size_t rows = std::clamp<size_t>(kChunkBytes / array.row_bytes(), 1, kMaxChunkRows);
  array.chunk_rows = static_cast<int64_t>(std::min(rows, info.labels.size()));
  return array;
}

ZarrArray LabelsArray(const FeatureSetInfo& info, const Compression& compression) {
  const int64_t rows = static_cast<int64_t>(info.labels.size());
  return {.shape = {rows}, .chunk_rows = rows, .dtype = "<i4", .compression = compression};
}

// What a part of the same set has in its folder already is kept; else everything in it goes.
absl::Status PrepareFolder(const fs::path& folder, const json& description) {
  const absl::StatusOr<json> stored = ReadZarrAttributes(folder);
  if (stored.ok() && *stored == description) {
    RemoveUnfinishedFiles(folder);
    return absl::OkStatus();
  }
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) SB_RETURN_IF_ERROR(RemoveAll(it->path()));
  return WriteZarrGroup(folder, description);
}

void Widen(nn::DType dtype, std::span<const std::byte> stored, std::span<float> values) {
  if (dtype == nn::DType::kF32) {
    std::memcpy(values.data(), stored.data(), stored.size());
    return;
  }
  for (size_t i = 0; i < values.size(); ++i) {
    uint16_t bits;
    std::memcpy(&bits, &stored[i * sizeof(bits)], sizeof(bits));
    values[i] = dtype == nn::DType::kF16 ? nn::FloatFromHalf(bits) : nn::FloatFromBfloat(bits);
  }
}

void Round(nn::DType dtype, std::span<const float> values, std::byte* stored) {
  if (dtype == nn::DType::kF32) {
    std::memcpy(stored, values.data(), values.size_bytes());
    return;
  }
  for (size_t i = 0; i < values.size(); ++i) {
    const uint16_t bits = dtype == nn::DType::kF16 ? nn::HalfFromFloat(values[i]) : nn::BfloatFromFloat(values[i]);
    std::memcpy(stored + i * sizeof(bits), &bits, sizeof(bits));
  }
}

// Rows of one file of floats.
class MappedFloats : public StoredRows {
 public:
  MappedFloats(MappedFile file, size_t row_bytes) : file_(std::move(file)), row_bytes_(row_bytes) {}
  size_t size() const override { return file_.bytes().size() / row_bytes_; }
  std::span<const uint8_t> row(size_t i) const override {
    const std::span<const std::byte> bytes = file_.bytes().subspan(i * row_bytes_, row_bytes_);
    return {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
  }

 private:
  const MappedFile file_;
  const size_t row_bytes_;
};

absl::StatusOr<FeatureSetInfo> ReadInfo(const fs::path& folder) {
  SB_RETURN_IF_ERROR(CheckZarrGroup(folder));
  SB_ASSIGN_OR_RETURN(const json attributes, ReadZarrAttributes(folder));
  absl::StatusOr<FeatureSetInfo> info = FeatureSetInfoFromJson(attributes);
  if (!info.ok()) return Annotate(info.status(), (folder / ".zattrs").string());
  return info;
}

absl::StatusOr<std::vector<int32_t>> ReadLabels(const fs::path& folder) {
  SB_ASSIGN_OR_RETURN(const ZarrArrayReader reader, ZarrArrayReader::Open(folder));
  const ZarrArray& array = reader.array();
  if (array.shape.size() != 1 || array.dtype != "<i4") return absl::DataLossError(absl::StrCat(folder.string(), ": not a list of labels"));
  std::vector<int32_t> labels(array.chunks() * static_cast<size_t>(array.chunk_rows));
  for (size_t number = 0; number < array.chunks(); ++number) {
    const size_t begin = number * array.chunk_bytes();
    SB_RETURN_IF_ERROR(reader.ReadChunk(number, "", std::as_writable_bytes(std::span(labels)).subspan(begin, array.chunk_bytes())));
  }
  labels.resize(static_cast<size_t>(array.shape[0]));
  return labels;
}

// The digests of the chunk files; none when another program wrote the array.
absl::StatusOr<std::vector<std::string>> ReadChunkDigests(const fs::path& folder, size_t chunks) {
  SB_ASSIGN_OR_RETURN(const json attributes, ReadZarrAttributes(folder));
  const auto found = attributes.find("chunk_sha256");
  if (found == attributes.end()) return std::vector<std::string>();
  const auto is_text = [](const json& item) { return item.is_string(); };
  if (!found->is_array() || found->size() != chunks || !std::all_of(found->begin(), found->end(), is_text)) {
    return absl::DataLossError(absl::StrCat((folder / ".zattrs").string(), ": chunk_sha256 is not a list of ", chunks, " digests"));
  }
  return found->get<std::vector<std::string>>();
}

}  // namespace

FeatureSetWriter::FeatureSetWriter(FeatureSetInfo info, ZarrArrayWriter features)
    : info_(std::move(info)), features_(std::move(features)) {}

absl::StatusOr<FeatureSetWriter> FeatureSetWriter::Open(const fs::path& folder, const FeatureSetInfo& info,
                                                        const Compression& compression) {
  SB_RETURN_IF_ERROR(CheckFeatureSetInfo(info));
  const ZarrArray array = FeaturesArray(info, compression);
  SB_RETURN_IF_ERROR(PrepareFolder(folder, FeatureSetInfoToJson(info)));
  SB_ASSIGN_OR_RETURN(const ZarrArrayWriter labels, ZarrArrayWriter::Open(folder / kLabelsName, LabelsArray(info, compression)));
  SB_RETURN_IF_ERROR(labels.WriteChunk(0, std::as_bytes(std::span(info.labels))).status());
  SB_ASSIGN_OR_RETURN(ZarrArrayWriter features, ZarrArrayWriter::Open(folder / kFeaturesName, array));
  FeatureSetWriter writer(info, std::move(features));
  SB_RETURN_IF_ERROR(writer.TakeStoredChunks(folder / kFeaturesName));
  return writer;
}

absl::Status FeatureSetWriter::TakeStoredChunks(const fs::path& folder) {
  SB_ASSIGN_OR_RETURN(const ZarrArrayReader reader, ZarrArrayReader::Open(folder));
  std::vector<std::byte> chunk(features_.array().chunk_bytes());
  for (size_t number = 0; number < features_.array().chunks(); ++number) {
    if (!reader.ReadChunk(number, "", chunk).ok()) break;
    SB_ASSIGN_OR_RETURN(std::string digest, Sha256HexOfFile(reader.ChunkPath(number)));
    chunk_sha256_.push_back(std::move(digest));
  }
  rows_written_ = std::min(info_.labels.size(), chunk_sha256_.size() * static_cast<size_t>(features_.array().chunk_rows));
  return absl::OkStatus();
}

absl::Status FeatureSetWriter::Append(std::span<const float> rows) {
  const size_t values = info_.row_values(), chunk_rows = static_cast<size_t>(features_.array().chunk_rows);
  if (rows.size() % values != 0 || rows.size() / values > info_.labels.size() - rows_written_) {
    return absl::InvalidArgumentError(absl::StrCat(rows.size(), " values are not the rows that are missing"));
  }
  for (; !rows.empty(); rows = rows.subspan(values)) {
    const std::span<const float> row = rows.first(values);
    SB_RETURN_IF_ERROR(CheckRow(row));
    const size_t begin = chunk_.size();
    chunk_.resize(begin + features_.array().row_bytes());
    Round(info_.dtype, row, &chunk_[begin]);
    ++rows_written_;
    if (rows_written_ % chunk_rows == 0 || rows_written_ == info_.labels.size()) SB_RETURN_IF_ERROR(WriteChunk());
  }
  return absl::OkStatus();
}

absl::Status FeatureSetWriter::CheckRow(std::span<const float> row) const {
  constexpr float kTooLargeForHalf = 65'520;  // rounds to infinity
  const std::string& path = info_.paths[rows_written_];
  for (const float value : row) {
    if (!std::isfinite(value)) return absl::InvalidArgumentError(absl::StrCat("the features of '", path, "' are not finite"));
    if (info_.dtype == nn::DType::kF16 && std::abs(value) >= kTooLargeForHalf) {
      return absl::InvalidArgumentError(
          absl::StrCat("a feature of '", path, "' is ", value, ", which float16 cannot hold; use bfloat16 or float32"));
    }
  }
  return absl::OkStatus();
}

absl::Status FeatureSetWriter::WriteChunk() {
  chunk_.resize(features_.array().chunk_bytes());
  SB_ASSIGN_OR_RETURN(std::string digest, features_.WriteChunk(chunk_sha256_.size(), chunk_));
  chunk_sha256_.push_back(std::move(digest));
  chunk_.clear();
  return absl::OkStatus();
}

absl::Status FeatureSetWriter::Finish() {
  if (rows_written_ != info_.labels.size()) {
    return absl::FailedPreconditionError(absl::StrCat("only ", rows_written_, " of ", info_.labels.size(), " rows are written"));
  }
  return features_.WriteAttributes({{"dtype", std::string(FeatureDTypeName(info_.dtype))}, {"chunk_sha256", chunk_sha256_}});
}

FeatureSet::FeatureSet(FeatureSetInfo info, ZarrArrayReader features, std::vector<std::string> chunk_sha256)
    : info_(std::move(info)), features_(std::move(features)), chunk_sha256_(std::move(chunk_sha256)) {}

absl::StatusOr<FeatureSet> FeatureSet::Open(const fs::path& folder) {
  SB_ASSIGN_OR_RETURN(FeatureSetInfo info, ReadInfo(folder));
  SB_ASSIGN_OR_RETURN(info.labels, ReadLabels(folder / kLabelsName));
  if (const absl::Status checked = CheckFeatureSetInfo(info); !checked.ok()) {
    return absl::DataLossError(absl::StrCat(folder.string(), ": ", checked.message()));
  }
  const fs::path array_folder = folder / kFeaturesName;
  SB_ASSIGN_OR_RETURN(ZarrArrayReader features, ZarrArrayReader::Open(array_folder));
  const ZarrArray expected = FeaturesArray(info, {});
  if (const ZarrArray& array = features.array(); array.shape != expected.shape || array.dtype != expected.dtype) {
    return absl::DataLossError(absl::StrCat(array_folder.string(), ": it is ", array.dtype, " ", graph::FormatShape(array.shape),
                                            " rather than ", expected.dtype, " ", graph::FormatShape(expected.shape)));
  }
  SB_ASSIGN_OR_RETURN(std::vector<std::string> digests, ReadChunkDigests(array_folder, features.array().chunks()));
  return FeatureSet(std::move(info), std::move(features), std::move(digests));
}

absl::Status FeatureSet::ReadRows(size_t first, size_t count, std::span<float> rows) const {
  if (first > size() || count > size() - first || rows.size() != count * info_.row_values()) {
    return absl::InvalidArgumentError(absl::StrCat("there are no ", count, " rows from ", first, " on, or there is no room for them"));
  }
  const ZarrArray& array = features_.array();
  std::vector<std::byte> chunk(array.chunk_bytes());
  while (count > 0) {
    const size_t number = first / chunk_rows(), row = first % chunk_rows(), taken = std::min(count, chunk_rows() - row);
    SB_RETURN_IF_ERROR(features_.ReadChunk(number, chunk_sha256_.empty() ? "" : chunk_sha256_[number], chunk));
    const size_t values = taken * info_.row_values();
    Widen(info_.dtype, std::span(chunk).subspan(row * array.row_bytes(), taken * array.row_bytes()), rows.first(values));
    rows = rows.subspan(values);
    first += taken;
    count -= taken;
  }
  return absl::OkStatus();
}

absl::StatusOr<FeatureRows> FeatureSet::Map(const fs::path& scratch_folder, const std::function<bool()>& go_on) const {
  SB_RETURN_IF_ERROR(CreateDirectories(scratch_folder));
  std::string path = (scratch_folder / ".features.XXXXXX").string();
  const UniqueFd fd(::mkostemp(path.data(), O_CLOEXEC));
  if (!fd.valid()) return ErrnoStatus(errno, "create", path);
  ::unlink(path.c_str());  // whatever happens to this process, the file goes with it
  SB_RETURN_IF_ERROR(WriteFloats(fd.get(), path, go_on));
  SB_ASSIGN_OR_RETURN(MappedFile file, MappedFile::Open(absl::StrCat("/proc/self/fd/", fd.get())));
  return FeatureRows(std::make_unique<MappedFloats>(std::move(file), info_.row_values() * sizeof(float)));
}

absl::Status FeatureSet::WriteFloats(int fd, const fs::path& path, const std::function<bool()>& go_on) const {
  std::vector<float> rows;
  for (size_t first = 0; first < size(); first += chunk_rows()) {
    if (go_on && !go_on()) return absl::CancelledError("reading features was stopped");
    const size_t count = std::min(chunk_rows(), size() - first);
    rows.resize(count * info_.row_values());
    SB_RETURN_IF_ERROR(ReadRows(first, count, rows));
    SB_RETURN_IF_ERROR(WriteAll(fd, std::as_bytes(std::span(rows)), path));
  }
  return absl::OkStatus();
}

}  // namespace seedbed::features
