// What holds for every step there is. A new type needs a row in kIdentities.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/augment/pipeline.h"
#include "core/augment/presets.h"
#include "core/augment/step_type.h"
#include "core/base/philox.h"
#include "core/base/thread_pool.h"
#include "tests/testing/status_matchers.h"
#include "tests/unit/core/augment/allocation_counter.h"

namespace seedbed::augment {
namespace {

using nlohmann::json;

struct Size {
  int width;
  int height;
};
constexpr Size kSizes[] = {{1, 1}, {2, 3}, {33, 17}, {150, 150}};

// Settings with which a step of zero strength leaves every byte as it is.
struct Identity {
  std::string_view type;
  std::string_view settings;  // JSON; "@ratio" stands for the picture's width : height
};
constexpr Identity kIdentities[] = {
    {"remove_background", R"({"colours": [[0, 0, 0]], "thresholds": [584970], "median": 0})"},
    {"sequential", R"({"steps": []})"},
    {"some_of", R"({"n": 0, "steps": ["invert"]})"},
    {"one_of", R"({"steps": [{"invert": 0}]})"},
    {"sometimes", R"({"p": 0, "then": ["invert"]})"},
    {"fliplr", R"({"p": 0})"},
    {"flipud", R"({"p": 0})"},
    {"crop", R"({"percent": 0})"},
    {"crop_and_pad", R"({"percent": 0})"},
    {"gaussian_blur", R"({"sigma": 0})"},
    {"average_blur", R"({"k": 1})"},
    {"median_blur", R"({"k": 1})"},
    {"multiply", R"({"mul": 1})"},
    {"add", R"({"value": 0})"},
    {"linear_contrast", R"({"alpha": 1})"},
    {"contrast_normalization", R"({"alpha": 1})"},
    {"additive_gaussian_noise", R"({"scale": 0})"},
    {"dropout", R"({"p": 0})"},
    {"coarse_dropout", R"({"p": 0})"},
    {"affine", R"({"rotate": 0})"},
    // By way of 8-bit HSV, as in imgaug: colours come back rounded even where nothing is added.
    {"add_to_hue_and_saturation", ""},
    {"add_to_hue", ""},
    {"add_to_saturation", ""},
    {"multiply_hue_and_saturation", ""},
    {"multiply_hue", ""},
    {"multiply_saturation", ""},
    {"keras", "{}"},
    {"keras_transform", "{}"},
    {"color_jitter", R"({"brightness": 0, "contrast": 0, "saturation": 0, "hue": 0})"},
    {"random_grayscale", R"({"p": 0})"},
    {"posterize", R"({"bits": 8})"},
    {"solarize", R"({"threshold": 256})"},
    {"sharpness", R"({"factor": 1})"},
    {"autocontrast", R"({"p": 0})"},
    {"equalize", R"({"p": 0})"},
    {"invert", R"({"p": 0})"},
    {"random_resized_crop", R"({"scale": 1, "ratio": "@ratio"})"},
    {"random_erasing", R"({"p": 0})"},
    {"rand_augment", R"({"num_ops": 0})"},
    // It has no strength but what it draws: the default leaves the picture as it is in 1 of 14 cases.
    {"trivial_augment", ""},
};

// Types whose default settings do nothing, or lack something, with those that are tested instead.
constexpr Identity kTested[] = {
    {"sequential", R"({"random_order": true, "steps": ["fliplr", "flipud", {"add": [0, 50]}]})"},
    {"some_of", R"({"steps": ["fliplr", "flipud", {"add": [0, 50]}]})"},
    {"one_of", R"({"steps": ["fliplr", "flipud", "invert"]})"},
    {"sometimes", R"({"then": ["invert"]})"},
    {"keras", R"({"rotation_range": 40, "zoom_range": 0.2, "horizontal_flip": true})"},
    {"color_jitter", R"({"brightness": 0.5, "contrast": 0.5, "saturation": 0.5, "hue": 0.2})"},
};

// Which undo themselves.
constexpr std::string_view kInvolutions[] = {R"(["invert"])", R"(["fliplr"])", R"(["flipud"])"};

json SettingsFor(std::string_view settings, Size size) {
  json read = settings.empty() ? json::object() : json::parse(settings);
  for (auto& [name, value] : read.items()) {
    if (value == "@ratio") value = static_cast<double>(size.width) / size.height;
  }
  return read;
}

template <size_t n>
const Identity* Find(const Identity (&rows)[n], std::string_view type) {
  const auto found = std::find_if(std::begin(rows), std::end(rows), [&](const Identity& row) { return row.type == type; });
  return found == std::end(rows) ? nullptr : found;
}

std::vector<uint8_t> Pixels(Size size, uint64_t subject = 0) {
  RandomStream random(3, RandomPurpose::kGenerate, subject);
  std::vector<uint8_t> pixels(size_t{3} * static_cast<size_t>(size.width) * static_cast<size_t>(size.height));
  for (uint8_t& value : pixels) value = static_cast<uint8_t>(random.NextBelow(256));
  return pixels;
}

std::vector<uint8_t> Applied(const Pipeline& pipeline, Size size, std::vector<uint8_t> pixels, const Sample& sample, Scratch* scratch) {
  const size_t count = pixels.size();
  pixels.resize(count + 64, 0xA5);  // what lies behind must stay
  pipeline.Apply(sample, {.width = size.width, .height = size.height, .rgb = std::span(pixels).first(count)}, scratch);
  EXPECT_TRUE(std::all_of(pixels.begin() + static_cast<ptrdiff_t>(count), pixels.end(), [](uint8_t value) { return value == 0xA5; }));
  pixels.resize(count);
  return pixels;
}

Pipeline MakePipeline(const json& list) {
  absl::StatusOr<Pipeline> pipeline = Pipeline::ParseRandom(list, "augment");
  EXPECT_TRUE(pipeline.ok()) << pipeline.status();
  return pipeline.ok() ? *std::move(pipeline) : Pipeline();
}

class StepPropertiesTest : public ::testing::TestWithParam<const StepType*> {
 protected:
  std::string name() const { return std::string(GetParam()->name); }
  // With the settings under test.
  json Tested(Size size) const {
    const Identity* tested = Find(kTested, name());
    return json::array({{{name(), SettingsFor(tested ? tested->settings : "", size)}}});
  }
  // Calls body for each size that the step takes; for others it must say why not.
  void ForEachSize(const std::function<void(const Pipeline&, Size)>& body) const {
    for (const Size size : kSizes) {
      SCOPED_TRACE(name() + " on " + std::to_string(size.width) + "x" + std::to_string(size.height));
      const Pipeline pipeline = MakePipeline(Tested(size));
      const absl::Status status = pipeline.CheckSize(size.width, size.height);
      if (status.ok()) {
        body(pipeline, size);
      } else {
        EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
        EXPECT_NE(status.message().find(name()), std::string::npos) << status;
      }
    }
  }
  bool draws() const { return !Pipeline::Parse(Tested({150, 150}), "pipeline").ok(); }
};

TEST_P(StepPropertiesTest, SameSeedSameBytesWhateverTheScratchHolds) {
  Scratch used;
  ForEachSize([&](const Pipeline& pipeline, Size size) {
    for (uint64_t image = 0; image < 8; ++image) {
      const Sample sample{.seed = 7, .epoch = 2, .image = image};
      Scratch fresh;
      EXPECT_EQ(Applied(pipeline, size, Pixels(size), sample, &used), Applied(pipeline, size, Pixels(size), sample, &fresh));
      Applied(pipeline, size, Pixels(size, image), {.seed = 1, .epoch = 0, .image = image}, &used);
    }
  });
}

TEST_P(StepPropertiesTest, AnyNumberOfThreadsGivesTheSameBytes) {
  ForEachSize([&](const Pipeline& pipeline, Size size) {
    const auto on_threads = [&](size_t threads) {
      std::vector<std::vector<uint8_t>> results(24);
      ThreadPool pool(threads);
      pool.ParallelFor(results.size(), [&](size_t i) {
        thread_local Scratch scratch;
        results[i] = Applied(pipeline, size, Pixels(size, i), {.seed = 7, .epoch = 1, .image = i}, &scratch);
      });
      return results;
    };
    EXPECT_EQ(on_threads(1), on_threads(4));
  });
}

TEST_P(StepPropertiesTest, EachImageEpochAndSeedDrawsItsOwn) {
  const Size size{33, 17};
  const Pipeline pipeline = MakePipeline(Tested(size));
  ASSERT_TRUE(pipeline.CheckSize(size.width, size.height).ok());
  Scratch scratch;
  const auto distinct = [&](const std::function<Sample(uint32_t)>& sample) {
    std::vector<std::vector<uint8_t>> results;
    for (uint32_t i = 0; i < 64; ++i) results.push_back(Applied(pipeline, size, Pixels(size), sample(i), &scratch));
    std::sort(results.begin(), results.end());
    return std::unique(results.begin(), results.end()) - results.begin();
  };
  const auto images = distinct([](uint32_t i) { return Sample{.seed = 7, .epoch = 0, .image = i}; });
  const auto epochs = distinct([](uint32_t i) { return Sample{.seed = 7, .epoch = i, .image = 1}; });
  const auto seeds = distinct([](uint32_t i) { return Sample{.seed = i, .epoch = 0, .image = 1}; });
  if (draws()) {
    EXPECT_GT(images, 1);
    EXPECT_GT(epochs, 1);
    EXPECT_GT(seeds, 1);
  } else {
    EXPECT_EQ(images, 1);
    EXPECT_EQ(epochs, 1);
    EXPECT_EQ(seeds, 1);
  }
}

TEST_P(StepPropertiesTest, ZeroStrengthChangesNothing) {
  const Identity* identity = Find(kIdentities, name());
  ASSERT_NE(identity, nullptr) << "the step '" << name() << "' has no row in kIdentities of this file: add the settings with which it "
                               << "changes nothing, or an empty text and the reason why there are none";
  if (identity->settings.empty()) return;
  for (const Size size : kSizes) {
    SCOPED_TRACE(name() + " on " + std::to_string(size.width) + "x" + std::to_string(size.height));
    const Pipeline pipeline = MakePipeline(json::array({{{name(), SettingsFor(identity->settings, size)}}}));
    if (!pipeline.CheckSize(size.width, size.height).ok()) continue;
    Scratch scratch;
    for (uint64_t image = 0; image < 20; ++image) {
      const Sample sample{.seed = 3, .epoch = 1, .image = image};
      EXPECT_EQ(Applied(pipeline, size, Pixels(size), sample, &scratch), Pixels(size));
    }
  }
}

TEST_P(StepPropertiesTest, ResolvedSettingsMeanTheSame) {
  ForEachSize([&](const Pipeline& pipeline, Size size) {
    const Pipeline again = MakePipeline(pipeline.json());
    EXPECT_EQ(again.json(), pipeline.json());
    Scratch scratch;
    for (uint64_t image = 0; image < 4; ++image) {
      const Sample sample{.seed = 9, .epoch = 0, .image = image};
      EXPECT_EQ(Applied(again, size, Pixels(size), sample, &scratch), Applied(pipeline, size, Pixels(size), sample, &scratch));
    }
  });
}

// OpenCV's functions have memory of their own for each call: a few small pieces, which the worker's allocator keeps ready.
constexpr std::string_view kOpenCvAllocates[] = {"affine", "average_blur", "crop_and_pad", "gaussian_blur", "median_blur"};
constexpr size_t kMostPerPicture = 64;

TEST_P(StepPropertiesTest, TakesNothingFromTheHeapForAPictureLikeOneBefore) {
  if (!Allocations()) GTEST_SKIP() << "a sanitizer has the heap";
  constexpr size_t kPictures = 40;
  const Size size{150, 150};
  const Pipeline pipeline = MakePipeline(Tested(size));
  ASSERT_TRUE(pipeline.CheckSize(size.width, size.height).ok());
  Scratch scratch;
  std::vector<uint8_t> pixels = Pixels(size);
  const auto all = [&] {
    const size_t before = *Allocations();
    for (uint64_t image = 0; image < kPictures; ++image) {
      pipeline.Apply({.seed = 5, .epoch = 0, .image = image}, {.width = size.width, .height = size.height, .rgb = pixels}, &scratch);
    }
    return *Allocations() - before;
  };
  all();
  const bool by_opencv = std::ranges::find(kOpenCvAllocates, GetParam()->name) != std::end(kOpenCvAllocates);
  EXPECT_LE(all(), by_opencv ? kMostPerPicture * kPictures : 0);
}

TEST(AllocationsTest, AreCounted) {
  if (!Allocations()) GTEST_SKIP() << "a sanitizer has the heap";
  const size_t before = *Allocations();
  Scratch().Bytes(0, 1000);
  EXPECT_GT(*Allocations(), before);
}

INSTANTIATE_TEST_SUITE_P(Steps, StepPropertiesTest, ::testing::ValuesIn(StepTypes()),
                         [](const auto& parameter) { return std::string(parameter.param->name); });

TEST(InvolutionsTest, UndoThemselves) {
  Scratch scratch;
  for (const std::string_view steps : kInvolutions) {
    const Pipeline pipeline = MakePipeline(json::parse(steps));
    for (const Size size : kSizes) {
      const std::vector<uint8_t> once = Applied(pipeline, size, Pixels(size), {}, &scratch);
      if (size.width > 1 && size.height > 1) {
        EXPECT_NE(once, Pixels(size)) << steps;
      }
      EXPECT_EQ(Applied(pipeline, size, once, {}, &scratch), Pixels(size)) << steps;
    }
  }
}

TEST(PresetsTest, AreListsOfSteps) {
  EXPECT_FALSE(PresetNames().empty());
  for (const std::string& name : PresetNames()) {
    EXPECT_EQ(FindStepType(name), nullptr) << name << " is a step's name too";
    const Pipeline preset = MakePipeline(json::array({name}));
    EXPECT_FALSE(preset.empty()) << name;
    SB_ASSERT_OK(preset.CheckSize(150, 150));
    Scratch scratch;
    EXPECT_NE(Applied(preset, {150, 150}, Pixels({150, 150}), {.seed = 1, .epoch = 1, .image = 1}, &scratch), Pixels({150, 150})) << name;
  }
}

TEST(StepTypesTest, TablesNameStepsThatExist) {
  for (const auto& rows : {std::span<const Identity>(kIdentities), std::span<const Identity>(kTested)}) {
    for (const Identity& row : rows) EXPECT_NE(FindStepType(row.type), nullptr) << row.type;
  }
}

}  // namespace
}  // namespace seedbed::augment
