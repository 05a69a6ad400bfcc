// Standardizes pictures for the parity tests. Standard input: one line,
//   {"width": w, "height": h, "images": count, "rescale": r, "samplewise": s, "featurewise": s}, s as in model.json,
// and w * h * 3 bytes of RGB for each image. Standard output: the inputs of all images as 32-bit floats, featurewise statistics fitted to
// these images; with "zca_epsilon" in the line the whitening matrix instead.
#include <iostream>
#include <string>
#include <vector>

#include "core/image/pixel_scaler.h"
#include "core/train/channel_moments.h"
#include "core/train/whitening.h"
#include "nlohmann/json.hpp"

int main() {
  using namespace seedbed;
  std::string line;
  std::getline(std::cin, line);
  const nlohmann::json request = nlohmann::json::parse(line);
  nlohmann::json described = image::PreprocessingToJson(*image::PresetNamed("unit"));
  for (const auto& [name, value] : request.items()) described[name] = value;
  absl::StatusOr<image::Preprocessing> preprocessing = image::PreprocessingFromJson(described);
  if (!preprocessing.ok()) {
    std::cerr << preprocessing.status() << '\n';
    return 1;
  }
  const size_t values = size_t{3} * static_cast<size_t>(preprocessing->width) * static_cast<size_t>(preprocessing->height);
  std::vector<uint8_t> pixels(values * request.at("images").get<size_t>());
  std::cin.read(reinterpret_cast<char*>(pixels.data()), static_cast<std::streamsize>(pixels.size()));
  std::vector<const uint8_t*> rows;
  for (size_t first = 0; first < pixels.size(); first += values) rows.push_back(&pixels[first]);
  train::ThreadTeam team(2);
  if (preprocessing->featurewise != image::Standardize::kNone) train::FitChannels(rows, &team, &*preprocessing);
  const image::PixelScaler scaler(*preprocessing, {});
  if (request.contains("zca_epsilon")) {
    const auto matrix = train::FitWhitening(rows, values, scaler, request["zca_epsilon"]);
    if (!matrix.ok()) {
      std::cerr << matrix.status() << '\n';
      return 1;
    }
    std::cout.write(reinterpret_cast<const char*>(matrix->data.data()), static_cast<std::streamsize>(matrix->data.size()));
    return 0;
  }
  std::vector<float> input(values);
  for (const uint8_t* row : rows) {
    scaler.Apply({row, values}, input);
    std::cout.write(reinterpret_cast<const char*>(input.data()), static_cast<std::streamsize>(values * sizeof(float)));
  }
  return 0;
}
