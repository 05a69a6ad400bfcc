// Curves as text.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace seedbed::cli {

struct PlotSeries {
  std::string name;
  std::vector<std::optional<double>> values;  // at 1, 2, 3 ...; a gap where there is none, or where it is not finite
  bool dotted = false;                        // else a solid line
};

struct PlotOptions {
  int width = 40;       // columns, at least kMinPlotWidth
  int height = 10;      // lines of the curves alone
  bool braille = true;  // two by four dots in a character; else ASCII, a letter for each point
  bool share = false;   // values are ratios, shown in percent
};
inline constexpr int kMinPlotWidth = 24;

// A title, the curves between axes, and a legend: height + 4 lines, each `width` columns wide without its line end. `last`: what the right
// end of the horizontal axis is called, at least 1; values beyond it are not shown, and those that are missing leave room.
std::vector<std::string> DrawPlot(std::string_view title, std::span<const PlotSeries> series, int last, const PlotOptions& options);

// Beside each other where `width` has room for both, else one below the other.
std::string ArrangePlots(const std::vector<std::string>& left, const std::vector<std::string>& right, int width);

// Whether texts may have characters beyond ASCII: as the locale says (LC_ALL, LC_CTYPE, LANG). Not on a Linux console, whose font has few.
bool TerminalTakesUtf8();
// Columns of the terminal of standard output; else those of COLUMNS, else 80.
int TerminalWidth();

}  // namespace seedbed::cli
