// Aligned columns of text.
#pragma once

#include <string>
#include <vector>

namespace seedbed::cli {

enum class Align { kLeft, kRight };

struct Column {
  std::string title;
  Align align = Align::kLeft;
};

// Every cell is shown in full: a table is as wide as what is in it. Control characters in cells are shown as '?'.
class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // One cell per column.
  void AddRow(std::vector<std::string> cells);

  // Header and rows, each ended by a line feed, without spaces at line ends. `bold` surrounds the header with terminal codes.
  std::string Render(bool bold = false) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// Lines "name  value", the values aligned; control characters in values are shown as '?'.
std::string RenderPairs(const std::vector<std::pair<std::string, std::string>>& pairs);

}  // namespace seedbed::cli
