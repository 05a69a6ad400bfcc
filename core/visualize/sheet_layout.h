// Where everything on a sheet stands. Private to this room.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/visualize/contact_sheet.h"
#include "core/visualize/typeface.h"

namespace seedbed::visualize {

enum class TextStyle { kTitle, kNote, kHeading, kCaption };

class SheetFonts {
 public:
  static absl::StatusOr<SheetFonts> Create();
  const Typeface& Of(TextStyle style) const { return faces_[static_cast<size_t>(style)]; }

 private:
  explicit SheetFonts(std::vector<Typeface> faces) : faces_(std::move(faces)) {}
  std::vector<Typeface> faces_;
};

// In pixels from the sheet's upper left corner.
struct Box {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;
};

struct PlacedText {
  std::string text;
  TextStyle style = TextStyle::kCaption;
  Box box;  // the line's; its baseline is box.y + the font's ascent
};

struct PlacedPicture {
  const image::Image* picture = nullptr;  // of the sheet that was laid out
  Box box;
};

struct SheetLayout {
  int width = 0;
  int height = 0;
  std::vector<PlacedText> texts;
  std::vector<PlacedPicture> pictures;
};

// Errors as DrawSheet.
absl::StatusOr<SheetLayout> LayOut(const ContactSheet& sheet, const SheetFonts& fonts);

}  // namespace seedbed::visualize
