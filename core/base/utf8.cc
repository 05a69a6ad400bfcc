#include "core/base/utf8.h"

#include <cstddef>
#include <cstdint>

namespace seedbed {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

// Length of the sequence that `lead` opens, and the range its second byte must lie in; length 0 when nothing may open with it.
struct Sequence {
  size_t length;
  uint8_t second_low;
  uint8_t second_high;
};

Sequence SequenceOf(uint8_t lead) {
  if (lead < 0x80) return {1, 0, 0};
  if (lead < 0xC2) return {0, 0, 0};  // a continuation byte, or an overlong form
  if (lead < 0xE0) return {2, 0x80, 0xBF};
  if (lead == 0xE0) return {3, 0xA0, 0xBF};  // lower: overlong
  if (lead == 0xED) return {3, 0x80, 0x9F};  // higher: surrogates
  if (lead < 0xF0) return {3, 0x80, 0xBF};
  if (lead == 0xF0) return {4, 0x90, 0xBF};  // lower: overlong
  if (lead < 0xF4) return {4, 0x80, 0xBF};
  if (lead == 0xF4) return {4, 0x80, 0x8F};  // higher: above U+10FFFF
  return {0, 0, 0};
}

// Length of the well-formed character at `i`; 0 when there is none.
size_t CharacterAt(std::string_view text, size_t i) {
  const auto byte = [&](size_t k) { return static_cast<uint8_t>(text[k]); };
  const Sequence sequence = SequenceOf(byte(i));
  if (i + sequence.length > text.size()) return 0;
  if (sequence.length > 1 && (byte(i + 1) < sequence.second_low || byte(i + 1) > sequence.second_high)) return 0;
  for (size_t k = 2; k < sequence.length; ++k) {
    if ((byte(i + k) & 0xC0) != 0x80) return 0;
  }
  return sequence.length;
}

}  // namespace

bool IsUtf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const size_t length = CharacterAt(text, i);
    if (length == 0) return false;
    i += length;
  }
  return true;
}

std::string ToUtf8(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const size_t length = CharacterAt(text, i);
    if (length == 0) {
      result += "\uFFFD";
    } else {
      result += text.substr(i, length);
    }
    i += length == 0 ? 1 : length;
  }
  return result;
}

std::u32string ToUtf32(std::string_view text) {
  std::u32string result;
  for (size_t i = 0; i < text.size();) {
    const size_t length = CharacterAt(text, i);
    const auto lead = static_cast<uint8_t>(text[i]);
    // A lead byte has as many leading ones as the sequence has bytes, then a zero; each further byte holds six bits.
    char32_t character = length == 0 ? kReplacement : length == 1 ? lead : lead & (0x7Fu >> length);
    for (size_t k = 1; k < length; ++k) character = character << 6 | (static_cast<uint8_t>(text[i + k]) & 0x3F);
    result += character;
    i += length == 0 ? 1 : length;
  }
  return result;
}

std::string ToUtf8(std::u32string_view text) {
  std::string result;
  for (char32_t character : text) {
    if (character > 0x10FFFF || (character >= 0xD800 && character < 0xE000)) character = kReplacement;
    const int further = character < 0x80 ? 0 : character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
    constexpr uint8_t kLeads[] = {0, 0xC0, 0xE0, 0xF0};
    result += static_cast<char>(kLeads[further] | character >> 6 * further);
    for (int k = further - 1; k >= 0; --k) result += static_cast<char>(0x80 | (character >> 6 * k & 0x3F));
  }
  return result;
}

}  // namespace seedbed
