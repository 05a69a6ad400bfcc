// Texts that leave the process (protobuf strings, JSON) must be UTF-8; file names need not be.
#pragma once

#include <string>
#include <string_view>

namespace seedbed {

// True for well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
bool IsUtf8(std::string_view text);

// The text with each byte that is not part of a well-formed character replaced by U+FFFD.
std::string ToUtf8(std::string_view text);

// The text's characters, with U+FFFD for each byte that is not part of a well-formed one; and back. Surrogates and numbers above U+10FFFF
// become U+FFFD as well.
std::u32string ToUtf32(std::string_view text);
std::string ToUtf8(std::u32string_view text);

}  // namespace seedbed
