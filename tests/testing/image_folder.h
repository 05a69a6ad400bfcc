// A folder of small labelled images that a test lays out by hand.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "core/base/philox.h"
#include "core/image/image.h"
#include "gtest/gtest.h"
#include "tests/testing/seedlings/png_writer.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temporary_directory.h"

namespace seedbed::testing {

// Noise: pictures of different numbers differ in content and in looks.
inline image::Image NoiseImage(uint64_t number, int side = 18) {
  image::Image image{side, side, {}};
  RandomStream random(number, RandomPurpose::kGenerate);
  for (int i = 0; i < 3 * side * side; ++i) image.rgb.push_back(static_cast<uint8_t>(random.NextBelow(256)));
  return image;
}

class ImageFolder {
 public:
  const std::filesystem::path& root() const { return folder_.path(); }
  std::filesystem::path at(std::string_view path) const { return folder_.path() / std::string(path); }

  void MakeFolder(std::string_view path) const { std::filesystem::create_directories(at(path)); }
  // The picture NoiseImage(number); equal numbers make equal files.
  void AddImage(std::string_view path, uint64_t number) const { AddImage(path, NoiseImage(number)); }
  void AddImage(std::string_view path, const image::Image& image) const {
    std::filesystem::create_directories(at(path).parent_path());
    SB_ASSERT_OK(WritePng(at(path), image));
  }
  // `count` images "<folder>/000.png" and so on, numbered from `first`.
  void AddImages(std::string_view folder, int count, uint64_t first) const {
    for (int i = 0; i < count; ++i) {
      std::string name = std::to_string(i);
      name.insert(0, 3 - name.size(), '0');
      AddImage(std::string(folder) + "/" + name + ".png", first + static_cast<uint64_t>(i));
    }
  }
  void AddFile(std::string_view path, std::string_view content) const {
    std::filesystem::create_directories(at(path).parent_path());
    std::ofstream(at(path), std::ios::binary) << content;
  }

 private:
  const TemporaryDirectory folder_;
};

}  // namespace seedbed::testing
