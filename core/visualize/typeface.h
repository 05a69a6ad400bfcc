// Texts drawn into pictures, by FreeType from the fonts that the program carries.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/image/image.h"

namespace seedbed::visualize {

using Colour = std::array<uint8_t, 3>;  // RGB

// One font at one size. Letters are placed by their advances and kerning; a character that the font lacks is drawn as a box. Scripts that
// join their letters or run from right to left are drawn letter by letter from left to right. Not thread-safe.
class Typeface {
 public:
  enum class Weight { kRegular, kBold };

  // `pixels`: the font's nominal size (em), which is a little more than the height of its tallest letters with its lowest ones.
  static absl::StatusOr<Typeface> Create(Weight weight, int pixels);
  ~Typeface();
  Typeface(Typeface&&) noexcept;
  Typeface& operator=(Typeface&&) noexcept;

  // Pixels from the baseline up to the top of the tallest letters, and from one line's baseline to the next one's.
  int ascent() const;
  int line_height() const;

  // Pixels that the text takes. Bytes that are not UTF-8 count as U+FFFD.
  int Width(std::string_view text) const;
  // The text if it is no wider than `width`; else its beginning and its end with an ellipsis between them: names of files differ in both.
  std::string Shortened(std::string_view text, int width) const;
  // Broken at spaces into at most `lines` lines no wider than `width`; what does not fit is shortened. At least one line.
  std::vector<std::string> Wrapped(std::string_view text, int width, size_t lines) const;

  // `x`: left end, `baseline`: y of the letters' feet. Letters are cut off at the picture's edges.
  void Draw(std::string_view text, int x, int baseline, Colour colour, image::Image* picture) const;

 private:
  struct Face;
  explicit Typeface(std::unique_ptr<Face> face);

  std::unique_ptr<Face> face_;
};

}  // namespace seedbed::visualize
