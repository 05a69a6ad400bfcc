// A report that people look at in a browser: one HTML file, which holds everything that it shows and loads nothing.
//
//   Title                                                [theme]
//   subtitle
//   [figure] [figure] [figure]
//   [section: chart] [section: chart]
//   [section: matrix, pictures, table, facts, code ...]
//
// Charts are drawn by Chart.js, which the file carries. Its data is one block of JSON; the page's script writes it as text and never as
// HTML, and a Content-Security-Policy runs no other script: names of classes and files are harmless, whatever they are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace seedbed::report {

// A number that says most: "Accuracy", "91.7 %", "110 of 120 images".
struct KeyFigure {
  std::string label;
  std::string value;
  std::string note = {};
};

enum class Format {
  kNumber,      // 0.0123
  kShare,       // a ratio, shown in percent
  kCount,       // 1,234
  kScientific,  // 1.0e-3
};

struct Series {
  std::string name;
  std::vector<std::optional<double>> values;  // one for each label of the chart; a gap where there is none, or where it is not finite
  bool dashed = false;
  int colour = -1;    // series with the same number have the same colour; -1: one of its own
  bool line = false;  // in a chart of bars: a line over them
};

// Lines over labels in their order, or bars.
struct Chart {
  enum class Type { kLines, kBars, kHorizontalBars };
  Type type = Type::kLines;
  Format format = Format::kNumber;
  std::vector<std::string> labels = {};
  std::vector<Series> series = {};
  std::string label_title = {};  // what the labels are: "epoch"
  std::string value_title = {};
  bool stacked = false;
  bool full_share = false;  // of shares: the axis goes from 0 to 100 %
};

// Points in a plane, in groups. What the axes measure is not shown.
struct ScatterPoint {
  double x = 0;
  double y = 0;
  size_t group = 0;
  bool marked = false;                    // stands out
  std::string name = {};                  // under the pointer
  std::vector<std::string> details = {};  // likewise
};
struct ScatterChart {
  std::vector<std::string> groups;
  std::vector<ScatterPoint> points;  // with finite places
};

// Who was taken for whom.
struct ConfusionMatrix {
  std::vector<std::string> classes;
  std::vector<int64_t> counts;  // row: true class, column: predicted; row-major
};

struct Picture {
  std::string png;                        // the file's bytes
  std::string name;                       // path in the dataset
  std::string actual;                     // class
  std::string predicted;                  // class
  std::vector<std::string> details = {};  // "99.1 % sure"
};
struct Pictures {
  std::vector<Picture> pictures;
};

struct TableColumn {
  std::string title;
  bool numeric = false;  // set to the right, digits below digits
};
struct Table {
  std::vector<TableColumn> columns;
  std::vector<std::vector<std::string>> rows;  // a cell for each column
};

// Names and values.
struct Facts {
  std::vector<std::pair<std::string, std::string>> rows;
};

struct Code {
  std::string text;
};

// Only the section's text.
struct Nothing {};

struct Section {
  std::string title;
  std::string text = {};  // below the title
  std::variant<Nothing, Chart, ScatterChart, ConfusionMatrix, Pictures, Table, Facts, Code> content = Nothing();
  bool half = false;    // two such sections stand side by side where there is room
  bool folded = false;  // opened by a click
};

struct Report {
  std::string title;
  std::string subtitle = {};
  std::vector<KeyFigure> figures = {};
  std::vector<Section> sections = {};
  std::string footer = {};  // "Seedbed 0.1.0, 2026-11-23T18:03:53Z"
};

// The file. Texts that are not UTF-8 are made so.
std::string RenderHtml(const Report& report);

// "91.7 %" and "0.0123", as the charts write them.
std::string FormatShare(double ratio);
std::string FormatNumber(double value);

}  // namespace seedbed::report
