#include "core/nn/safetensors.h"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "nlohmann/json.hpp"

namespace seedbed::nn {
namespace {

using nlohmann::json;

constexpr uint64_t kMaxHeaderBytes = 100'000'000;
constexpr int kMaxDepth = 3;  // {name: {"shape": [...]}}
constexpr char kMetadataKey[] = "__metadata__";

absl::Status Damaged(std::string_view what) { return absl::DataLossError(absl::StrCat("not a safetensors file: ", ToAbsl(what))); }

// JSON as the format wants it: an object, not deep, no key twice in one object (parsers differ on which one counts).
absl::StatusOr<json> ParseHeader(std::string_view text) {
  std::vector<std::set<std::string>> keys;
  std::string problem;
  const auto watch = [&](int depth, json::parse_event_t event, json& parsed) {
    if (depth > kMaxDepth) problem = "the header is nested too deeply";
    if (event == json::parse_event_t::object_start) keys.emplace_back();
    if (event == json::parse_event_t::object_end) keys.pop_back();
    if (event == json::parse_event_t::key && !keys.back().insert(parsed.get<std::string>()).second) {
      problem = absl::StrCat("the header has '", parsed.get<std::string>(), "' twice");
    }
    return problem.empty();
  };
  json header = json::parse(text, watch, /*allow_exceptions=*/false);
  if (!problem.empty()) return Damaged(problem);
  if (!header.is_object()) return Damaged("the header is not a JSON object in UTF-8");
  return header;
}

absl::StatusOr<uint64_t> UnsignedFrom(const json& value) {
  if (!value.is_number_unsigned()) return Damaged(absl::StrCat("'", value.dump(), "' is not a size"));
  return value.get<uint64_t>();
}

// The bytes a tensor of this shape must have; fails where the product overflows.
absl::StatusOr<uint64_t> BytesOf(const std::vector<int64_t>& shape, DType dtype) {
  uint64_t bytes = DTypeSize(dtype);
  for (const int64_t extent : shape) {
    if (__builtin_mul_overflow(bytes, static_cast<uint64_t>(extent), &bytes)) return Damaged("a shape is too large");
  }
  return bytes;
}

struct Range {
  uint64_t begin = 0;
  uint64_t end = 0;
};

absl::StatusOr<std::pair<TensorView, Range>> ParseTensor(const json& entry) {
  if (!entry.is_object() || entry.size() != 3) return Damaged("an entry has not just dtype, shape and data_offsets");
  const auto dtype_name = entry.find("dtype"), shape = entry.find("shape"), offsets = entry.find("data_offsets");
  if (dtype_name == entry.end() || shape == entry.end() || offsets == entry.end()) return Damaged("an entry lacks a field");
  if (!dtype_name->is_string() || !shape->is_array() || !offsets->is_array() || offsets->size() != 2) {
    return Damaged("an entry has a field of the wrong type");
  }
  const std::optional<DType> dtype = DTypeFromName(dtype_name->get_ref<const std::string&>());
  if (!dtype) return Damaged(absl::StrCat("unknown dtype ", dtype_name->dump()));
  TensorView view{.dtype = *dtype, .shape = {}, .data = {}};
  for (const json& item : *shape) {
    SB_ASSIGN_OR_RETURN(const uint64_t extent, UnsignedFrom(item));
    if (extent > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return Damaged("a shape is too large");
    view.shape.push_back(static_cast<int64_t>(extent));
  }
  Range range;
  SB_ASSIGN_OR_RETURN(range.begin, UnsignedFrom((*offsets)[0]));
  SB_ASSIGN_OR_RETURN(range.end, UnsignedFrom((*offsets)[1]));
  SB_ASSIGN_OR_RETURN(const uint64_t bytes, BytesOf(view.shape, view.dtype));
  if (range.begin > range.end || range.end - range.begin != bytes) return Damaged("a tensor's offsets do not fit its shape and dtype");
  return std::make_pair(std::move(view), range);
}

absl::StatusOr<Metadata> ParseMetadata(const json& entry) {
  if (!entry.is_object()) return Damaged("__metadata__ is not an object");
  Metadata metadata;
  for (const auto& [key, value] : entry.items()) {
    if (!value.is_string()) return Damaged(absl::StrCat("__metadata__ '", key, "' is not a string"));
    metadata.emplace(key, value.get<std::string>());
  }
  return metadata;
}

absl::Status CheckCoverage(std::vector<Range> ranges, uint64_t data_bytes) {
  // Empty tensors may stand anywhere on a border; sorted by both ends they come before what begins there.
  std::sort(ranges.begin(), ranges.end(),
            [](const Range& a, const Range& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
  uint64_t covered = 0;
  for (const Range& range : ranges) {
    if (range.begin < covered) return Damaged("tensors overlap");
    if (range.begin > covered) return Damaged("there is a hole between tensors");
    covered = range.end;
  }
  if (covered == data_bytes) return absl::OkStatus();
  return Damaged(covered < data_bytes ? "there are bytes after the last tensor" : "the file ends before its tensors do");
}

}  // namespace

absl::StatusOr<SafetensorsContent> ParseSafetensors(std::span<const std::byte> file) {
  uint64_t header_bytes = 0;
  if (file.size() < sizeof(header_bytes)) return Damaged("it is too short");
  std::memcpy(&header_bytes, file.data(), sizeof(header_bytes));
  const auto rest = file.subspan(sizeof(header_bytes));
  if (header_bytes > kMaxHeaderBytes || header_bytes > rest.size()) return Damaged("the header does not fit");
  const std::string_view text(reinterpret_cast<const char*>(rest.data()), static_cast<size_t>(header_bytes));
  if (text.empty() || text.front() != '{') return Damaged("the header does not begin with '{'");
  SB_ASSIGN_OR_RETURN(const json header, ParseHeader(text));

  const auto data = rest.subspan(static_cast<size_t>(header_bytes));
  SafetensorsContent content;
  std::vector<Range> ranges;
  for (const auto& [name, entry] : header.items()) {
    if (name == kMetadataKey) {
      SB_ASSIGN_OR_RETURN(content.metadata, ParseMetadata(entry));
      continue;
    }
    auto parsed = ParseTensor(entry);
    if (!parsed.ok()) return Annotate(parsed.status(), absl::StrCat("tensor '", name, "'"));
    auto& [view, range] = *parsed;
    if (range.end > data.size()) return Damaged(absl::StrCat("the file ends within tensor '", name, "'"));
    view.data = data.subspan(static_cast<size_t>(range.begin), static_cast<size_t>(range.end - range.begin));
    content.tensors.emplace(name, std::move(view));
    ranges.push_back(range);
  }
  SB_RETURN_IF_ERROR(CheckCoverage(std::move(ranges), data.size()));
  return content;
}

absl::StatusOr<SafetensorsFile> SafetensorsFile::Open(const std::filesystem::path& path) {
  SB_ASSIGN_OR_RETURN(MappedFile file, MappedFile::Open(path));
  auto content = ParseSafetensors(file.bytes());
  if (!content.ok()) return Annotate(content.status(), path.string());
  return SafetensorsFile(std::move(file), *std::move(content));
}

SafetensorsLayout LayOutSafetensors(const TensorViews& tensors, const Metadata& metadata) {
  SafetensorsLayout layout;
  for (const auto& [name, tensor] : tensors) layout.order.push_back(name);
  // DType's values are in the format's order: large types first.
  std::stable_sort(layout.order.begin(), layout.order.end(),
                   [&](const std::string& a, const std::string& b) { return tensors.at(a).dtype < tensors.at(b).dtype; });
  json header = json::object();
  if (!metadata.empty()) header[kMetadataKey] = metadata;
  uint64_t offset = 0;
  for (const std::string& name : layout.order) {
    const TensorView& tensor = tensors.at(name);
    header[name] = {
        {"dtype", std::string(DTypeName(tensor.dtype))}, {"shape", tensor.shape}, {"data_offsets", {offset, offset + tensor.data.size()}}};
    offset += tensor.data.size();
  }
  // Names and metadata that are not UTF-8 get replacement characters instead of an exception.
  std::string text = header.dump(-1, ' ', false, json::error_handler_t::replace);
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const uint64_t length = text.size();
  layout.header.assign(reinterpret_cast<const char*>(&length), sizeof(length));
  layout.header += text;
  return layout;
}

absl::Status WriteSafetensors(const std::filesystem::path& path, const TensorViews& tensors, const Metadata& metadata) {
  const SafetensorsLayout layout = LayOutSafetensors(tensors, metadata);
  std::vector<std::span<const std::byte>> parts = {std::as_bytes(std::span(layout.header))};
  for (const std::string& name : layout.order) parts.push_back(tensors.at(name).data);
  return PublishFile(path, parts);
}

}  // namespace seedbed::nn
