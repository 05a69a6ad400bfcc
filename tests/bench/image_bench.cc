// Decoding and resizing beside the bare codec libraries, on the sample photos (SEEDBED_SAMPLE_DIR) or, where there are none, on drawn ones.
// The peer for resizing is Pillow: tests/bench/pillow_peer.py prints the same cases.
#include <benchmark/benchmark.h>

#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <jpeglib.h>  // needs cstdio
#include <spng.h>

#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/image/codec.h"
#include "core/image/decoded_cache.h"
#include "core/image/perceptual_hash.h"
#include "core/image/resize.h"
#include "tests/testing/temporary_directory.h"
#include "tests/unit/core/image/test_images.h"

namespace seedbed::image {
namespace {

namespace fs = std::filesystem;

std::span<const std::byte> Bytes(const std::string& file) { return std::as_bytes(std::span(file)); }

Image Decoded(const std::string& file) {
  Image image;
  if (!DecodeImage(Bytes(file), &image).ok()) std::abort();
  return image;
}

std::vector<fs::path> SamplePaths() {
  std::vector<fs::path> paths;
  const char* const folder = std::getenv("SEEDBED_SAMPLE_DIR");
  if (folder == nullptr) return paths;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".png") paths.push_back(entry.path());
  }
  return paths;
}

// The pictures on disk and in memory, as PNG and as JPEG of the same size and of about a megapixel.
struct Files {
  Files() : paths(SamplePaths()) {
    for (int i = 0; paths.size() < 200; ++i) {
      paths.push_back(folder.path() / (std::to_string(i) + ".png"));
      if (!PublishFile(paths.back(), EncodePng(MakePicture(150 + i % 7, 150 + i % 5))).ok()) std::abort();
    }
    for (const fs::path& path : paths) {
      png.push_back(ReadFile(path).value());
      const Image image = Decoded(png.back());
      jpeg.push_back(EncodeJpeg(image));
      if (large_jpeg.size() == 12) continue;
      Image large{1200, 900, std::vector<uint8_t>(size_t{3} * 1200 * 900)};
      ResizeInto(image, large.width, large.height, Filter::kBicubic, large.rgb);
      large_jpeg.push_back(EncodeJpeg(large));
    }
  }
  const testing::TemporaryDirectory folder;
  std::vector<fs::path> paths;
  std::vector<std::string> png;
  std::vector<std::string> jpeg;
  std::vector<std::string> large_jpeg;
};

const Files& SharedFiles() {
  static const Files files;
  return files;
}

void BareSpng(const std::string& file, std::vector<uint8_t>* pixels) {
  spng_ctx* const context = spng_ctx_new(0);
  spng_set_png_buffer(context, file.data(), file.size());
  size_t size = 0;
  if (spng_decoded_image_size(context, SPNG_FMT_RGB8, &size) != 0) std::abort();
  pixels->resize(size);
  if (spng_decode_image(context, pixels->data(), size, SPNG_FMT_RGB8, 0) != 0) std::abort();
  spng_ctx_free(context);
}

void BareJpeg(const std::string& file, std::vector<uint8_t>* pixels) {
  jpeg_decompress_struct decoder;
  jpeg_error_mgr errors;
  decoder.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&decoder);
  jpeg_mem_src(&decoder, reinterpret_cast<const unsigned char*>(file.data()), file.size());
  jpeg_read_header(&decoder, TRUE);
  jpeg_start_decompress(&decoder);
  const size_t stride = size_t{3} * decoder.output_width;
  pixels->resize(stride * decoder.output_height);
  while (decoder.output_scanline < decoder.output_height) {
    JSAMPROW row = pixels->data() + stride * decoder.output_scanline;
    jpeg_read_scanlines(&decoder, &row, 1);
  }
  jpeg_finish_decompress(&decoder);
  jpeg_destroy_decompress(&decoder);
}

void Ours(const std::string& file, Image* image) {
  if (!DecodeImage(Bytes(file), image).ok()) std::abort();
}

// Runs `decode(i)` for every file; each thread takes its share.
template <typename Decode>
void OverFiles(benchmark::State& state, size_t count, const Decode& decode) {
  const auto step = static_cast<size_t>(state.threads());
  int64_t images = 0;
  for (auto _ : state) {
    for (auto i = static_cast<size_t>(state.thread_index()); i < count; i += step) {
      decode(i);
      ++images;
    }
  }
  state.SetItemsProcessed(images);
}

void DecodeWithUs(benchmark::State& state, std::vector<std::string> Files::*member) {
  const std::vector<std::string>& files = SharedFiles().*member;
  Image image;
  OverFiles(state, files.size(), [&](size_t i) { Ours(files[i], &image); });
}

void DecodeBare(benchmark::State& state, std::vector<std::string> Files::*member,
                void (*decode)(const std::string&, std::vector<uint8_t>*)) {
  const std::vector<std::string>& files = SharedFiles().*member;
  std::vector<uint8_t> pixels;
  OverFiles(state, files.size(), [&](size_t i) { decode(files[i], &pixels); });
}

BENCHMARK_CAPTURE(DecodeBare, png, &Files::png, &BareSpng)->ThreadRange(1, 2)->UseRealTime();
BENCHMARK_CAPTURE(DecodeWithUs, png, &Files::png)->ThreadRange(1, 2)->UseRealTime();
BENCHMARK_CAPTURE(DecodeBare, jpeg, &Files::jpeg, &BareJpeg)->ThreadRange(1, 2)->UseRealTime();
BENCHMARK_CAPTURE(DecodeWithUs, jpeg, &Files::jpeg)->ThreadRange(1, 2)->UseRealTime();
BENCHMARK_CAPTURE(DecodeBare, large_jpeg, &Files::large_jpeg, &BareJpeg)->ThreadRange(1, 2)->UseRealTime();
BENCHMARK_CAPTURE(DecodeWithUs, large_jpeg, &Files::large_jpeg)->ThreadRange(1, 2)->UseRealTime();

// What indexing does with a file. Its bound is DecodeBare/png.
void ReadHashDecodeFingerprint(benchmark::State& state) {
  const std::vector<fs::path>& paths = SharedFiles().paths;
  Image image;
  OverFiles(state, paths.size(), [&](size_t i) {
    const std::string file = ReadFile(paths[i]).value();
    benchmark::DoNotOptimize(Sha256Hex(file));
    Ours(file, &image);
    benchmark::DoNotOptimize(PerceptualHash(image));
  });
}
BENCHMARK(ReadHashDecodeFingerprint)->ThreadRange(1, 2)->UseRealTime();

void Resize(benchmark::State& state, Filter filter, int width, int height, int target) {
  const Image image = MakePicture(width, height);
  std::vector<uint8_t> pixels(size_t{3} * static_cast<size_t>(target) * static_cast<size_t>(target));
  Resizer resizer;
  for (auto _ : state) {
    resizer.ResizeInto(image, target, target, filter, pixels);
    benchmark::DoNotOptimize(pixels.data());
  }
}
BENCHMARK_CAPTURE(Resize, nearest_1000x800_150, Filter::kNearest, 1000, 800, 150);
BENCHMARK_CAPTURE(Resize, box_1000x800_150, Filter::kBox, 1000, 800, 150);
BENCHMARK_CAPTURE(Resize, bilinear_1000x800_150, Filter::kBilinear, 1000, 800, 150);
BENCHMARK_CAPTURE(Resize, bicubic_1000x800_150, Filter::kBicubic, 1000, 800, 150);
BENCHMARK_CAPTURE(Resize, lanczos_1000x800_150, Filter::kLanczos, 1000, 800, 150);
BENCHMARK_CAPTURE(Resize, bilinear_150x150_224, Filter::kBilinear, 150, 150, 224);
BENCHMARK_CAPTURE(Resize, lanczos_150x150_224, Filter::kLanczos, 150, 150, 224);

// Opening a cache that has everything: the reference workload's 4,606 rows of 150 x 150.
void LoadCached(benchmark::State& state) {
  constexpr size_t kRows = 4606;
  const testing::TemporaryDirectory folder;
  ThreadPool pool(2);
  std::vector<std::string> digests;
  std::vector<DecodedCache::Request> requests;
  for (size_t i = 0; i < kRows; ++i) digests.push_back(Sha256Hex(std::to_string(i)));
  for (size_t i = 0; i < kRows; ++i) requests.push_back({digests[i], i});
  const Geometry geometry{150, 150, Filter::kBilinear};
  const auto load = [&] {
    const auto decode = [](size_t, std::span<uint8_t>) { return absl::OkStatus(); };
    if (!DecodedCache(folder.path(), 0).Load(geometry, requests, &pool, decode, nullptr).ok()) std::abort();
  };
  load();
  for (auto _ : state) load();
}
BENCHMARK(LoadCached)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace seedbed::image

BENCHMARK_MAIN();
