#include "core/visualize/scatter_plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "core/base/philox.h"
#include "core/base/status_macros.h"
#include "core/visualize/canvas.h"

namespace seedbed::visualize {
namespace {

constexpr int kMargin = 24;
constexpr int kGap = 14;
constexpr int kPlotWidth = 1000;
constexpr int kLargePlotWidth = 1600;
constexpr int kInset = 40;       // from the plot's edge to the outermost point
constexpr int kLegendLine = 21;  // pixels from one entry to the next
constexpr int kMarkRadius = 6;   // of the legend
constexpr int kMaxNameWidth = 220;
constexpr size_t kMaxLegendColumns = 4;
constexpr size_t kMaxLegendEntries = 160;
constexpr size_t kNoteLines = 4;
constexpr int kFrame = 3;  // of pictures
constexpr Colour kPlotGround = {255, 255, 255};

// Told apart on white, neighbours in the list most of all.
constexpr Colour kPalette[] = {{31, 119, 180}, {255, 127, 14},  {44, 160, 44},   {214, 39, 40},  {148, 103, 189},
                               {140, 86, 75},  {240, 98, 190},  {100, 100, 100}, {188, 189, 34}, {23, 190, 207},
                               {11, 36, 110},  {250, 200, 0},   {120, 230, 120}, {130, 0, 50},   {190, 165, 250},
                               {0, 0, 0},      {255, 170, 160}, {0, 95, 75},     {255, 0, 110},  {150, 225, 240}};
constexpr size_t kColours = std::size(kPalette);

// How far (x, y) is from the edge of a mark of that radius; negative inside.
using Shape = double (*)(double x, double y, double radius);
double Circle(double x, double y, double radius) { return std::hypot(x, y) - radius; }
double Square(double x, double y, double radius) { return std::max(std::abs(x), std::abs(y)) - radius * 0.88; }
double Triangle(double x, double y, double radius) { return std::max(y - radius * 0.7, std::abs(x) * 0.866 - y * 0.5 - radius * 0.6); }
double Diamond(double x, double y, double radius) { return (std::abs(x) + std::abs(y)) * 0.7071 - radius * 0.86; }
double Cross(double x, double y, double radius) {
  const double near = std::min(std::abs(x), std::abs(y)), far = std::max(std::abs(x), std::abs(y));
  return std::max(near - radius * 0.4, far - radius * 1.1);
}
constexpr Shape kShapes[] = {Circle, Square, Triangle, Diamond, Cross};

void Blend(Colour colour, double share, uint8_t* pixel) {
  for (size_t channel = 0; channel < 3; ++channel) {
    pixel[channel] = static_cast<uint8_t>(std::lround(pixel[channel] + share * (colour[channel] - pixel[channel])));
  }
}

// Within the image.
void DrawMark(size_t group, double x, double y, double radius, image::Image* image) {
  const Shape shape = kShapes[group / kColours % std::size(kShapes)];
  const Colour colour = kPalette[group % kColours];
  const int reach = static_cast<int>(std::ceil(radius)) + 3;
  const int centre_x = static_cast<int>(std::lround(x)), centre_y = static_cast<int>(std::lround(y));
  for (int py = centre_y - reach; py <= centre_y + reach; ++py) {
    for (int px = centre_x - reach; px <= centre_x + reach; ++px) {
      const double distance = shape(px - x, py - y, radius);
      uint8_t* pixel = PixelAt(image, px, py);
      // A pale rim keeps marks apart that lie over each other.
      Blend(kPlotGround, 0.8 * std::clamp(1.5 - distance, 0.0, 1.0), pixel);
      Blend(colour, 0.92 * std::clamp(0.5 - distance, 0.0, 1.0), pixel);
    }
  }
}

double RadiusFor(size_t points) { return points <= 600 ? 5.5 : points <= 2500 ? 4.2 : points <= 12'000 ? 3 : 2; }

// An order in which no group lies over all others.
std::vector<uint32_t> MixedOrder(size_t points) {
  return RandomPermutation(static_cast<uint32_t>(points), RandomStream(0, RandomPurpose::kShuffle, points));
}

// Where points stand within the plot, whose corner is 0, 0.
class PlotArea {
 public:
  explicit PlotArea(const ScatterPlot& plot) : width_(plot.large ? kLargePlotWidth : kPlotWidth) {
    double high_x = -std::numeric_limits<double>::infinity(), high_y = high_x;
    left_ = low_y_ = std::numeric_limits<double>::infinity();
    for (const ScatterPoint& point : plot.points) {
      left_ = std::min(left_, point.x);
      high_x = std::max(high_x, point.x);
      low_y_ = std::min(low_y_, point.y);
      high_y = std::max(high_y, point.y);
    }
    const double span_x = high_x - left_, span_y = high_y - low_y_;
    const int most = width_ * 17 / 20;
    const double shape = span_x > 0 ? span_y / span_x : 1;
    height_ = static_cast<int>(std::clamp(shape * width_, width_ * 0.5, static_cast<double>(most)));
    const double room_x = width_ - 2 * kInset, room_y = height_ - 2 * kInset;
    scale_ = std::min(span_x > 0 ? room_x / span_x : room_x, span_y > 0 ? room_y / span_y : room_y);
    shift_x_ = (width_ - scale_ * span_x) / 2;
    shift_y_ = (height_ - scale_ * span_y) / 2;
  }

  int width() const { return width_; }
  int height() const { return height_; }
  double X(const ScatterPoint& point) const { return shift_x_ + scale_ * (point.x - left_); }
  double Y(const ScatterPoint& point) const { return height_ - shift_y_ - scale_ * (point.y - low_y_); }

 private:
  int width_;
  int height_ = 0;
  double left_ = 0;
  double low_y_ = 0;
  double scale_ = 1;
  double shift_x_ = 0;
  double shift_y_ = 0;
};

struct LegendEntry {
  size_t group = 0;
  size_t points = 0;
};

class PlotDrawer {
 public:
  PlotDrawer(const ScatterPlot& plot, const SheetFonts& fonts) : plot_(plot), fonts_(fonts), area_(plot) {
    std::vector<size_t> counts(plot.groups.size());
    for (const ScatterPoint& point : plot.points) ++counts[point.group];
    for (size_t group = 0; group < counts.size(); ++group) {
      if (counts[group] > 0) legend_.push_back({group, counts[group]});
    }
    lines_ = std::max<size_t>(1, static_cast<size_t>(area_.height() / kLegendLine) - 1);
    shown_ = std::min({legend_.size(), kMaxLegendEntries, lines_ * kMaxLegendColumns});
    for (size_t i = 0; i < shown_; ++i) name_width_ = std::max(name_width_, Width(TextStyle::kCaption, EntryText(legend_[i])));
    name_width_ = std::min(name_width_, kMaxNameWidth);
  }

  image::Image Draw(const std::vector<PlotPicture>& pictures) {
    const size_t columns = (shown_ + lines_ - 1) / lines_;
    const int width = 2 * kMargin + area_.width() + static_cast<int>(columns) * (ColumnWidth() + kGap);
    PlaceTop(width - 2 * kMargin);
    const int bottom = top_ + area_.height();
    const bool labelled = !plot_.x_label.empty();
    image::Image image = BlankPaper(width, bottom + (labelled ? LineHeight(TextStyle::kCaption) + 4 : 0) + kMargin);
    for (const PlacedText& text : texts_) DrawText(fonts_, text, &image);
    FillBox({kMargin - 1, top_ - 1, area_.width() + 2, area_.height() + 2}, kLine, &image);
    FillBox({kMargin, top_, area_.width(), area_.height()}, kPlotGround, &image);
    if (labelled) DrawLine(TextStyle::kCaption, plot_.x_label, kMargin, bottom + 4, &image);
    DrawPoints(&image);
    for (const PlotPicture& picture : pictures) DrawPicture(picture, &image);
    DrawLegend(&image);
    return image;
  }

 private:
  int LineHeight(TextStyle style) const { return fonts_.Of(style).line_height(); }
  int Width(TextStyle style, const std::string& text) const { return fonts_.Of(style).Width(text); }
  int ColumnWidth() const { return 2 * kMarkRadius + 8 + name_width_; }
  std::string EntryText(const LegendEntry& entry) const { return absl::StrCat(plot_.groups[entry.group], "  ", entry.points); }

  void DrawLine(TextStyle style, const std::string& text, int x, int y, image::Image* image) const {
    DrawText(fonts_, {text, style, {x, y, Width(style, text), LineHeight(style)}}, image);
  }

  void PlaceTop(int room) {
    int y = kMargin;
    const auto add = [&](const std::string& line, TextStyle style) {
      texts_.push_back({line, style, {kMargin, y, Width(style, line), LineHeight(style)}});
      y += LineHeight(style);
    };
    add(fonts_.Of(TextStyle::kTitle).Shortened(plot_.title, room), TextStyle::kTitle);
    for (const std::string& note : plot_.notes) {
      for (const std::string& line : fonts_.Of(TextStyle::kNote).Wrapped(note, room, kNoteLines)) add(line, TextStyle::kNote);
    }
    y += kGap;
    if (!plot_.y_label.empty()) add(plot_.y_label, TextStyle::kCaption);
    top_ = y + 2;
  }

  void DrawPoints(image::Image* image) const {
    const double radius = RadiusFor(plot_.points.size());
    for (const uint32_t i : MixedOrder(plot_.points.size())) {
      const ScatterPoint& point = plot_.points[i];
      DrawMark(point.group, kMargin + area_.X(point), top_ + area_.Y(point), radius, image);
    }
  }

  void DrawPicture(const PlotPicture& shown, image::Image* image) const {
    const ScatterPoint& point = plot_.points[shown.point];
    const int x = kMargin + static_cast<int>(std::lround(area_.X(point))) - shown.picture.width / 2;
    const int y = top_ + static_cast<int>(std::lround(area_.Y(point))) - shown.picture.height / 2;
    DrawFramed(shown.picture, {x, y, shown.picture.width, shown.picture.height}, kPalette[point.group % kColours], kFrame, image);
  }

  void DrawLegend(image::Image* image) const {
    for (size_t i = 0; i < shown_; ++i) {
      const int x = kMargin + area_.width() + kGap + static_cast<int>(i / lines_) * (ColumnWidth() + kGap);
      const int y = top_ + static_cast<int>(i % lines_) * kLegendLine;
      constexpr int kMiddle = kLegendLine / 2;
      DrawMark(legend_[i].group, x + kMarkRadius, y + kMiddle, kMarkRadius, image);
      const std::string text = fonts_.Of(TextStyle::kCaption).Shortened(EntryText(legend_[i]), name_width_);
      DrawLine(TextStyle::kCaption, text, x + 2 * kMarkRadius + 8, y + (kLegendLine - LineHeight(TextStyle::kCaption)) / 2, image);
    }
    if (shown_ == legend_.size()) return;
    const std::string rest = absl::StrCat("and ", legend_.size() - shown_, " more");
    DrawLine(TextStyle::kCaption, rest, kMargin + area_.width() + kGap, top_ + static_cast<int>(lines_) * kLegendLine, image);
  }

  const ScatterPlot& plot_;
  const SheetFonts& fonts_;
  const PlotArea area_;
  std::vector<LegendEntry> legend_;  // groups with points
  size_t lines_ = 0;                 // of a column of the legend
  size_t shown_ = 0;                 // entries of the legend
  int name_width_ = 0;
  std::vector<PlacedText> texts_;
  int top_ = 0;  // of the plot
};

}  // namespace

std::vector<size_t> PointsWithRoom(const ScatterPlot& plot) {
  const PlotArea area(plot);
  constexpr double kApart = kPlotPictureSide + 2 * kFrame + 2;
  std::vector<size_t> chosen;
  for (const uint32_t i : MixedOrder(plot.points.size())) {
    const auto hides = [&](size_t other) {
      return std::abs(area.X(plot.points[i]) - area.X(plot.points[other])) < kApart &&
             std::abs(area.Y(plot.points[i]) - area.Y(plot.points[other])) < kApart;
    };
    if (std::none_of(chosen.begin(), chosen.end(), hides)) chosen.push_back(i);
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

absl::StatusOr<image::Image> DrawScatterPlot(const ScatterPlot& plot, const std::vector<PlotPicture>& pictures) {
  SB_ASSIGN_OR_RETURN(const SheetFonts fonts, SheetFonts::Create());
  return PlotDrawer(plot, fonts).Draw(pictures);
}

}  // namespace seedbed::visualize
