#include "core/train/examples.h"

#include <cstddef>

#include "absl/strings/str_cat.h"

namespace seedbed::train {
namespace {

struct RowCount {
  size_t labels;
  template <typename Element>
  size_t operator()(const std::vector<const Element*>& rows) const {
    return rows.size();
  }
  // What is fetched has as many rows as it has labels, and needs a function once there is one.
  size_t operator()(const FetchRows& fetch) const { return fetch != nullptr ? labels : 0; }
};

}  // namespace

absl::Status CheckExamples(const Examples& examples, int64_t classes) {
  const size_t rows = std::visit(RowCount{examples.labels.size()}, examples.rows);
  if (rows != examples.labels.size()) {
    return absl::InvalidArgumentError(absl::StrCat(rows, " rows have ", examples.labels.size(), " labels"));
  }
  for (const int32_t label : examples.labels) {
    if (label < 0 || label >= classes) {
      return absl::InvalidArgumentError(absl::StrCat("label ", label, " is none of ", classes, " classes"));
    }
  }
  return absl::OkStatus();
}

}  // namespace seedbed::train
