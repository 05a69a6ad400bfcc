#include "core/visualize/contact_sheet.h"

#include <algorithm>
#include <cmath>

#include "core/base/status_macros.h"
#include "core/image/resize.h"
#include "core/visualize/canvas.h"
#include "core/visualize/sheet_layout.h"

namespace seedbed::visualize {
namespace {

constexpr int kLargestShown = 256;
constexpr int kSmallestShown = 64;

ShownSize SizeOfSide(int width, int height, int side) {
  const double scale = static_cast<double>(side) / std::max(width, height);
  const auto shown = [scale](int length) { return std::max(1, static_cast<int>(std::lround(length * scale))); };
  return {shown(width), shown(height)};
}

image::Image InSize(const image::Image& picture, const ShownSize& size) {
  if (size.width == picture.width && size.height == picture.height) return picture;
  image::Image shown{size.width, size.height, {}};
  if (picture.rgb.empty()) return shown;
  shown.rgb.resize(size_t{3} * static_cast<size_t>(size.width) * static_cast<size_t>(size.height));
  const bool enlarged = size.width > picture.width;
  image::ResizeInto(picture, size.width, size.height, enlarged ? image::Filter::kNearest : image::Filter::kBox, shown.rgb);
  return shown;
}

}  // namespace

absl::Status CheckSheet(const ContactSheet& sheet) {
  SB_ASSIGN_OR_RETURN(const SheetFonts fonts, SheetFonts::Create());
  return LayOut(sheet, fonts).status();
}

absl::StatusOr<image::Image> DrawSheet(const ContactSheet& sheet) {
  SB_ASSIGN_OR_RETURN(const SheetFonts fonts, SheetFonts::Create());
  SB_ASSIGN_OR_RETURN(const SheetLayout layout, LayOut(sheet, fonts));
  image::Image image = BlankPaper(layout.width, layout.height);
  // The line stands around the picture: one as pale as the paper has an end too.
  for (const PlacedPicture& placed : layout.pictures) DrawFramed(*placed.picture, placed.box, kLine, 1, &image);
  for (const PlacedText& text : layout.texts) DrawText(fonts, text, &image);
  return image;
}

ShownSize ShownSizeOf(int width, int height) {
  const int longest = std::max(width, height);
  if (longest < kSmallestShown) {
    const int factor = (kSmallestShown + longest - 1) / longest;
    return {width * factor, height * factor};
  }
  return longest <= kLargestShown ? ShownSize{width, height} : SizeOfSide(width, height, kLargestShown);
}

image::Image ShownPicture(const image::Image& picture) { return InSize(picture, ShownSizeOf(picture.width, picture.height)); }

image::Image PictureOfSide(const image::Image& picture, int side) {
  return InSize(picture, SizeOfSide(picture.width, picture.height, side));
}

}  // namespace seedbed::visualize
