#include "core/augment/mixing.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/augment/sample.h"
#include "core/augment/step_fields.h"
#include "core/base/status_macros.h"

namespace seedbed::augment {
namespace {

using nlohmann::json;

// The number of no step: their numbers count from 0.
constexpr uint32_t kMixingStep = 0xFFFFFFFF;
constexpr Range kAlphas = {0.001, 1000};

struct MixItem {
  std::optional<double> Mixing::*alpha;
  json settings;
};

// Which mix an item of the list is; nullopt: none.
std::optional<MixItem> ReadMix(const json& item) {
  const bool is_object = item.is_object() && item.size() == 1;
  if (!is_object && !item.is_string()) return std::nullopt;
  const std::string name = is_object ? item.begin().key() : item.get<std::string>();
  if (name != "mixup" && name != "cutmix") return std::nullopt;
  json settings = is_object ? item.begin().value() : json::object();
  if (settings.is_null()) settings = json::object();
  if (!settings.is_object()) settings = {{"alpha", settings}};
  return MixItem{name == "mixup" ? &Mixing::mixup_alpha : &Mixing::cutmix_alpha, std::move(settings)};
}

const char* NameOf(std::optional<double> Mixing::*alpha) { return alpha == &Mixing::mixup_alpha ? "mixup" : "cutmix"; }

absl::Status ParseMix(MixItem item, const std::string& path, Mixing* mixing) {
  std::optional<double>& alpha = mixing->*item.alpha;
  if (alpha) return absl::InvalidArgumentError(absl::StrCat(path, ": there is a '", NameOf(item.alpha), "' already"));
  uint32_t next_number = 0;
  StepFields fields(std::move(item.settings), absl::StrCat(path, ".", NameOf(item.alpha)), &next_number);
  alpha = fields.Number("alpha", 1, kAlphas);
  return fields.Finish();
}

// The logarithm of a draw from Gamma(shape, 1): Marsaglia and Tsang 2000, for shapes below 1 by way of shape + 1. Logarithms, since draws
// of small shapes are smaller than any number.
double DrawLogGamma(double shape, RandomStream* random) {
  if (shape < 1) {
    const double raised = DrawLogGamma(shape + 1, random);
    return raised + std::log(1 - random->NextUniformDouble(0, 1)) / shape;
  }
  const double d = shape - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  while (true) {
    const double normal = random->NextNormal();
    const double root = 1 + c * normal;
    if (root <= 0) continue;
    const double cube = root * root * root;
    const double log_uniform = std::log(1 - random->NextUniformDouble(0, 1));
    if (log_uniform < 0.5 * normal * normal + d * (1 - cube + std::log(cube))) return std::log(d * cube);
  }
}

}  // namespace

json Mixing::ToJson() const {
  json items = json::array();
  if (mixup_alpha) items.push_back({{"mixup", {{"alpha", *mixup_alpha}}}});
  if (cutmix_alpha) items.push_back({{"cutmix", {{"alpha", *cutmix_alpha}}}});
  return items;
}

json AugmentList::ToJson() const {
  json list = steps.json();
  for (json& item : mixing.ToJson()) list.push_back(std::move(item));
  return list;
}

absl::StatusOr<AugmentList> ParseAugment(const json& list, std::string_view field) {
  AugmentList parsed;
  json steps = list.is_array() ? json::array() : list;
  for (size_t i = 0; list.is_array() && i < list.size(); ++i) {
    const std::string path = absl::StrCat(ToAbsl(field), "[", i, "]");
    if (std::optional<MixItem> mix = ReadMix(list[i])) {
      SB_RETURN_IF_ERROR(ParseMix(*std::move(mix), path, &parsed.mixing));
    } else if (!parsed.mixing.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, " comes after a mix; mixup and cutmix are made of finished batches and come last"));
    } else {
      steps.push_back(list[i]);
    }
  }
  SB_ASSIGN_OR_RETURN(parsed.steps, Pipeline::ParseRandom(steps, field));
  return parsed;
}

double DrawBeta(double alpha, RandomStream* random) {
  const double first = DrawLogGamma(alpha, random), second = DrawLogGamma(alpha, random);
  return 1 / (1 + std::exp(second - first));
}

Box CutMixBox(double weight, int x, int y, int width, int height) {
  const double half_side = 0.5 * std::sqrt(1 - weight);
  const int half_width = static_cast<int>(half_side * width), half_height = static_cast<int>(half_side * height);
  const int left = std::max(x - half_width, 0), top = std::max(y - half_height, 0);
  return {left, top, std::min(x + half_width, width) - left, std::min(y + half_height, height) - top};
}

absl::Status CheckMixing(const Mixing& mixing, const RowShape& shape) {
  if (mixing.cutmix_alpha && shape.height == 1 && shape.width == 1) {
    return absl::InvalidArgumentError(absl::StrCat("augment: cutmix needs pictures, and what is trained takes vectors of ", shape.channels,
                                                   " values; take mixup, or train layers that see the picture"));
  }
  return absl::OkStatus();
}

void BatchMixer::DrawPartners(size_t examples, RandomStream* random) {
  partners_.resize(examples);
  std::iota(partners_.begin(), partners_.end(), 0u);
  for (size_t i = examples; i > 1; --i) std::swap(partners_[i - 1], partners_[random->NextBelow(static_cast<uint32_t>(i))]);
}

// Partners are a permutation, so rows form cycles: along one, each row is mixed before it is changed itself, but for the first, which is
// kept for the last.
template <typename Blend>
void BatchMixer::ForEachRow(std::span<float> rows, Blend blend) {
  const size_t values = shape_.values();
  const auto row = [&](size_t i) { return rows.subspan(i * values, values); };
  done_.assign(partners_.size(), false);
  for (size_t start = 0; start < partners_.size(); ++start) {
    if (done_[start] || partners_[start] == start) continue;
    first_row_.assign(row(start).begin(), row(start).end());
    for (size_t i = start; !done_[i]; i = partners_[i]) {
      done_[i] = true;
      const bool last = partners_[i] == start;
      blend(row(i), last ? std::span<const float>(first_row_) : std::span<const float>(row(partners_[i])));
    }
  }
}

MixedLabels BatchMixer::Mix(uint32_t epoch, uint32_t batch, std::span<const int32_t> labels, std::span<float> rows) {
  if (empty()) return {};
  RandomStream random = Sample{.seed = seed_, .epoch = epoch, .image = batch}.Random(kMixingStep);
  const bool cut = mixing_.cutmix_alpha && (!mixing_.mixup_alpha || random.NextBelow(2) == 1);
  double weight = DrawBeta(cut ? *mixing_.cutmix_alpha : *mixing_.mixup_alpha, &random);
  DrawPartners(labels.size(), &random);
  if (cut) {
    const int x = static_cast<int>(random.NextBelow(static_cast<uint32_t>(shape_.width)));
    const int y = static_cast<int>(random.NextBelow(static_cast<uint32_t>(shape_.height)));
    const Box box = CutMixBox(weight, x, y, shape_.width, shape_.height);
    const size_t channels = static_cast<size_t>(shape_.channels), stride = static_cast<size_t>(shape_.width) * channels;
    ForEachRow(rows, [&](std::span<float> row, std::span<const float> partner) {
      for (int line = box.y; line < box.y + box.height; ++line) {
        const size_t at = static_cast<size_t>(line) * stride + static_cast<size_t>(box.x) * channels;
        std::copy_n(&partner[at], static_cast<size_t>(box.width) * channels, &row[at]);
      }
    });
    weight = 1 - static_cast<double>(box.width) * box.height / (static_cast<double>(shape_.width) * shape_.height);
  } else {
    const float own = static_cast<float>(weight), others = static_cast<float>(1 - weight);
    ForEachRow(rows, [&](std::span<float> row, std::span<const float> partner) {
      for (size_t i = 0; i < row.size(); ++i) row[i] = own * row[i] + others * partner[i];
    });
  }
  others_.resize(labels.size());
  for (size_t i = 0; i < labels.size(); ++i) others_[i] = labels[partners_[i]];
  return {others_, weight};
}

}  // namespace seedbed::augment
