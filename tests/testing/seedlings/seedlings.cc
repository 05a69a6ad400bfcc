#include "tests/testing/seedlings/seedlings.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"
#include "tests/testing/seedlings/painting.h"
#include "tests/testing/seedlings/png_writer.h"
#include "tests/testing/seedlings/species.h"

namespace seedbed::testing {
namespace {

constexpr double kChanceOfLabel = 0.1;
constexpr double kChanceOfSecondPlant = 0.12;

void PaintPlants(const Species& species, double zoom, RandomStream* random, Canvas* canvas) {
  const double size = canvas->size();
  const int plants = random->NextUniform() < kChanceOfSecondPlant ? 2 : 1;
  std::vector<Leaf> leaves;
  for (int plant = 0; plant < plants; ++plant) {
    const double x = size * random->NextUniformDouble(0.45, 0.55);
    const double y = size * random->NextUniformDouble(0.45, 0.55);
    const std::vector<Leaf> grown = GrowPlant(species, x, y, 0.42 * size * zoom / plants, random);
    leaves.insert(leaves.end(), grown.begin(), grown.end());
  }
  for (const Leaf& leaf : leaves) PaintShadow(leaf, canvas);
  for (const Leaf& leaf : leaves) PaintLeaf(leaf, canvas);
}

absl::Status CheckSet(const SeedlingSet& set) {
  const int species = static_cast<int>(AllSpecies().size());
  if (set.classes < 1 || set.classes > species) return absl::InvalidArgumentError(absl::StrCat("classes must be 1 to ", species));
  if (set.per_class < 0) return absl::InvalidArgumentError("the number of images per class must not be negative");
  if (set.size < 16 || set.size > 4096) return absl::InvalidArgumentError("the size must be 16 to 4096 pixels");
  return absl::OkStatus();
}

}  // namespace

image::Image DrawSeedling(int species, int size, uint64_t seed, uint64_t number) {
  const std::span<const Species> all = AllSpecies();
  RandomStream random(seed, RandomPurpose::kGenerate, number * all.size() + static_cast<uint64_t>(species));
  Canvas canvas(size);
  // The camera's distance: near ones show large pebbles and a large plant.
  const double zoom = random.NextUniformDouble(0.85, 1.2);
  PaintGravel(std::max(2.0, 0.075 * size * zoom * random.NextUniformDouble(0.7, 1.3)), &random, &canvas);
  if (random.NextUniform() < kChanceOfLabel) PaintLabel(&random, &canvas);
  PaintPlants(all[static_cast<size_t>(species)], zoom, &random, &canvas);
  Expose(&random, &canvas);
  return canvas.ToImage();
}

absl::Status WriteSeedlings(const std::filesystem::path& folder, const SeedlingSet& set, ThreadPool* pool) {
  SB_RETURN_IF_ERROR(CheckSet(set));
  const auto folder_of = [&](int species) { return folder / std::string(AllSpecies()[static_cast<size_t>(species)].name); };
  for (int species = 0; species < set.classes; ++species) SB_RETURN_IF_ERROR(CreateDirectories(folder_of(species)));
  const size_t per_class = static_cast<size_t>(set.per_class);
  std::vector<absl::Status> statuses(per_class * static_cast<size_t>(set.classes));
  pool->ParallelFor(statuses.size(), [&](size_t i) {
    const int species = static_cast<int>(i / per_class);
    const size_t number = i % per_class;
    const image::Image image = DrawSeedling(species, set.size, set.seed, number);
    statuses[i] = WritePng(folder_of(species) / absl::StrFormat("%05d.png", number), image);
  });
  for (const absl::Status& status : statuses) SB_RETURN_IF_ERROR(status);
  return absl::OkStatus();
}

}  // namespace seedbed::testing
