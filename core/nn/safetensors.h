// The safetensors format: the only one in which weights enter and leave the service, because reading it can run no code.
//
// File: uint64 little-endian header length N | N bytes of JSON {"name": {"dtype", "shape", "data_offsets": [begin, end]},
// "__metadata__": {string: string}}, padded with spaces | data, to which the offsets are relative.
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/file.h"
#include "core/nn/tensor.h"

namespace seedbed::nn {

using Metadata = std::map<std::string, std::string>;

// What a file holds; the tensors point into it.
struct SafetensorsContent {
  TensorViews tensors;
  Metadata metadata;
};

// Checks everything before anything is used: lengths, UTF-8, JSON, names used once, types, extents and sizes without overflow, and that
// the tensors cover the data from its first byte to its last without hole or overlap. DATA_LOSS says what is wrong.
absl::StatusOr<SafetensorsContent> ParseSafetensors(std::span<const std::byte> file);

// A file that is mapped as long as this object lives.
class SafetensorsFile {
 public:
  // As ParseSafetensors, with the path in the message; errors of the file system as they are.
  static absl::StatusOr<SafetensorsFile> Open(const std::filesystem::path& path);
  const TensorViews& tensors() const { return content_.tensors; }
  const Metadata& metadata() const { return content_.metadata; }

 private:
  SafetensorsFile(MappedFile file, SafetensorsContent content) : file_(std::move(file)), content_(std::move(content)) {}
  MappedFile file_;
  SafetensorsContent content_;
};

// The file's bytes up to the data, and the tensors in the order in which their data follows: large types first, so that all are aligned,
// then by name. The same tensors and metadata give the same bytes.
struct SafetensorsLayout {
  std::string header;
  std::vector<std::string> order;
};
SafetensorsLayout LayOutSafetensors(const TensorViews& tensors, const Metadata& metadata);

// Publishes the file atomically (core/base/file.h).
absl::Status WriteSafetensors(const std::filesystem::path& path, const TensorViews& tensors, const Metadata& metadata);

}  // namespace seedbed::nn
