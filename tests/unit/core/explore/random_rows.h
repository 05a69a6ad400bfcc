// Rows of numbers around a few centres, for the tests of this room.
#pragma once

#include <span>
#include <vector>

#include "core/base/philox.h"
#include "core/explore/row_source.h"

namespace seedbed::testing {

class RandomRows {
 public:
  // Row i belongs to group i % groups; the groups are `apart` from each other in units of their own spread.
  RandomRows(size_t count, size_t values, size_t groups, double apart = 8) : count_(count), values_(values) {
    std::vector<double> centres;
    RandomStream random(7, RandomPurpose::kGenerate, count * values);
    for (size_t i = 0; i < groups * values; ++i) centres.push_back(apart * random.NextNormal() / static_cast<double>(1 + i % values));
    for (size_t row = 0; row < count; ++row) {
      for (size_t value = 0; value < values; ++value) {
        const double spread = 1 / static_cast<double>(1 + value);
        numbers_.push_back(static_cast<float>(centres[row % groups * values + value] + spread * random.NextNormal()));
      }
      labels_.push_back(static_cast<int32_t>(row % groups));
    }
  }

  explore::RowSource source() const {
    return {count_, values_, [this](size_t row) { return std::span<const float>(numbers_).subspan(row * values_, values_); }};
  }
  const std::vector<int32_t>& labels() const { return labels_; }
  std::vector<float>& numbers() { return numbers_; }

 private:
  size_t count_;
  size_t values_;
  std::vector<float> numbers_;
  std::vector<int32_t> labels_;
};

}  // namespace seedbed::testing
