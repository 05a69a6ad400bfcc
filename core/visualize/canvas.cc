#include "core/visualize/canvas.h"

#include <algorithm>

namespace seedbed::visualize {

Colour InkOf(TextStyle style) { return style == TextStyle::kTitle || style == TextStyle::kHeading ? kInk : kPaleInk; }

image::Image BlankPaper(int width, int height) {
  image::Image image{width, height, {}};
  image.rgb.resize(size_t{3} * static_cast<size_t>(width) * static_cast<size_t>(height));
  FillBox({0, 0, width, height}, kPaper, &image);
  return image;
}

void FillBox(const Box& box, Colour colour, image::Image* image) {
  for (int y = box.y; y < box.y + box.height; ++y) {
    uint8_t* pixel = PixelAt(image, box.x, y);
    for (int x = 0; x < box.width; ++x, pixel += 3) std::copy(colour.begin(), colour.end(), pixel);
  }
}

void DrawFramed(const image::Image& picture, const Box& box, Colour frame, int frame_width, image::Image* image) {
  FillBox({box.x - frame_width, box.y - frame_width, box.width + 2 * frame_width, box.height + 2 * frame_width}, frame, image);
  const size_t row_bytes = size_t{3} * static_cast<size_t>(box.width);
  for (int y = 0; y < box.height; ++y) {
    const uint8_t* row = picture.rgb.data() + static_cast<size_t>(y) * row_bytes;
    std::copy(row, row + row_bytes, PixelAt(image, box.x, box.y + y));
  }
}

void DrawText(const SheetFonts& fonts, const PlacedText& text, image::Image* image) {
  const Typeface& font = fonts.Of(text.style);
  font.Draw(text.text, text.box.x, text.box.y + font.ascent(), InkOf(text.style), image);
}

}  // namespace seedbed::visualize
