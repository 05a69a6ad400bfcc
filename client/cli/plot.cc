#include "client/cli/plot.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/text_format.h"
#include "core/base/status_macros.h"
#include "core/base/utf8.h"

namespace seedbed::cli {
namespace {

constexpr int kAxisWidth = 9;  // of the numbers beside the curves, with the axis itself
constexpr int kDefaultWidth = 80;
constexpr int kMaxWidth = 160;

struct Range {
  double low = 0;
  double high = 1;
};

bool Shown(const std::optional<double>& value) { return value && std::isfinite(*value); }

Range RangeOf(std::span<const PlotSeries> series) {
  Range range{INFINITY, -INFINITY};
  for (const PlotSeries& one : series) {
    for (const std::optional<double>& value : one.values) {
      if (Shown(value)) range = {std::min(range.low, *value), std::max(range.high, *value)};
    }
  }
  if (range.low > range.high) return {};
  const double margin = range.high - range.low > 0 ? 0 : std::max(0.5 * std::abs(range.high), 1e-6);
  return {range.low - margin, range.high + margin};
}

// Dots in a grid, and the characters that they make.
class Canvas {
 public:
  Canvas(int columns, int lines, bool braille)
      : columns_(columns), lines_(lines), braille_(braille), cells_(static_cast<size_t>(columns) * static_cast<size_t>(lines), U' ') {}

  int width() const { return columns_ * (braille_ ? 2 : 1); }
  int height() const { return lines_ * (braille_ ? 4 : 1); }

  // `mark`: the character where there are no dots within characters.
  void Set(int x, int y, char mark) {
    if (x < 0 || y < 0 || x >= width() || y >= height()) return;
    if (!braille_) {
      Cell(x, y) = static_cast<char32_t>(mark);
      return;
    }
    // Dots of U+2800 and following: bits 0 to 2 go down the left column, 3 to 5 down the right one, 6 and 7 are the lowest line.
    static constexpr std::array<std::array<int, 4>, 2> kBits{{{0, 1, 2, 6}, {3, 4, 5, 7}}};
    char32_t& cell = Cell(x / 2, y / 4);
    if (cell == U' ') cell = 0x2800;
    cell |= char32_t{1} << kBits[static_cast<size_t>(x % 2)][static_cast<size_t>(y % 4)];
  }

  std::string Line(int line) const {
    const auto first = cells_.begin() + static_cast<std::ptrdiff_t>(line) * columns_;
    return ToUtf8(std::u32string(first, first + columns_));
  }

 private:
  char32_t& Cell(int column, int line) {
    return cells_[static_cast<size_t>(line) * static_cast<size_t>(columns_) + static_cast<size_t>(column)];
  }

  const int columns_;
  const int lines_;
  const bool braille_;
  std::vector<char32_t> cells_;
};

struct Point {
  int x = 0;
  int y = 0;
};

// Every dot of a line between two points; of a dotted one, every other pair of columns.
void DrawLine(Point from, Point to, bool dotted, bool braille, Canvas* canvas) {
  const int steps = std::max({std::abs(to.x - from.x), std::abs(to.y - from.y), 1});
  for (int i = 0; i <= steps; ++i) {
    const double part = static_cast<double>(i) / steps;
    const int x = static_cast<int>(std::lround(from.x + part * (to.x - from.x)));
    const int y = static_cast<int>(std::lround(from.y + part * (to.y - from.y)));
    if (dotted && braille && x / 2 % 2 == 1) continue;
    canvas->Set(x, y, dotted ? 'o' : '*');
  }
}

void DrawSeries(const PlotSeries& series, const Range& range, int last, bool braille, Canvas* canvas) {
  Point before;
  bool goes_on = false;  // from the point before
  for (size_t i = 0; i < std::min(series.values.size(), static_cast<size_t>(last)); ++i) {
    if (!Shown(series.values[i])) {
      goes_on = false;
      continue;
    }
    const double along = last > 1 ? static_cast<double>(i) / (last - 1) : 0;
    const double up = (*series.values[i] - range.low) / (range.high - range.low);
    const Point point{static_cast<int>(std::lround(along * (canvas->width() - 1))),
                      static_cast<int>(std::lround((1 - up) * (canvas->height() - 1)))};
    DrawLine(goes_on ? before : point, point, series.dotted, braille, canvas);
    before = point;
    goes_on = true;
  }
}

std::string Number(double value, bool share) { return share ? absl::StrFormat("%.1f%%", 100 * value) : absl::StrFormat("%.4g", value); }

// Cut off or filled with spaces.
std::string Fitted(std::string text, int width, bool right = false) {
  std::u32string characters = ToUtf32(text);
  characters.resize(std::min(characters.size(), static_cast<size_t>(width)));
  const std::string blank(static_cast<size_t>(width) - characters.size(), ' ');
  return right ? blank + ToUtf8(characters) : ToUtf8(characters) + blank;
}

std::string Legend(std::span<const PlotSeries> series, bool braille) {
  std::string text;
  for (const PlotSeries& one : series) {
    const char* sign = braille ? (one.dotted ? "⠒ ⠒ " : "⠒⠒⠒ ") : (one.dotted ? "o " : "* ");
    absl::StrAppend(&text, text.empty() ? "" : "  ", sign, one.name);
  }
  return text;
}

}  // namespace

std::vector<std::string> DrawPlot(std::string_view title, std::span<const PlotSeries> series, int last, const PlotOptions& options) {
  const int width = std::max(options.width, kMinPlotWidth), columns = width - kAxisWidth;
  const Range range = RangeOf(series);
  Canvas canvas(columns, options.height, options.braille);
  for (const PlotSeries& one : series) DrawSeries(one, range, last, options.braille, &canvas);
  const char* axis = options.braille ? "│" : "|";
  std::vector<std::string> lines{Fitted(std::string(title), width)};
  for (int line = 0; line < options.height; ++line) {
    const bool numbered = line == 0 || line == options.height - 1 || line == options.height / 2;
    const double value = range.high - (range.high - range.low) * line / std::max(1, options.height - 1);
    const std::string number = numbered ? Number(value, options.share) : "";
    lines.push_back(absl::StrCat(Fitted(number, kAxisWidth - 2, /*right=*/true), " ", axis, canvas.Line(line)));
  }
  std::string foot(static_cast<size_t>(kAxisWidth - 1), ' ');
  absl::StrAppend(&foot, options.braille ? "└" : "+");
  for (int i = 0; i < columns; ++i) absl::StrAppend(&foot, options.braille ? "─" : "-");
  lines.push_back(std::move(foot));
  const std::string end = absl::StrCat(last), blank(static_cast<size_t>(kAxisWidth), ' ');
  lines.push_back(absl::StrCat(blank, "1", Fitted(end, columns - 1, /*right=*/true)));
  lines.push_back(Fitted(blank + Legend(series, options.braille), width));
  return lines;
}

std::string ArrangePlots(const std::vector<std::string>& left, const std::vector<std::string>& right, int width) {
  constexpr size_t kGap = 2;
  const bool side_by_side = DisplayWidth(left.front()) + kGap + DisplayWidth(right.front()) <= static_cast<size_t>(width);
  std::string text;
  const auto add = [&text](std::string line) {
    absl::StripTrailingAsciiWhitespace(&line);
    absl::StrAppend(&text, line, "\n");
  };
  for (size_t i = 0; i < left.size(); ++i) add(side_by_side ? absl::StrCat(left[i], std::string(kGap, ' '), right[i]) : left[i]);
  for (size_t i = 0; i < right.size() && !side_by_side; ++i) add(right[i]);
  return text;
}

bool TerminalTakesUtf8() {
  const char* terminal = std::getenv("TERM");
  if (terminal != nullptr && std::string_view(terminal) == "linux") return false;
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    const std::string locale = absl::AsciiStrToLower(value);
    return absl::StrContains(locale, "utf-8") || absl::StrContains(locale, "utf8");
  }
  return false;
}

int TerminalWidth() {
  winsize size{};
  int width = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
  const char* columns = std::getenv("COLUMNS");
  if (width == 0 && (columns == nullptr || !absl::SimpleAtoi(columns, &width))) width = kDefaultWidth;
  return std::clamp(width, kMinPlotWidth, kMaxWidth);
}

}  // namespace seedbed::cli
