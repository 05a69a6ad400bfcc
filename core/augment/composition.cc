// Steps made of steps, as imgaug's meta augmenters: sequential, some_of, one_of, sometimes. Where imgaug draws one order for a whole batch,
// each image has its own here, as imgaug's documentation says.
#include <algorithm>
#include <array>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/augment/per_channel.h"
#include "core/augment/step_fields.h"
#include "core/augment/step_type.h"
#include "core/base/status_macros.h"

namespace seedbed::augment {
namespace {

using StepList = std::vector<std::shared_ptr<const Step>>;

absl::Status CheckSizes(const StepList& steps, int width, int height) {
  for (const std::shared_ptr<const Step>& step : steps) SB_RETURN_IF_ERROR(step->CheckSize(width, height));
  return absl::OkStatus();
}

void ApplyAll(const StepList& steps, const Sample& sample, Picture picture, Scratch* scratch) {
  for (const std::shared_ptr<const Step>& step : steps) step->Apply(sample, picture, scratch);
}

// With probability p these steps, else those.
class Sometimes : public Step {
 public:
  Sometimes(uint32_t number, double p, StepList then, StepList otherwise)
      : Step(number), p_(p), then_(std::move(then)), otherwise_(std::move(otherwise)) {}

  void Apply(const Sample& sample, Picture picture, Scratch* scratch) const override {
    RandomStream random = Random(sample);
    ApplyAll(Happens(p_, random) ? then_ : otherwise_, sample, picture, scratch);
  }
  absl::Status CheckSize(int width, int height) const override {
    SB_RETURN_IF_ERROR(CheckSizes(then_, width, height));
    return CheckSizes(otherwise_, width, height);
  }

 private:
  const double p_;
  const StepList then_;
  const StepList otherwise_;
};

// So many of the steps, in the listed or in random order.
class SomeOf : public Step {
 public:
  // Orders lie on the stack; more steps than this are refused.
  static constexpr size_t kMostSteps = 64;

  SomeOf(uint32_t number, Distribution count, StepList steps, bool random_order)
      : Step(number), count_(std::move(count)), steps_(std::move(steps)), random_order_(random_order) {}

  void Apply(const Sample& sample, Picture picture, Scratch* scratch) const override {
    RandomStream random = Random(sample);
    const size_t count = std::min(static_cast<size_t>(count_.DrawInteger(random)), steps_.size());
    std::array<uint8_t, kMostSteps> order;
    std::iota(order.begin(), order.begin() + steps_.size(), uint8_t{0});
    // Fisher-Yates from the front: the first `count` are any of the steps in any order.
    const size_t drawn = random_order_ || count < steps_.size() ? count : 0;
    for (size_t i = 0; i < drawn && i + 1 < steps_.size(); ++i) {
      std::swap(order[i], order[i + random.NextBelow(static_cast<uint32_t>(steps_.size() - i))]);
    }
    if (!random_order_) std::sort(order.begin(), order.begin() + count);
    for (size_t i = 0; i < count; ++i) steps_[order[i]]->Apply(sample, picture, scratch);
  }
  absl::Status CheckSize(int width, int height) const override { return CheckSizes(steps_, width, height); }

 private:
  const Distribution count_;
  const StepList steps_;
  const bool random_order_;
};

absl::StatusOr<std::unique_ptr<Step>> MakeSometimes(StepFields* fields) {
  const double p = fields->Chance("p", 0.5);
  StepList then = fields->Steps("then"), otherwise = fields->Steps("else");
  SB_RETURN_IF_ERROR(fields->Finish());
  return std::make_unique<Sometimes>(fields->number(), p, std::move(then), std::move(otherwise));
}

StepList ReadSteps(StepFields* fields) {
  StepList steps = fields->Steps("steps");
  if (steps.size() > SomeOf::kMostSteps) {
    fields->Fail("steps", absl::StrCat("has ", steps.size(), " steps; at most ", SomeOf::kMostSteps, " may stand in one list"));
  }
  return steps;
}

absl::StatusOr<std::unique_ptr<Step>> MakeSequential(StepFields* fields) {
  StepList steps = ReadSteps(fields);
  const bool random_order = fields->Flag("random_order", false);
  if (random_order && steps.size() > 1) fields->MarkRandom();
  SB_RETURN_IF_ERROR(fields->Finish());
  const Distribution all = Distribution::Constant(static_cast<double>(steps.size()));
  return std::make_unique<SomeOf>(fields->number(), all, std::move(steps), random_order);
}

// imgaug's n: absent for all, a number, [low, high], [low, null] for low up to all, or a distribution.
Distribution ReadCount(StepFields* fields, size_t steps) {
  const double all = static_cast<double>(steps);
  nlohmann::json n = fields->Raw("n");
  fields->Resolve("n", n);
  if (n.is_null()) return Distribution::Constant(all);
  if (n.is_array() && n.size() == 2 && n[1].is_null() && n[0].is_number()) n[1] = std::max(all, n[0].get<double>());
  const absl::StatusOr<Distribution> count = Distribution::Parse(n, {0, SomeOf::kMostSteps}, absl::StrCat(fields->path(), ".n"));
  if (count.ok()) return *count;
  fields->Note(count.status());
  return Distribution::Constant(all);
}

absl::StatusOr<std::unique_ptr<Step>> MakeSomeOf(StepFields* fields) {
  StepList steps = ReadSteps(fields);
  Distribution count = ReadCount(fields, steps.size());
  const bool random_order = fields->Flag("random_order", false);
  const Range counts = count.range();
  const bool all_or_none = counts.low >= static_cast<double>(steps.size()) || counts.high == 0;
  if (!all_or_none || (random_order && steps.size() > 1)) fields->MarkRandom();
  SB_RETURN_IF_ERROR(fields->Finish());
  return std::make_unique<SomeOf>(fields->number(), std::move(count), std::move(steps), random_order);
}

absl::StatusOr<std::unique_ptr<Step>> MakeOneOf(StepFields* fields) {
  StepList steps = ReadSteps(fields);
  if (steps.size() > 1) fields->MarkRandom();
  SB_RETURN_IF_ERROR(fields->Finish());
  return std::make_unique<SomeOf>(fields->number(), Distribution::Constant(1), std::move(steps), false);
}

constexpr StepType kTypes[] = {
    {.name = "sequential", .main_setting = "steps", .summary = "all of steps, in listed or random order", .make = MakeSequential},
    {.name = "some_of", .main_setting = "", .summary = "n of steps, in listed or random order", .make = MakeSomeOf},
    {.name = "one_of", .main_setting = "steps", .summary = "one of steps", .make = MakeOneOf},
    {.name = "sometimes", .main_setting = "", .summary = "with probability p the steps of then, else those of else", .make = MakeSometimes},
};

}  // namespace

std::span<const StepType> CompositionSteps() { return kTypes; }

}  // namespace seedbed::augment
