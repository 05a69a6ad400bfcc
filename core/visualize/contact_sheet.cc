#include "core/visualize/contact_sheet.h"

#include <algorithm>
#include <cmath>

#include "core/base/status_macros.h"
#include "core/image/resize.h"
#include "core/visualize/sheet_layout.h"

namespace seedbed::visualize {
namespace {

constexpr Colour kPaper = {246, 246, 244};
constexpr Colour kLine = {203, 203, 198};
constexpr Colour kInk = {32, 32, 30};
constexpr Colour kPaleInk = {92, 92, 88};

constexpr int kLargestShown = 256;
constexpr int kSmallestShown = 64;

Colour InkOf(TextStyle style) { return style == TextStyle::kTitle || style == TextStyle::kHeading ? kInk : kPaleInk; }

uint8_t* PixelAt(image::Image* image, int x, int y) {
  return image->rgb.data() + size_t{3} * (static_cast<size_t>(y) * static_cast<size_t>(image->width) + static_cast<size_t>(x));
}

void FillBox(const Box& box, Colour colour, image::Image* image) {
  for (int y = box.y; y < box.y + box.height; ++y) {
    uint8_t* pixel = PixelAt(image, box.x, y);
    for (int x = 0; x < box.width; ++x, pixel += 3) std::copy(colour.begin(), colour.end(), pixel);
  }
}

// The line stands around the picture and hides nothing of it: a picture as pale as the paper has an end too.
void DrawPicture(const PlacedPicture& placed, image::Image* image) {
  const Box& box = placed.box;
  FillBox({box.x - 1, box.y - 1, box.width + 2, box.height + 2}, kLine, image);
  const size_t row_bytes = size_t{3} * static_cast<size_t>(box.width);
  for (int y = 0; y < box.height; ++y) {
    const uint8_t* row = placed.picture->rgb.data() + static_cast<size_t>(y) * row_bytes;
    std::copy(row, row + row_bytes, PixelAt(image, box.x, box.y + y));
  }
}

}  // namespace

absl::Status CheckSheet(const ContactSheet& sheet) {
  SB_ASSIGN_OR_RETURN(const SheetFonts fonts, SheetFonts::Create());
  return LayOut(sheet, fonts).status();
}

absl::StatusOr<image::Image> DrawSheet(const ContactSheet& sheet) {
  SB_ASSIGN_OR_RETURN(const SheetFonts fonts, SheetFonts::Create());
  SB_ASSIGN_OR_RETURN(const SheetLayout layout, LayOut(sheet, fonts));
  image::Image image{layout.width, layout.height, {}};
  image.rgb.resize(size_t{3} * static_cast<size_t>(layout.width) * static_cast<size_t>(layout.height));
  FillBox({0, 0, layout.width, layout.height}, kPaper, &image);
  for (const PlacedPicture& picture : layout.pictures) DrawPicture(picture, &image);
  for (const PlacedText& text : layout.texts) {
    const Typeface& font = fonts.Of(text.style);
    font.Draw(text.text, text.box.x, text.box.y + font.ascent(), InkOf(text.style), &image);
  }
  return image;
}

ShownSize ShownSizeOf(int width, int height) {
  const int longest = std::max(width, height);
  if (longest < kSmallestShown) {
    const int factor = (kSmallestShown + longest - 1) / longest;
    return {width * factor, height * factor};
  }
  if (longest <= kLargestShown) return {width, height};
  const double scale = static_cast<double>(kLargestShown) / longest;
  const auto shown = [scale](int side) { return std::max(1, static_cast<int>(std::lround(side * scale))); };
  return {shown(width), shown(height)};
}

image::Image ShownPicture(const image::Image& picture) {
  const ShownSize size = ShownSizeOf(picture.width, picture.height);
  if (size.width == picture.width && size.height == picture.height) return picture;
  image::Image shown{size.width, size.height, {}};
  if (picture.rgb.empty()) return shown;
  shown.rgb.resize(size_t{3} * static_cast<size_t>(size.width) * static_cast<size_t>(size.height));
  const bool enlarged = size.width > picture.width;
  image::ResizeInto(picture, size.width, size.height, enlarged ? image::Filter::kNearest : image::Filter::kBox, shown.rgb);
  return shown;
}

}  // namespace seedbed::visualize
