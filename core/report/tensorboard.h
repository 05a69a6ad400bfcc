// Files that TensorBoard reads: curves and pictures of a training.
//
// Such a file is a sequence of records (TensorFlow's TFRecord): length (uint64), masked CRC-32C of it, data, masked CRC-32C of that, little
// endian; the mask of a CRC is its rotation right by 15 bits plus 0xa282ead8 (tensorflow/core/lib/hash/crc32c.h). Each record's data is an
// Event message (tensorflow/core/util/event.proto).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace seedbed::report {

// Part of the names of all such files: TensorBoard looks for it.
inline constexpr char kEventFileName[] = "events.out.tfevents.seedbed";

class EventFile {
 public:
  // Times are seconds since the Unix epoch.
  explicit EventFile(double wall_time);

  void AddScalar(double wall_time, int64_t step, std::string_view tag, double value);
  // `png`: the bytes of a PNG file of that size.
  void AddImage(double wall_time, int64_t step, std::string_view tag, int width, int height, std::string_view png);

  const std::string& content() const { return content_; }

 private:
  void Append(std::string_view event);

  std::string content_;
};

// CRC-32C (Castagnoli).
uint32_t Crc32c(std::string_view bytes);

}  // namespace seedbed::report
