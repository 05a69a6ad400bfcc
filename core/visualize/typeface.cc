#include "core/visualize/typeface.h"

#include <ft2build.h>
#include FT_FREETYPE_H
#include FT_OUTLINE_H

#include <algorithm>
#include <span>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/base/utf8.h"
#include "core/visualize/embedded_fonts.h"

namespace seedbed::visualize {
namespace {

// Outlines as they are: the same pixels whatever instructions for hinting the font holds.
constexpr FT_Int32 kLoadFlags = FT_LOAD_NO_HINTING | FT_LOAD_NO_BITMAP;
constexpr FT_Pos kUnitsPerPixel = 64;  // FreeType's 26.6 fixed-point numbers
constexpr char32_t kEllipsis = U'…';

int RoundUp(FT_Pos units) { return static_cast<int>((units + kUnitsPerPixel - 1) / kUnitsPerPixel); }

absl::Status FontError(std::string_view what, FT_Error error) {
  return absl::InternalError(absl::StrCat("cannot ", ToAbsl(what), " the built-in font: FreeType's error ", error));
}

// Mixes `colour` into the pixel as far as the letter covers it.
void Cover(uint8_t* pixel, Colour colour, int coverage) {
  for (size_t c = 0; c < colour.size(); ++c) {
    pixel[c] = static_cast<uint8_t>((pixel[c] * (255 - coverage) + colour[c] * coverage + 127) / 255);
  }
}

void DrawBitmap(const FT_Bitmap& bitmap, int left, int top, Colour colour, image::Image* picture) {
  const int from_x = std::max(0, -left), to_x = std::min(static_cast<int>(bitmap.width), picture->width - left);
  const int from_y = std::max(0, -top), to_y = std::min(static_cast<int>(bitmap.rows), picture->height - top);
  for (int y = from_y; y < to_y; ++y) {
    const uint8_t* coverage = bitmap.buffer + static_cast<ptrdiff_t>(y) * bitmap.pitch;
    uint8_t* line = picture->rgb.data() + size_t{3} * static_cast<size_t>(top + y) * static_cast<size_t>(picture->width);
    for (int x = from_x; x < to_x; ++x) Cover(line + size_t{3} * static_cast<size_t>(left + x), colour, coverage[x]);
  }
}

bool IsLetter(char32_t c) { return c > 127 || absl::ascii_isalpha(static_cast<unsigned char>(c)); }

// Whether a line may end before text[at]: at a space, but for that of "91.7 %", and behind what joins words, which is no sign of a number.
bool BreaksAt(std::u32string_view text, size_t at) {
  if (at == 0 || at >= text.size()) return false;
  if (text[at] == U' ') return at + 1 < text.size() && text[at + 1] != U'%';
  const char32_t before = text[at - 1];
  return before == U'_' || before == U'/' || (before == U'-' && at > 1 && IsLetter(text[at - 2]) && IsLetter(text[at]));
}

// The last such place of the first `most` letters; 0 when there is none.
size_t LastBreak(std::u32string_view text, size_t most) {
  size_t at = most;
  while (at > 0 && !BreaksAt(text, at)) --at;
  return at;
}

// The first one; the text's end when there is none.
size_t FirstBreak(std::u32string_view text) {
  size_t at = 1;
  while (at < text.size() && !BreaksAt(text, at)) ++at;
  return std::min(at, text.size());
}

// The most letters of 0 to `all` that fit; more never fit where fewer do not.
template <typename Fits>
size_t MostLetters(size_t all, const Fits& fits) {
  size_t most = 0;
  for (size_t too_many = all + 1; most + 1 < too_many;) {
    const size_t middle = most + (too_many - most) / 2;
    (fits(middle) ? most : too_many) = middle;
  }
  return most;
}

}  // namespace

struct Typeface::Face {
  Face() = default;
  Face(const Face&) = delete;
  Face& operator=(const Face&) = delete;
  ~Face() {
    if (face != nullptr) FT_Done_Face(face);
    if (library != nullptr) FT_Done_FreeType(library);
  }

  // Calls `place(glyph slot, x in 1/64 pixels)` for each letter; returns where the text ends.
  template <typename Place>
  FT_Pos ForEachLetter(std::u32string_view text, Place place) const {
    FT_Pos x = 0;
    FT_UInt previous = 0;
    for (const char32_t character : text) {
      const FT_UInt glyph = FT_Get_Char_Index(face, character);
      FT_Vector kerning{};
      if (previous != 0 && FT_Get_Kerning(face, previous, glyph, FT_KERNING_UNFITTED, &kerning) == 0) x += kerning.x;
      previous = glyph;
      if (FT_Load_Glyph(face, glyph, kLoadFlags) != 0) continue;  // a damaged letter is left out
      const FT_Pos advance = face->glyph->advance.x;
      place(face->glyph, x);
      x += advance;
    }
    return x;
  }

  int Width(std::u32string_view text) const {
    return RoundUp(ForEachLetter(text, [](FT_GlyphSlot, FT_Pos) {}));
  }

  std::u32string Shortened(std::u32string_view text, int width) const {
    if (Width(text) <= width) return std::u32string(text);
    const auto kept = [&](size_t letters) {  // a little more of the beginning than of the end
      const size_t tail = letters * 2 / 5;
      return std::u32string(text.substr(0, letters - tail)) + kEllipsis + std::u32string(text.substr(text.size() - tail));
    };
    return kept(MostLetters(text.size(), [&](size_t letters) { return Width(kept(letters)) <= width; }));
  }

  // How many letters of the text's beginning are at most so wide.
  size_t FittingLetters(std::u32string_view text, int width) const {
    return MostLetters(text.size(), [&](size_t letters) { return Width(text.substr(0, letters)) <= width; });
  }

  FT_Library library = nullptr;
  FT_Face face = nullptr;
};

Typeface::Typeface(std::unique_ptr<Face> face) : face_(std::move(face)) {}
Typeface::~Typeface() = default;
Typeface::Typeface(Typeface&&) noexcept = default;
Typeface& Typeface::operator=(Typeface&&) noexcept = default;

absl::StatusOr<Typeface> Typeface::Create(Weight weight, int pixels) {
  auto made = std::make_unique<Face>();
  if (const FT_Error error = FT_Init_FreeType(&made->library); error != 0) return FontError("use FreeType for", error);
  const std::span<const std::byte> file = weight == Weight::kBold ? BoldFontFile() : RegularFontFile();
  const auto* bytes = reinterpret_cast<const FT_Byte*>(file.data());
  if (const FT_Error error = FT_New_Memory_Face(made->library, bytes, static_cast<FT_Long>(file.size()), 0, &made->face); error != 0) {
    return FontError("open", error);
  }
  if (const FT_Error error = FT_Set_Pixel_Sizes(made->face, 0, static_cast<FT_UInt>(pixels)); error != 0) return FontError("scale", error);
  return Typeface(std::move(made));
}

int Typeface::ascent() const { return RoundUp(face_->face->size->metrics.ascender); }

int Typeface::line_height() const { return RoundUp(face_->face->size->metrics.height); }

int Typeface::Width(std::string_view text) const { return face_->Width(ToUtf32(text)); }

std::string Typeface::Shortened(std::string_view text, int width) const { return ToUtf8(face_->Shortened(ToUtf32(text), width)); }

std::vector<std::string> Typeface::Wrapped(std::string_view text, int width, size_t lines) const {
  std::u32string rest = ToUtf32(text);
  std::vector<std::string> wrapped;
  while (wrapped.size() + 1 < lines && face_->Width(rest) > width) {
    size_t end = LastBreak(rest, face_->FittingLetters(rest, width));
    if (end == 0) end = FirstBreak(rest);  // the first word alone is too wide
    if (end == rest.size()) break;
    wrapped.push_back(ToUtf8(face_->Shortened(rest.substr(0, end), width)));
    rest.erase(0, end + (rest[end] == U' ' ? 1 : 0));
  }
  wrapped.push_back(ToUtf8(face_->Shortened(rest, width)));
  return wrapped;
}

void Typeface::Draw(std::string_view text, int x, int baseline, Colour colour, image::Image* picture) const {
  face_->ForEachLetter(ToUtf32(text), [&](FT_GlyphSlot glyph, FT_Pos at) {
    FT_Outline_Translate(&glyph->outline, at % kUnitsPerPixel, 0);  // letters stand at fractions of pixels, or their distances would jump
    if (FT_Render_Glyph(glyph, FT_RENDER_MODE_NORMAL) != 0) return;
    DrawBitmap(glyph->bitmap, x + static_cast<int>(at / kUnitsPerPixel) + glyph->bitmap_left, baseline - glyph->bitmap_top, colour,
               picture);
  });
}

}  // namespace seedbed::visualize
