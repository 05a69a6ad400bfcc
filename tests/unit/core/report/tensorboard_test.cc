#include "core/report/tensorboard.h"

#include <string>

#include "absl/strings/escaping.h"
#include "gmock/gmock.h"

namespace seedbed::report {
namespace {

// RFC 3720, appendix B.4.
TEST(Crc32c, HasThePublishedValues) {
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  std::string rising;
  for (int i = 0; i < 32; ++i) rising.push_back(static_cast<char>(i));
  EXPECT_EQ(Crc32c(rising), 0x46dd794eu);
  EXPECT_EQ(Crc32c(""), 0u);
}

// Byte for byte what TensorFlow's EventsWriter begins a file with, but for the time.
TEST(EventFile, BeginsWithItsVersion) {
  const std::string content = EventFile(1.5).content();
  EXPECT_EQ(absl::BytesToHexString(content.substr(0, 8)), "1800000000000000");
  EXPECT_EQ(absl::BytesToHexString(content.substr(8, 4)), "a37f4b22");
  EXPECT_EQ(absl::BytesToHexString(content.substr(12, 9)), "09000000000000f83f");
  EXPECT_EQ(content.substr(21, 15),
            "\x1a\x0d"
            "brain.Event:2");
  EXPECT_EQ(content.size(), 12 + 24 + 4);
}

TEST(EventFile, ScalarIsAnEventOfItsOwn) {
  EventFile file(0);
  const size_t before = file.content().size();
  file.AddScalar(2, 3, "loss", 0.5);
  const std::string event = file.content().substr(before + 12);
  // wall_time 2, step 3, summary {value {tag "loss", simple_value 0.5}}
  EXPECT_EQ(absl::BytesToHexString(event.substr(0, event.size() - 4)),
            "090000000000000040"
            "1003"
            "2a0d"
            "0a0b"
            "0a046c6f7373"
            "150000003f");
}

TEST(EventFile, ImageBringsItsSize) {
  EventFile file(0);
  const size_t before = file.content().size();
  file.AddImage(2, 0, "samples", 300, 20, "PNG");
  const std::string event = file.content().substr(before + 12);
  EXPECT_NE(event.find(std::string("\x08\x14\x10\xac\x02\x18\x03\x22\x03PNG", 12)), std::string::npos);
}

TEST(EventFile, SameCallsGiveTheSameBytes) {
  const auto make = [] {
    EventFile file(7);
    for (int epoch = 1; epoch <= 3; ++epoch) file.AddScalar(7 + epoch, epoch, "accuracy", 0.1 * epoch);
    return file.content();
  };
  EXPECT_EQ(make(), make());
}

}  // namespace
}  // namespace seedbed::report
