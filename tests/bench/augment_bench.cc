// Steps over pictures in memory, timed. Arguments: THREADS SECONDS WIDTH HEIGHT STEPS, where STEPS is a list of steps in JSON; standard
// input: as many RGB pictures of that size as come. Prints one JSON object: {"images_per_second"}. The threads share the pictures, image by
// image; each works on a copy in memory of its own, as training does with decoded pixels.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <iostream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "core/augment/pipeline.h"
#include "nlohmann/json.hpp"

namespace seedbed::augment {
namespace {

using Clock = std::chrono::steady_clock;

// Images that one thread finishes until the deadline.
uint64_t WorkUntil(Clock::time_point deadline, const Pipeline& pipeline, std::span<const uint8_t> pixels, Picture picture,
                   std::atomic<uint64_t>* next) {
  const size_t bytes = picture.rgb.size(), count = pixels.size() / bytes;
  Scratch scratch;
  uint64_t images = 0;
  while (Clock::now() < deadline) {
    const uint64_t number = next->fetch_add(1, std::memory_order_relaxed);
    std::copy_n(pixels.begin() + static_cast<std::ptrdiff_t>(number % count * bytes), bytes, picture.rgb.begin());
    pipeline.Apply({.seed = 1, .epoch = static_cast<uint32_t>(number / count), .image = number % count}, picture, &scratch);
    ++images;
  }
  return images;
}

double ImagesPerSecond(int threads, double seconds, const Pipeline& pipeline, int width, int height, std::span<const uint8_t> pixels) {
  std::atomic<uint64_t> next = 0, images = 0;
  std::vector<std::thread> workers;
  const auto begin = Clock::now();
  const auto deadline = begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  workers.reserve(static_cast<size_t>(threads));
  for (int i = 0; i < threads; ++i) {
    workers.emplace_back([&] {
      std::vector<uint8_t> rgb(size_t{3} * static_cast<size_t>(width) * static_cast<size_t>(height));
      images += WorkUntil(deadline, pipeline, pixels, {.width = width, .height = height, .rgb = rgb}, &next);
    });
  }
  for (std::thread& worker : workers) worker.join();
  return static_cast<double>(images) / std::chrono::duration<double>(Clock::now() - begin).count();
}

}  // namespace
}  // namespace seedbed::augment

int main(int argc, char** argv) {
  using namespace seedbed::augment;
  if (argc != 6) {
    std::cerr << "usage: augment_bench THREADS SECONDS WIDTH HEIGHT STEPS < pixels\n";
    return 2;
  }
  const int width = std::stoi(argv[3]), height = std::stoi(argv[4]);
  const auto pipeline = Pipeline::ParseRandom(nlohmann::json::parse(argv[5]), "steps");
  const absl::Status status = pipeline.ok() ? pipeline->CheckSize(width, height) : pipeline.status();
  const std::vector<uint8_t> pixels{std::istreambuf_iterator<char>(std::cin), {}};
  if (!status.ok() || pixels.size() < size_t{3} * static_cast<size_t>(width) * static_cast<size_t>(height)) {
    std::cerr << (status.ok() ? "no picture on standard input" : status.ToString()) << '\n';
    return 1;
  }
  std::cout << nlohmann::json{{"images_per_second",
                               ImagesPerSecond(std::stoi(argv[1]), std::stod(argv[2]), *pipeline, width, height, pixels)}}
            << '\n';
  return 0;
}
