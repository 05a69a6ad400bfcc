#include "core/dataset/tsv.h"

#include <algorithm>

namespace seedbed::dataset {

std::string EscapeField(std::string_view text) {
  std::string field;
  field.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '\t':
        field += "\\t";
        break;
      case '\n':
        field += "\\n";
        break;
      case '\\':
        field += "\\\\";
        break;
      default:
        field += c;
    }
  }
  return field;
}

std::optional<std::string> UnescapeField(std::string_view field) {
  std::string text;
  text.reserve(field.size());
  for (size_t i = 0; i < field.size(); ++i) {
    if (field[i] != '\\') {
      text += field[i];
      continue;
    }
    if (++i == field.size()) return std::nullopt;
    if (field[i] == 't') {
      text += '\t';
    } else if (field[i] == 'n') {
      text += '\n';
    } else if (field[i] == '\\') {
      text += '\\';
    } else {
      return std::nullopt;
    }
  }
  return text;
}

std::vector<std::string_view> SplitAt(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::vector<std::string_view> SplitLines(std::string_view content) {
  if (content.empty()) return {};
  if (content.back() == '\n') content.remove_suffix(1);
  return SplitAt(content, '\n');
}

}  // namespace seedbed::dataset
