#include "core/image/resize.h"

#include "core/base/digest.h"
#include "gtest/gtest.h"
#include "tests/unit/core/image/test_images.h"

namespace seedbed::image {
namespace {

struct Golden {
  int width, height, target_width, target_height;
  std::string_view filter;
  std::string_view sha256;
};

// From Pillow, by make_resize_golden.py.
constexpr Golden kGolden[] = {
    {61, 43, 20, 30, "nearest", "096e4f38490502d36c034a1989b42d360bcadcfc34481bdec54b0c9e45e262d8"},
    {61, 43, 20, 30, "bilinear", "783d6a70a924ffa540c07a2f5e98b3d5c42636beb83daa93ed796941cee78549"},
    {61, 43, 20, 30, "bicubic", "8728ed7a4bc5774e43d9d93ade57026cf495b3f124d8edef4a7688db74127f2e"},
    {61, 43, 20, 30, "lanczos", "38c53ae35985d673931966f6b887ee07559fea59851e58f5f46210affd212bdf"},
    {61, 43, 20, 30, "box", "543c68246295e60f43454065f38d5c2f2ef68d1b519c78acbfc2e6f00c5e0bae"},
    {61, 43, 20, 30, "hamming", "c09da9c46b3191f93522a0f379e608b6cc435d86f210af288aec777eb4ad421d"},
    {61, 43, 200, 100, "nearest", "b7eb8d9e12d0484023b49834211698f52e71298346b52e2dbd1469e2b8cbf9db"},
    {61, 43, 200, 100, "bilinear", "b5523bcfbd6553456c470f279611ad18f0a75e186aac17de2a0a3665fdd8a8c6"},
    {61, 43, 200, 100, "bicubic", "b74233010a76a38249230da855cc28984313854216c062ad5136fb8dd9a2ba76"},
    {61, 43, 200, 100, "lanczos", "209b3ac7e0f9d0a2b94c6d75eaf2114d2c92146b192059a9a816203dccb7b1e8"},
    {61, 43, 200, 100, "box", "b7eb8d9e12d0484023b49834211698f52e71298346b52e2dbd1469e2b8cbf9db"},
    {61, 43, 200, 100, "hamming", "48f36465590a1a231caa47c1e478c4dceb17577b6b20f9bd45ba0915342f46e3"},
    {61, 43, 70, 9, "nearest", "1095f9187801c39de5bc16eec13be7fcde73fd94a605360e4084cedeaa64ab87"},
    {61, 43, 70, 9, "bilinear", "c6fa378ccbbb1558b082bd88b46c05b6de244c5520c8716db61405ea13b82b89"},
    {61, 43, 70, 9, "bicubic", "9bdcb7c08312f407fc2ac43be1341f3cc78149a370a06fbdfeab513885024e2b"},
    {61, 43, 70, 9, "lanczos", "6162c5eaf8c82b4381436821ca91f3b0fdcb6dd72f7c498301bb8463570bbfaa"},
    {61, 43, 70, 9, "box", "b66cc9a9e23a592ac755cd37fd397cfb9f1c039c67640692a853f6dd291dbf6d"},
    {61, 43, 70, 9, "hamming", "cc1a53d323fedc4293159ffb7c4af3b35fb656e73b1897eabf858f64cad3dc71"},
    {61, 43, 61, 20, "nearest", "ef12d36de7d620b3499dab92320fc34b60474a40205ecabb2e9a52ef00646ebd"},
    {61, 43, 61, 20, "bilinear", "df32b59f9b01a263d60875fb22423c83188fb1db021e6219271d488960d0ffae"},
    {61, 43, 61, 20, "bicubic", "f28f5c89e3ade9071e1e11d2bee840b3dd0ef2b9279278fdae5e8003b8d5e43a"},
    {61, 43, 61, 20, "lanczos", "4bc7414b1ce7a40aab6aca7a036fc1515f430945ce414e11ee65046051980398"},
    {61, 43, 61, 20, "box", "c2064c61026bde3787801bec150aaee105dcf9e5d637b62a1b60a40fcd431e99"},
    {61, 43, 61, 20, "hamming", "748147dfbb6b386205c82ff3555409b94654d822863d78a479e9bf91be777b2d"},
    {61, 43, 1, 1, "nearest", "328ea3f88a414f317a36d2e0bfd6e99e15d9cb4d04f942cf7b103575b7342d6d"},
    {61, 43, 1, 1, "bilinear", "26a866f94994c08d6ff66c341e9356aa48635055a6da69b7c5b5a80e39aecb22"},
    {61, 43, 1, 1, "bicubic", "26a866f94994c08d6ff66c341e9356aa48635055a6da69b7c5b5a80e39aecb22"},
    {61, 43, 1, 1, "lanczos", "26a866f94994c08d6ff66c341e9356aa48635055a6da69b7c5b5a80e39aecb22"},
    {61, 43, 1, 1, "box", "26a866f94994c08d6ff66c341e9356aa48635055a6da69b7c5b5a80e39aecb22"},
    {61, 43, 1, 1, "hamming", "26a866f94994c08d6ff66c341e9356aa48635055a6da69b7c5b5a80e39aecb22"},
    {2, 300, 5, 7, "nearest", "e3a2be1d21f4e8d5386ab3b4d5430c500a7f5a474dc979e1d312c8f74805a842"},
    {2, 300, 5, 7, "bilinear", "c832d08671323eb06f5f93a7f984f30454e4c76ec303fae074a9ae0de167ba5c"},
    {2, 300, 5, 7, "bicubic", "7c2612beb77c4a55871d0998e560f593ee7bc6b5b0c5a26bae950b946271bfd4"},
    {2, 300, 5, 7, "lanczos", "130ed936e939ebc1a5d53515565e52d1648341615fad209e442e06ccd28a8236"},
    {2, 300, 5, 7, "box", "b1284af19bee133e714382e3b67608f2eedfa98263c386d6cc3fd2f3a98539c5"},
    {2, 300, 5, 7, "hamming", "c028b9301f5ea7d50256e75c8d205754738e36c4acb4a74a9929ffba6953cc99"},
    {1, 1, 4, 3, "nearest", "6db65fd59fd356f6729140571b5bcd6bb3b83492a16e1bf0a3884442fc3c8a0e"},
    {1, 1, 4, 3, "bilinear", "6db65fd59fd356f6729140571b5bcd6bb3b83492a16e1bf0a3884442fc3c8a0e"},
    {1, 1, 4, 3, "bicubic", "6db65fd59fd356f6729140571b5bcd6bb3b83492a16e1bf0a3884442fc3c8a0e"},
    {1, 1, 4, 3, "lanczos", "6db65fd59fd356f6729140571b5bcd6bb3b83492a16e1bf0a3884442fc3c8a0e"},
    {1, 1, 4, 3, "box", "6db65fd59fd356f6729140571b5bcd6bb3b83492a16e1bf0a3884442fc3c8a0e"},
    {1, 1, 4, 3, "hamming", "6db65fd59fd356f6729140571b5bcd6bb3b83492a16e1bf0a3884442fc3c8a0e"},
};

std::vector<uint8_t> Resize(const Image& image, int width, int height, Filter filter, Resizer* resizer) {
  std::vector<uint8_t> target(size_t{3} * static_cast<size_t>(width) * static_cast<size_t>(height));
  resizer->ResizeInto(image, width, height, filter, target);
  return target;
}

std::string DigestOf(const std::vector<uint8_t>& pixels) { return Sha256Hex(std::as_bytes(std::span(pixels))); }

TEST(Resize, EqualsPillowBitForBitWithAnyInstructions) {
  for (const std::string_view instruction_set : {std::string_view("baseline"), InstructionSet()}) {
    Resizer resizer(instruction_set);
    for (const Golden& golden : kGolden) {
      const Image image = MakePicture(golden.width, golden.height);
      const std::vector<uint8_t> pixels =
          Resize(image, golden.target_width, golden.target_height, *FilterFromName(golden.filter), &resizer);
      EXPECT_EQ(DigestOf(pixels), golden.sha256) << golden.width << "x" << golden.height << " -> " << golden.target_width << "x"
                                                 << golden.target_height << " " << golden.filter << " " << instruction_set;
    }
  }
}

TEST(Resize, CopiesAPictureOfTheRightSize) {
  const Image image = MakePicture(30, 20);
  Resizer resizer;
  for (const Filter filter : {Filter::kNearest, Filter::kLanczos}) EXPECT_EQ(Resize(image, 30, 20, filter, &resizer), image.rgb);
}

TEST(Resize, DoesNotDependOnWhatWasResizedBefore) {
  const Image image = MakePicture(61, 43);
  Resizer used;
  Resize(MakePicture(500, 700), 33, 44, Filter::kLanczos, &used);
  std::vector<uint8_t> once(size_t{3} * 20 * 30);
  ResizeInto(image, 20, 30, Filter::kBicubic, once);
  EXPECT_EQ(Resize(image, 20, 30, Filter::kBicubic, &used), once);
}

TEST(Resize, KeepsFlatColours) {
  const Image flat{37, 29, std::vector<uint8_t>(3 * 37 * 29, 201)};
  Resizer resizer;
  for (const Filter filter : {Filter::kNearest, Filter::kBilinear, Filter::kBicubic, Filter::kLanczos, Filter::kBox, Filter::kHamming}) {
    for (const auto& [width, height] : {std::pair(5, 90), std::pair(111, 3), std::pair(1, 1)}) {
      const std::vector<uint8_t> pixels = Resize(flat, width, height, filter, &resizer);
      EXPECT_EQ(pixels, std::vector<uint8_t>(pixels.size(), 201)) << FilterName(filter);
    }
  }
}

TEST(FilterName, GoesBothWays) {
  for (const Filter filter : {Filter::kNearest, Filter::kBilinear, Filter::kBicubic, Filter::kLanczos, Filter::kBox, Filter::kHamming}) {
    EXPECT_EQ(FilterFromName(FilterName(filter)), filter);
  }
  EXPECT_EQ(FilterFromName("Bilinear"), std::nullopt);
  EXPECT_EQ(FilterFromName(""), std::nullopt);
}

}  // namespace
}  // namespace seedbed::image
