#include "core/tasks/model/augmentation.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/digest.h"
#include "core/base/status_macros.h"

namespace seedbed::tasks {
namespace {

constexpr char kField[] = "augment";

}  // namespace

absl::StatusOr<Augmentation> Augmentation::Create(const TrainSpec& spec) {
  augment::AugmentList list;
  if (!spec.augment.empty()) {
    const auto written = nlohmann::json::parse(spec.augment, /*cb=*/nullptr, /*allow_exceptions=*/false);
    SB_ASSIGN_OR_RETURN(list, augment::ParseAugment(written, kField));
  }
  if (spec.augment_views < 0 || spec.augment_views > 1'000) {
    return absl::InvalidArgumentError(absl::StrCat("augment_views is ", spec.augment_views, "; it must be from 0 to 1,000"));
  }
  if (spec.augment_views > 0 && list.steps.empty()) return absl::InvalidArgumentError("augment_views needs a step in augment");
  return Augmentation(std::move(list), spec.seed, static_cast<size_t>(spec.augment_views));
}

std::string Augmentation::Text() const {
  std::vector<std::string> names;
  for (size_t i = 0; i < list_.steps.size(); ++i) names.push_back(list_.steps.name(i));
  return absl::StrJoin(names, ", ");
}

absl::Status Augmentation::CheckSize(int width, int height) const { return Annotate(list_.steps.CheckSize(width, height), kField); }

void Augmentation::Apply(std::string_view sha256, uint32_t epoch, augment::Picture picture, augment::Scratch* scratch) const {
  list_.steps.Apply({.seed = seed_, .epoch = epoch, .image = augment::ImageNumber(sha256)}, picture, scratch);
}

std::string Augmentation::Digest(std::string_view sha256, uint32_t epoch) const {
  const nlohmann::json identity = {{"image", std::string(sha256)}, {"augment", list_.steps.json()}, {"seed", seed_}, {"view", epoch}};
  return Sha256Hex(identity.dump());
}

void Augmenter::Make(std::string_view sha256, uint32_t epoch, std::span<const uint8_t> pixels, std::span<uint8_t> target) {
  std::copy(pixels.begin(), pixels.end(), target.begin());
  std::unique_ptr<augment::Scratch> scratch = scratches_.Borrow();
  augmentation_.Apply(sha256, epoch, {.width = width_, .height = height_, .rgb = target}, scratch.get());
  scratches_.Return(std::move(scratch));
}

}  // namespace seedbed::tasks
