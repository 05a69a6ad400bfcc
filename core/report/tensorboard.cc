#include "core/report/tensorboard.h"

#include <isa-l/crc.h>
#include <bit>

#include <algorithm>
#include <cstddef>
#include <protozero/pbf_writer.hpp>

namespace seedbed::report {
namespace {

// Numbers of fields in tensorflow/core/util/event.proto and tensorflow/core/framework/summary.proto.
namespace event {
constexpr protozero::pbf_tag_type kWallTime = 1, kStep = 2, kFileVersion = 3, kSummary = 5;
}  // namespace event
namespace summary {
constexpr protozero::pbf_tag_type kValue = 1;
}  // namespace summary
namespace value {
constexpr protozero::pbf_tag_type kTag = 1, kSimpleValue = 2, kImage = 4;
}  // namespace value
namespace image {
constexpr protozero::pbf_tag_type kHeight = 1, kWidth = 2, kColourSpace = 3, kEncoded = 4;
constexpr int32_t kRgb = 3;
}  // namespace image

constexpr char kFileVersion[] = "brain.Event:2";

uint32_t Masked(uint32_t crc) { return std::rotr(crc, 15) + 0xa282ead8u; }

template <typename Integer>
void AppendLittleEndian(Integer number, std::string* text) {
  for (size_t byte = 0; byte < sizeof(number); ++byte) text->push_back(static_cast<char>(number >> (8 * byte) & 0xff));
}

std::string SummaryEvent(double wall_time, int64_t step, const std::string& one_value) {
  std::string values, content;
  protozero::pbf_writer(values).add_message(summary::kValue, one_value);
  protozero::pbf_writer writer(content);
  writer.add_double(event::kWallTime, wall_time);
  writer.add_int64(event::kStep, step);
  writer.add_message(event::kSummary, values);
  return content;
}

}  // namespace

uint32_t Crc32c(std::string_view bytes) {
  // The library takes pieces of at most 2 GiB as mutable bytes, which it only reads.
  constexpr size_t kPiece = size_t{1} << 30;
  uint32_t crc = ~0u;
  for (size_t first = 0; first < bytes.size(); first += kPiece) {
    const std::string_view piece = bytes.substr(first, kPiece);
    auto* data = const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(piece.data()));  // NOLINT(*-const-cast): see above
    crc = crc32_iscsi(data, static_cast<int>(piece.size()), crc);
  }
  return ~crc;
}

EventFile::EventFile(double wall_time) {
  std::string first;
  protozero::pbf_writer writer(first);
  writer.add_double(event::kWallTime, wall_time);
  writer.add_string(event::kFileVersion, kFileVersion);
  Append(first);
}

void EventFile::AddScalar(double wall_time, int64_t step, std::string_view tag, double value) {
  std::string one;
  protozero::pbf_writer writer(one);
  writer.add_string(value::kTag, tag.data(), tag.size());
  writer.add_float(value::kSimpleValue, static_cast<float>(value));
  Append(SummaryEvent(wall_time, step, one));
}

void EventFile::AddImage(double wall_time, int64_t step, std::string_view tag, int width, int height, std::string_view png) {
  std::string picture, one;
  protozero::pbf_writer pixels(picture);
  pixels.add_int32(image::kHeight, height);
  pixels.add_int32(image::kWidth, width);
  pixels.add_int32(image::kColourSpace, image::kRgb);
  pixels.add_bytes(image::kEncoded, png.data(), png.size());
  protozero::pbf_writer writer(one);
  writer.add_string(value::kTag, tag.data(), tag.size());
  writer.add_message(value::kImage, picture);
  Append(SummaryEvent(wall_time, step, one));
}

void EventFile::Append(std::string_view event) {
  std::string length;
  AppendLittleEndian(uint64_t{event.size()}, &length);
  content_ += length;
  AppendLittleEndian(Masked(Crc32c(length)), &content_);
  content_ += event;
  AppendLittleEndian(Masked(Crc32c(event)), &content_);
}

}  // namespace seedbed::report
