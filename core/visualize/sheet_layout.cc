#include "core/visualize/sheet_layout.h"

#include <algorithm>
#include <climits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/status_macros.h"

namespace seedbed::visualize {
namespace {

constexpr int kMargin = 24;
constexpr int kGap = 10;           // between cells, and between a picture and what stands beside it
constexpr int kRowGap = 16;        // between rows
constexpr int kCaptionGap = 3;     // between a picture and its caption
constexpr int kMinCellWidth = 88;  // room for a caption
constexpr int kMaxHeadingWidth = 230;
constexpr int kMinSheetWidth = 560;  // room for notes
constexpr size_t kHeadingLines = 2;
constexpr size_t kCaptionLines = 4;  // that one of the caller's may become
constexpr size_t kNoteLines = 4;

struct FontChoice {
  Typeface::Weight weight;
  int pixels;
};
constexpr FontChoice kFonts[] = {  // in the order of TextStyle
    {Typeface::Weight::kBold, 20},
    {Typeface::Weight::kRegular, 13},
    {Typeface::Weight::kBold, 13},
    {Typeface::Weight::kRegular, 12}};

class LayoutMaker {
 public:
  LayoutMaker(const ContactSheet& sheet, const SheetFonts& fonts) : sheet_(sheet), fonts_(fonts) {}

  absl::StatusOr<SheetLayout> Make() {
    ChooseWidths();
    int y = PlaceTop(kMargin);
    y = PlaceColumns(y);
    for (const SheetRow& row : sheet_.rows) y = PlaceRow(row, y) + kRowGap;
    layout_.height = y + kMargin - (sheet_.rows.empty() ? 0 : kRowGap);
    SB_RETURN_IF_ERROR(CheckSize());
    return std::move(layout_);
  }

 private:
  int LineHeight(TextStyle style) const { return fonts_.Of(style).line_height(); }

  void ChooseWidths() {
    size_t columns = sheet_.columns.size();
    cell_width_ = kMinCellWidth;
    for (const SheetRow& row : sheet_.rows) {
      columns = std::max(columns, row.cells.size());
      heading_width_ =
          std::max({heading_width_, fonts_.Of(TextStyle::kHeading).Width(row.heading), fonts_.Of(TextStyle::kCaption).Width(row.note)});
      for (const SheetCell& cell : row.cells) cell_width_ = std::max(cell_width_, cell.picture.width);
    }
    heading_width_ = std::min(heading_width_, kMaxHeadingWidth);
    first_cell_x_ = kMargin + (heading_width_ == 0 ? 0 : heading_width_ + kGap);
    const int64_t width = first_cell_x_ + static_cast<int64_t>(columns) * (cell_width_ + kGap) - kGap + kMargin;
    layout_.width = static_cast<int>(std::clamp<int64_t>(width, kMinSheetWidth, INT32_MAX));
  }

  int CellX(size_t column) const { return first_cell_x_ + static_cast<int>(column) * (cell_width_ + kGap); }

  // Lines of text below each other; returns where the next thing may stand.
  int PlaceLines(const std::vector<std::string>& lines, TextStyle style, int x, int y) {
    for (const std::string& line : lines) {
      layout_.texts.push_back({line, style, {x, y, fonts_.Of(style).Width(line), LineHeight(style)}});
      y += LineHeight(style);
    }
    return y;
  }

  int PlaceTop(int y) {
    const int room = layout_.width - 2 * kMargin;
    y = PlaceLines({fonts_.Of(TextStyle::kTitle).Shortened(sheet_.title, room)}, TextStyle::kTitle, kMargin, y);
    for (const std::string& note : sheet_.notes) {
      y = PlaceLines(fonts_.Of(TextStyle::kNote).Wrapped(note, room, kNoteLines), TextStyle::kNote, kMargin, y);
    }
    return y + kRowGap;
  }

  // Headings stand on one line, directly above the pictures.
  int PlaceColumns(int y) {
    std::vector<std::vector<std::string>> columns;
    size_t lines = 0;
    for (const std::string& column : sheet_.columns) {
      columns.push_back(fonts_.Of(TextStyle::kHeading).Wrapped(column, cell_width_, kHeadingLines));
      lines = std::max(lines, columns.back().size());
    }
    const int bottom = y + static_cast<int>(lines) * LineHeight(TextStyle::kHeading);
    for (size_t i = 0; i < columns.size(); ++i) {
      const int top = bottom - static_cast<int>(columns[i].size()) * LineHeight(TextStyle::kHeading);
      PlaceLines(columns[i], TextStyle::kHeading, CellX(i), top);
    }
    return columns.empty() ? y : bottom + kCaptionGap;
  }

  int PlaceRow(const SheetRow& row, int y) {
    int picture_height = 0;
    size_t caption_lines = 0;
    for (const SheetCell& cell : row.cells) {
      picture_height = std::max(picture_height, cell.picture.height);
      caption_lines = std::max(caption_lines, CaptionOf(cell).size());
    }
    const std::vector<std::string> heading = Lines(row.heading, TextStyle::kHeading), note = Lines(row.note, TextStyle::kCaption);
    const int heading_height = static_cast<int>(heading.size()) * LineHeight(TextStyle::kHeading) +
                               static_cast<int>(note.size()) * LineHeight(TextStyle::kCaption);
    picture_height = std::max(picture_height, heading_height);
    const int heading_y = PlaceLines(heading, TextStyle::kHeading, kMargin, y + (picture_height - heading_height) / 2);
    PlaceLines(note, TextStyle::kCaption, kMargin, heading_y);
    const int caption_y = y + picture_height + kCaptionGap;
    for (size_t i = 0; i < row.cells.size(); ++i) {
      const SheetCell& cell = row.cells[i];
      if (cell.picture.width > 0) {
        layout_.pictures.push_back({&cell.picture, {CellX(i), y, cell.picture.width, cell.picture.height}});
      }
      PlaceLines(CaptionOf(cell), TextStyle::kCaption, CellX(i), caption_y);
    }
    return caption_lines > 0 ? caption_y + static_cast<int>(caption_lines) * LineHeight(TextStyle::kCaption) : y + picture_height;
  }

  std::vector<std::string> CaptionOf(const SheetCell& cell) const {
    if (cell.caption.empty()) return {};
    std::vector<std::string> lines;
    for (const absl::string_view line : absl::StrSplit(cell.caption, '\n')) {
      const std::vector<std::string> parts = fonts_.Of(TextStyle::kCaption).Wrapped(std::string(line), cell_width_, kCaptionLines);
      lines.insert(lines.end(), parts.begin(), parts.end());
    }
    return lines;
  }

  std::vector<std::string> Lines(const std::string& text, TextStyle style) const {
    if (text.empty()) return {};
    return fonts_.Of(style).Wrapped(text, heading_width_, kHeadingLines);
  }

  absl::Status CheckSize() const {
    const int64_t pixels = int64_t{layout_.width} * layout_.height;
    if (std::max(layout_.width, layout_.height) <= kMaxSheetSide && pixels <= kMaxSheetPixels) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat("the sheet would have ", layout_.width, "x", layout_.height, " pixels; it may have ",
                                                   kMaxSheetSide, " a side and ", kMaxSheetPixels,
                                                   " in all: show fewer images, or fewer variants or steps"));
  }

  const ContactSheet& sheet_;
  const SheetFonts& fonts_;
  SheetLayout layout_;
  int cell_width_ = 0;
  int heading_width_ = 0;
  int first_cell_x_ = 0;
};

}  // namespace

absl::StatusOr<SheetFonts> SheetFonts::Create() {
  std::vector<Typeface> faces;
  for (const FontChoice& choice : kFonts) {
    SB_ASSIGN_OR_RETURN(Typeface face, Typeface::Create(choice.weight, choice.pixels));
    faces.push_back(std::move(face));
  }
  return SheetFonts(std::move(faces));
}

absl::StatusOr<SheetLayout> LayOut(const ContactSheet& sheet, const SheetFonts& fonts) { return LayoutMaker(sheet, fonts).Make(); }

}  // namespace seedbed::visualize
