#include "core/features/export.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/csv.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"
#include "core/features/npy.h"
#include "core/nn/half.h"

namespace seedbed::features {
namespace fs = std::filesystem;
namespace {

// A file that is begun anew.
class OutputFile {
 public:
  explicit OutputFile(fs::path path) : path_(std::move(path)) {}
  absl::Status Open() {
    fd_ = UniqueFd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    return fd_.valid() ? absl::OkStatus() : ErrnoStatus(errno, "create", path_);
  }
  absl::Status Write(std::span<const std::byte> bytes) const { return WriteAll(fd_.get(), bytes, path_); }

 private:
  const fs::path path_;
  UniqueFd fd_;
};

// Calls `take` with the rows of each chunk: the first one's number, and all values.
absl::Status ForEachChunk(const FeatureSet& set, const GoOn& go_on,
                          const std::function<absl::Status(size_t first, std::span<const float> rows)>& take) {
  std::vector<float> rows;
  for (size_t first = 0; first < set.size(); first += set.chunk_rows()) {
    if (go_on && !go_on()) return absl::CancelledError("the export was stopped");
    const size_t count = std::min(set.chunk_rows(), set.size() - first);
    rows.resize(count * set.info().row_values());
    SB_RETURN_IF_ERROR(set.ReadRows(first, count, rows));
    SB_RETURN_IF_ERROR(take(first, rows));
  }
  return absl::OkStatus();
}

void AppendLine(const FeatureSetInfo& info, size_t row, std::span<const float> values, std::string* csv) {
  absl::StrAppend(csv, CsvField(info.paths[row]), ",", CsvField(info.classes[static_cast<size_t>(info.labels[row])]), ",",
                  info.sha256[row]);
  for (const float value : values) {
    char digits[32];
    const auto end = std::to_chars(std::begin(digits), std::end(digits), value).ptr;
    csv->push_back(',');
    csv->append(digits, end);
  }
  csv->push_back('\n');
}

}  // namespace

absl::Status WriteFeaturesNpy(const FeatureSet& set, const fs::path& file, const GoOn& go_on) {
  const bool halves = set.info().dtype == nn::DType::kF16;
  graph::Shape shape = {static_cast<int64_t>(set.size())};
  shape.insert(shape.end(), set.info().shape.begin(), set.info().shape.end());
  const std::string header = NpyHeader(halves ? "<f2" : "<f4", shape);
  OutputFile output(file);
  SB_RETURN_IF_ERROR(output.Open());
  SB_RETURN_IF_ERROR(output.Write(std::as_bytes(std::span(header))));
  std::vector<uint16_t> rounded;
  return ForEachChunk(set, go_on, [&](size_t, std::span<const float> rows) {
    if (!halves) return output.Write(std::as_bytes(rows));
    rounded.resize(rows.size());
    std::transform(rows.begin(), rows.end(), rounded.begin(), nn::HalfFromFloat);
    return output.Write(std::as_bytes(std::span(rounded)));
  });
}

absl::Status WriteLabelsNpy(const FeatureSet& set, const fs::path& file) {
  const std::string header = NpyHeader("<i4", {static_cast<int64_t>(set.size())});
  OutputFile output(file);
  SB_RETURN_IF_ERROR(output.Open());
  SB_RETURN_IF_ERROR(output.Write(std::as_bytes(std::span(header))));
  return output.Write(std::as_bytes(std::span(set.info().labels)));
}

absl::Status WriteCsv(const FeatureSet& set, bool values, const fs::path& file, const GoOn& go_on) {
  const FeatureSetInfo& info = set.info();
  std::string csv = "path,class,sha256";
  for (size_t i = 0; values && i < info.row_values(); ++i) absl::StrAppend(&csv, ",", i);
  csv += '\n';
  OutputFile output(file);
  SB_RETURN_IF_ERROR(output.Open());
  if (!values) {
    for (size_t row = 0; row < set.size(); ++row) AppendLine(info, row, {}, &csv);
    return output.Write(std::as_bytes(std::span(csv)));
  }
  return ForEachChunk(set, go_on, [&](size_t first, std::span<const float> rows) {
    for (size_t i = 0; i < rows.size() / info.row_values(); ++i) {
      AppendLine(info, first + i, rows.subspan(i * info.row_values(), info.row_values()), &csv);
    }
    const absl::Status written = output.Write(std::as_bytes(std::span(csv)));
    csv.clear();
    return written;
  });
}

}  // namespace seedbed::features
