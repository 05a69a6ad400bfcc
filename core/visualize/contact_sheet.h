// A sheet of pictures with texts: what people look at before they train.
//
//   Title
//   notes
//              column     column     column
//   Heading    [picture]  [picture]  [picture]
//   note        caption    caption    caption
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/image/image.h"

namespace seedbed::visualize {

struct SheetCell {
  image::Image picture;      // of width 0: the place stays empty
  std::string caption = {};  // lines, parted by '\n'; each is broken at the cell's width, or shortened when that makes too many
};

struct SheetRow {
  std::string heading;    // may be empty
  std::string note = {};  // below the heading
  std::vector<SheetCell> cells;
};

struct ContactSheet {
  std::string title;
  std::vector<std::string> notes;    // each a paragraph
  std::vector<std::string> columns;  // headings; may be empty, or fewer than there are cells
  std::vector<SheetRow> rows;        // of any lengths
};

// A sheet has at most so many pixels a side and in all: then every viewer can open it, and so can this service.
inline constexpr int kMaxSheetSide = 16'384;
inline constexpr int64_t kMaxSheetPixels = 64'000'000;

// INVALID_ARGUMENT for a sheet that would be too large, naming its size and the limit. Looks at the pictures' sizes alone, not at their
// pixels: they need not be there yet.
absl::Status CheckSheet(const ContactSheet& sheet);

// Pictures stand there in their own size, with a thin line around them. Texts are UTF-8; what has no room is wrapped or shortened with an
// ellipsis. Errors as CheckSheet.
absl::StatusOr<image::Image> DrawSheet(const ContactSheet& sheet);

// The size in which pictures of this size are shown: a longer side of more than 256 pixels is brought to 256, and one of less than 64 is
// enlarged by a whole factor, so that pixels can be told apart and captions have room.
struct ShownSize {
  int width = 0;
  int height = 0;
};
ShownSize ShownSizeOf(int width, int height);
// The picture in that size; of a picture without pixels, the size alone.
image::Image ShownPicture(const image::Image& picture);
// The picture with a longer side of `side` pixels.
image::Image PictureOfSide(const image::Image& picture, int side);

}  // namespace seedbed::visualize
