// Background removal and the median blur over pictures that peers/background_peer.py sends, timed here. Standard input, for each request:
// four 32-bit integers (0: remove the background as with the preset seedlings, 1: median blur 9; count; height; width) and the pictures.
// Standard output: milliseconds an image as a double, and the pictures.
#include <array>
#include <cstdint>
#include <ctime>
#include <iostream>
#include <span>
#include <vector>

#include "core/image/background.h"
#include "core/image/median.h"

namespace seedbed::image {
namespace {

constexpr int kMedian = 9;

double ProcessMilliseconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return 1e3 * static_cast<double>(now.tv_sec) + 1e-6 * static_cast<double>(now.tv_nsec);
}

template <typename Run>
double TimePerPicture(std::span<uint8_t> pictures, size_t bytes, const Run& run) {
  const double begin = ProcessMilliseconds();
  for (size_t at = 0; at < pictures.size(); at += bytes) run(pictures.subspan(at, bytes));
  const size_t count = pictures.size() / bytes;
  return (ProcessMilliseconds() - begin) / static_cast<double>(count);
}

double Answer(bool removal_asked, int width, int height, std::span<uint8_t> pictures) {
  BackgroundRemoval removal;
  removal.colours = {SeedlingColours().begin(), SeedlingColours().end()};
  std::vector<uint8_t> workspace(BackgroundBytes(removal, width, height));
  const size_t bytes = size_t{3} * static_cast<size_t>(width) * static_cast<size_t>(height);
  if (removal_asked) {
    return TimePerPicture(pictures, bytes, [&](std::span<uint8_t> rgb) { RemoveBackground(removal, width, height, rgb, workspace, {}); });
  }
  return TimePerPicture(pictures, bytes, [&](std::span<uint8_t> rgb) { MedianBlur(width, height, kMedian, rgb, workspace); });
}

}  // namespace
}  // namespace seedbed::image

int main() {
  std::array<int32_t, 4> request = {};
  while (std::cin.read(reinterpret_cast<char*>(request.data()), sizeof(request))) {
    const auto [verb, count, height, width] = request;
    std::vector<uint8_t> pictures(size_t{3} * static_cast<size_t>(count) * static_cast<size_t>(height) * static_cast<size_t>(width));
    std::cin.read(reinterpret_cast<char*>(pictures.data()), static_cast<std::streamsize>(pictures.size()));
    const double milliseconds = seedbed::image::Answer(verb == 0, width, height, pictures);
    std::cout.write(reinterpret_cast<const char*>(&milliseconds), sizeof(milliseconds));
    std::cout.write(reinterpret_cast<const char*>(pictures.data()), static_cast<std::streamsize>(pictures.size()));
    std::cout.flush();
  }
  return 0;
}
