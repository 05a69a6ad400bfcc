#include "core/augment/cv_picture.h"

#include <array>
#include <string>
#include <vector>

namespace seedbed::augment {

int ReadCvBorder(std::string_view setting, StepFields* fields) {
  struct Border {
    std::string_view name;
    int type;
  };
  static constexpr std::array<Border, 5> kBorders = {{{"constant", cv::BORDER_CONSTANT},
                                                      {"edge", cv::BORDER_REPLICATE},
                                                      {"reflect", cv::BORDER_REFLECT_101},
                                                      {"symmetric", cv::BORDER_REFLECT},
                                                      {"wrap", cv::BORDER_WRAP}}};
  std::vector<std::string> names;
  for (const Border& border : kBorders) names.emplace_back(border.name);
  const std::string chosen = fields->Choice(setting, kBorders.front().name, names);
  return std::find_if(kBorders.begin(), kBorders.end(), [&](const Border& border) { return border.name == chosen; })->type;
}

}  // namespace seedbed::augment
