// Runs steps over pictures for the parity tests. Standard input: one request a line,
//   {"steps": [...], "width": w, "height": h, "seed": s, "epoch": e, "images": [numbers]}
// and w * h * 3 bytes of RGB for each image. Standard output, for each request: "ok\n" and as many bytes, or "error <message>\n".
#include <iostream>
#include <string>
#include <vector>

#include "core/augment/pipeline.h"
#include "core/base/status_macros.h"
#include "nlohmann/json.hpp"

namespace seedbed::augment {
namespace {

absl::Status Answer(const nlohmann::json& request, std::span<const uint64_t> images, std::string* pixels, Scratch* scratch) {
  SB_ASSIGN_OR_RETURN(const Pipeline pipeline, Pipeline::ParseRandom(request.at("steps"), "steps"));
  const int width = request.at("width"), height = request.at("height");
  SB_RETURN_IF_ERROR(pipeline.CheckSize(width, height));
  const size_t bytes = size_t{3} * static_cast<size_t>(width) * static_cast<size_t>(height);
  for (size_t i = 0; i < images.size(); ++i) {
    const Picture picture{.width = width, .height = height, .rgb = {reinterpret_cast<uint8_t*>(pixels->data()) + i * bytes, bytes}};
    pipeline.Apply({.seed = request.at("seed"), .epoch = request.at("epoch"), .image = images[i]}, picture, scratch);
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace seedbed::augment

int main() {
  seedbed::augment::Scratch scratch;
  std::string line;
  while (std::getline(std::cin, line)) {
    const nlohmann::json request = nlohmann::json::parse(line);
    const std::vector<uint64_t> images = request.at("images");
    std::string pixels(size_t{3} * request.at("width").get<size_t>() * request.at("height").get<size_t>() * images.size(), '\0');
    std::cin.read(pixels.data(), static_cast<std::streamsize>(pixels.size()));
    const absl::Status status = seedbed::augment::Answer(request, images, &pixels, &scratch);
    if (status.ok()) {
      std::cout << "ok\n" << pixels;
    } else {
      std::cout << "error " << status.message() << '\n';
    }
    std::cout.flush();
  }
  return 0;
}
