#include "client/cli/table.h"

#include <algorithm>
#include <utility>

#include "client/cli/text_format.h"

namespace seedbed::cli {
namespace {

constexpr size_t kGap = 2;

// Names come from folders and may hold anything, also codes that terminals obey.
std::string Printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
  return text;
}

std::string RenderLine(const std::vector<std::string>& cells, const std::vector<Column>& columns, const std::vector<size_t>& widths) {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) {
    const std::string padding(widths[i] - DisplayWidth(cells[i]), ' ');
    if (i > 0) line.append(kGap, ' ');
    line += columns[i].align == Align::kRight ? padding + cells[i] : cells[i] + padding;
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace

void Table::AddRow(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  for (std::string& cell : cells) cell = Printable(std::move(cell));
  rows_.push_back(std::move(cells));
}

std::string Table::Render(bool bold) const {
  std::vector<size_t> widths;
  std::vector<std::string> titles;
  for (const Column& column : columns_) {
    titles.push_back(column.title);
    widths.push_back(DisplayWidth(column.title));
  }
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], DisplayWidth(row[i]));
  }
  const std::string header = RenderLine(titles, columns_, widths);
  std::string text = bold ? "\033[1m" + header + "\033[0m\n" : header + "\n";
  for (const auto& row : rows_) text += RenderLine(row, columns_, widths) + "\n";
  return text;
}

std::string RenderPairs(const std::vector<std::pair<std::string, std::string>>& pairs) {
  size_t width = 0;
  for (const auto& [name, value] : pairs) width = std::max(width, DisplayWidth(name));
  std::string text;
  for (const auto& [name, value] : pairs) {
    text += name + std::string(width - DisplayWidth(name) + kGap, ' ') + Printable(value) + "\n";
  }
  return text;
}

}  // namespace seedbed::cli
