#include "core/base/utf8.h"

#include "gtest/gtest.h"

namespace seedbed {
namespace {

TEST(IsUtf8, TakesWellFormedText) {
  for (const std::string_view good : {"", "Maize", "Shepherd’s Purse", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
                                      "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(IsUtf8(good)) << good;
    EXPECT_EQ(ToUtf8(good), good);
  }
  EXPECT_TRUE(IsUtf8(std::string_view("a\0b", 3)));
}

TEST(IsUtf8, RefusesWhatRfc3629Refuses) {
  for (const std::string_view bad :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
        "\xe2\x82", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "ok\xfe"}) {
    EXPECT_FALSE(IsUtf8(bad));
    EXPECT_TRUE(IsUtf8(ToUtf8(bad)));
    EXPECT_NE(ToUtf8(bad).find("\xef\xbf\xbd"), std::string::npos);
  }
}

TEST(ToUtf8, KeepsTheCharactersAroundBadBytes) {
  EXPECT_EQ(ToUtf8("caf\xe9.png"), "caf\xef\xbf\xbd.png");
  EXPECT_EQ(ToUtf8("\xff\xfe"), "\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(ToUtf8("é\xc3"), "é\xef\xbf\xbd");
}

TEST(ToUtf32, GivesTheCharacters) {
  EXPECT_EQ(ToUtf32("a\xc3\xa9\xe2\x80\x99\xf0\x9f\x8c\xb1"), U"a\u00e9\u2019\U0001F331");
  EXPECT_EQ(ToUtf32("caf\xe9.png"), U"caf\uFFFD.png");
  EXPECT_EQ(ToUtf32("\xe2\x82"), U"\uFFFD\uFFFD");
  EXPECT_EQ(ToUtf32(""), U"");
}

TEST(ToUtf32, IsUndoneByToUtf8) {
  for (const char32_t character : {0x01, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFD, 0xFFFF, 0x10000, 0x10FFFF}) {
    const std::u32string text = {U'<', character, U'>'};
    EXPECT_EQ(ToUtf32(ToUtf8(text)), text);
    EXPECT_TRUE(IsUtf8(ToUtf8(text)));
  }
  EXPECT_EQ(ToUtf8(std::u32string{0xD800, 0x110000}), "\uFFFD\uFFFD");
}

}  // namespace
}  // namespace seedbed
