#include "core/features/zarr.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>

#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/base/philox.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temporary_directory.h"

namespace seedbed::features {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::seedbed::testing::IsOk;
using ::seedbed::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr auto kDataLoss = absl::StatusCode::kDataLoss;
constexpr auto kUnimplemented = absl::StatusCode::kUnimplemented;

class ZarrTest : public ::testing::Test {
 protected:
  fs::path Folder() const { return directory_.path() / "array"; }

  static ZarrArray Array() { return {.shape = {5, 2, 3}, .chunk_rows = 2, .dtype = "<f4", .compression = {}}; }

  static std::vector<std::byte> Values(const ZarrArray& array, size_t chunk) {
    std::vector<std::byte> values(array.chunk_bytes());
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::byte>(i % 11 + chunk);
    return values;
  }

  void Write(const ZarrArray& array) {
    SB_ASSERT_OK_AND_ASSIGN(const ZarrArrayWriter writer, ZarrArrayWriter::Open(Folder(), array));
    for (size_t chunk = 0; chunk < array.chunks(); ++chunk) SB_ASSERT_OK(writer.WriteChunk(chunk, Values(array, chunk)));
  }

  absl::Status Read(size_t chunk, std::string_view sha256 = "") {
    const absl::StatusOr<ZarrArrayReader> reader = ZarrArrayReader::Open(Folder());
    if (!reader.ok()) return reader.status();
    std::vector<std::byte> values(reader->array().chunk_bytes());
    const absl::Status status = reader->ReadChunk(chunk, sha256, values);
    EXPECT_TRUE(!status.ok() || values == Values(reader->array(), chunk));
    return status;
  }

  absl::Status OpenEdited(const std::function<void(json&)>& edit) {
    json value = json::parse(*ReadFile(Folder() / ".zarray"));
    edit(value);
    const std::string good = *ReadFile(Folder() / ".zarray");
    EXPECT_THAT(PublishFile(Folder() / ".zarray", value.dump()), IsOk());
    const absl::Status status = ZarrArrayReader::Open(Folder()).status();
    EXPECT_THAT(PublishFile(Folder() / ".zarray", good), IsOk());
    return status;
  }

  const testing::TemporaryDirectory directory_;
};

TEST_F(ZarrTest, RoundTripWithAnyCompression) {
  for (const Compression& compression :
       {Compression{}, Compression{"zstd", 1, true}, Compression{"lz4", 9, false}, Compression{"", 5, true}}) {
    ZarrArray array = Array();
    array.compression = compression;
    Write(array);
    SB_ASSERT_OK_AND_ASSIGN(const ZarrArrayReader reader, ZarrArrayReader::Open(Folder()));
    EXPECT_EQ(reader.array().shape, array.shape);
    EXPECT_EQ(reader.array().chunk_rows, 2);
    EXPECT_EQ(reader.array().dtype, "<f4");
    EXPECT_EQ(reader.array().compression.codec, compression.codec);
    for (const size_t chunk : {0, 1, 2}) SB_EXPECT_OK(Read(chunk));
    EXPECT_TRUE(fs::exists(Folder() / "2.0.0"));
    EXPECT_FALSE(fs::exists(Folder() / "3.0.0"));
  }
}

TEST_F(ZarrTest, MetadataIsWhatTheSpecificationAsks) {
  Write(Array());
  EXPECT_EQ(json::parse(*ReadFile(Folder() / ".zarray")), json::parse(R"({"zarr_format": 2, "shape": [5, 2, 3], "chunks": [2, 2, 3],
    "dtype": "<f4", "compressor": {"id": "blosc", "cname": "lz4", "clevel": 5, "shuffle": 1, "blocksize": 0},
    "fill_value": null, "order": "C", "filters": null})"));
}

TEST_F(ZarrTest, DamagedChunksAreNamed) {
  Write(Array());
  const std::string good = *ReadFile(Folder() / "1.0.0");
  const auto read = [&](const std::string& content, std::string_view sha256 = "") {
    EXPECT_THAT(PublishFile(Folder() / "1.0.0", content), IsOk());
    return Read(1, sha256);
  };
  SB_EXPECT_OK(read(good, Sha256Hex(good)));
  std::string longer_inside = good;
  longer_inside[4] = 49;  // the header's count of unpacked bytes
  for (const std::string& damaged : {std::string(), good.substr(0, 15), good.substr(0, good.size() - 1), good + "x", longer_inside,
                                     std::string(good.size(), '\0'), std::string(10'000, 'x')}) {
    EXPECT_THAT(read(damaged), StatusIs(kDataLoss, HasSubstr("1.0.0"))) << damaged.size();
  }
  std::string flipped = good;
  flipped.back() = static_cast<char>(flipped.back() ^ 1);
  EXPECT_THAT(read(flipped, Sha256Hex(good)), StatusIs(kDataLoss, AllOf(HasSubstr("1.0.0"), HasSubstr("digest"))));
  fs::remove(Folder() / "1.0.0");
  EXPECT_THAT(Read(1), StatusIs(kDataLoss, AllOf(HasSubstr("1.0.0"), HasSubstr("missing"))));
}

// Whatever the bytes are, reading ends, within its buffers (the address sanitizer watches).
TEST_F(ZarrTest, RandomDamageNeverCrashes) {
  ZarrArray array = Array();
  array.shape = {100, 50};
  array.chunk_rows = 100;
  RandomStream random(1, RandomPurpose::kGenerate);
  for (const char* codec : {"lz4", "zstd"}) {
    array.compression.codec = codec;
    Write(array);
    const std::string good = *ReadFile(Folder() / "0.0");
    SB_ASSERT_OK_AND_ASSIGN(const ZarrArrayReader reader, ZarrArrayReader::Open(Folder()));
    std::vector<std::byte> values(array.chunk_bytes());
    for (int round = 0; round < 200; ++round) {
      std::string damaged = good;
      for (int flips = 0; flips < 4; ++flips) {
        damaged[random.NextBelow(static_cast<uint32_t>(damaged.size()))] = static_cast<char>(random.NextBelow(256));
      }
      std::ofstream(Folder() / "0.0") << damaged;
      const absl::Status status = reader.ReadChunk(0, "", values);
      EXPECT_TRUE(status.ok() || absl::IsDataLoss(status)) << status;
    }
  }
}

TEST_F(ZarrTest, UncompressedChunksHaveTheirLength) {
  ZarrArray array = Array();
  array.compression.codec = "";
  Write(array);
  EXPECT_EQ(fs::file_size(Folder() / "0.0.0"), array.chunk_bytes());
  SB_ASSERT_OK(PublishFile(Folder() / "0.0.0", "short"));
  EXPECT_THAT(Read(0), StatusIs(kDataLoss, AllOf(HasSubstr("0.0.0"), HasSubstr("5 bytes rather than 48"))));
}

TEST_F(ZarrTest, MissingChunksAreTheFillValueWhereThereIsOne) {
  Write(Array());
  fs::remove(Folder() / "0.0.0");
  json description = json::parse(*ReadFile(Folder() / ".zarray"));
  description["fill_value"] = 1.5;
  SB_ASSERT_OK(PublishFile(Folder() / ".zarray", description.dump()));
  SB_ASSERT_OK_AND_ASSIGN(const ZarrArrayReader reader, ZarrArrayReader::Open(Folder()));
  std::vector<float> values(12);
  SB_ASSERT_OK(reader.ReadChunk(0, "", std::as_writable_bytes(std::span(values))));
  EXPECT_THAT(values, ::testing::Each(1.5f));
}

TEST_F(ZarrTest, RefusesWhatItCannotRead) {
  Write(Array());
  SB_EXPECT_OK(OpenEdited([](json&) {}));
  SB_EXPECT_OK(OpenEdited([](json& j) { j["dimension_separator"] = "/"; }));
  EXPECT_THAT(OpenEdited([](json& j) { j["zarr_format"] = 3; }), StatusIs(kUnimplemented, HasSubstr(".zarray")));
  EXPECT_THAT(OpenEdited([](json& j) { j["order"] = "F"; }), StatusIs(kUnimplemented));
  EXPECT_THAT(OpenEdited([](json& j) { j["chunks"] = {2, 1, 3}; }), StatusIs(kUnimplemented, HasSubstr("whole rows")));
  EXPECT_THAT(OpenEdited([](json& j) { j["filters"] = {{{"id", "delta"}}}; }), StatusIs(kUnimplemented, HasSubstr("filters")));
  EXPECT_THAT(OpenEdited([](json& j) { j["compressor"]["id"] = "gzip"; }), StatusIs(kUnimplemented, HasSubstr("gzip")));
  EXPECT_THAT(OpenEdited([](json& j) { j["fill_value"] = "NaN"; }), StatusIs(kUnimplemented, HasSubstr("NaN")));
  EXPECT_THAT(OpenEdited([](json& j) { j["dtype"] = ">f4"; }), StatusIs(kDataLoss, HasSubstr(">f4")));
  EXPECT_THAT(OpenEdited([](json& j) { j["chunks"] = {2, 2}; }), StatusIs(kDataLoss));
  EXPECT_THAT(OpenEdited([](json& j) { j["shape"][0] = -1; }), StatusIs(kDataLoss));
  EXPECT_THAT(OpenEdited([](json& j) { j["chunks"][0] = int64_t{1} << 40; }), StatusIs(kDataLoss, HasSubstr("chunks of more")));
  EXPECT_THAT(OpenEdited([](json& j) { j["shape"] = j["chunks"] = {1, int64_t{1} << 62, 4}; }), StatusIs(kDataLoss));
  EXPECT_THAT(OpenEdited([](json& j) { j.erase("shape"); }), StatusIs(kDataLoss, HasSubstr("shape")));
  EXPECT_THAT(OpenEdited([](json& j) { j = json::array(); }), StatusIs(kDataLoss, HasSubstr(".zarray")));
  fs::remove(Folder() / ".zarray");
  EXPECT_THAT(ZarrArrayReader::Open(Folder()), StatusIs(absl::StatusCode::kNotFound, HasSubstr(".zarray")));
}

TEST_F(ZarrTest, WriterKeepsTheSameArrayAndReplacesAnother) {
  Write(Array());
  SB_ASSERT_OK(PublishFile(Folder() / ".1.0.0.99.0.tmp", "half a chunk"));
  SB_ASSERT_OK(ZarrArrayWriter::Open(Folder(), Array()));
  SB_EXPECT_OK(Read(0));
  EXPECT_FALSE(fs::exists(Folder() / ".1.0.0.99.0.tmp"));
  ZarrArray other = Array();
  other.chunk_rows = 3;
  SB_ASSERT_OK(ZarrArrayWriter::Open(Folder(), other));
  EXPECT_FALSE(fs::exists(Folder() / "0.0.0"));
}

TEST_F(ZarrTest, WriterRefusesWhatCannotBeStored) {
  const auto with = [&](auto change) {
    ZarrArray array = Array();
    change(array);
    const absl::StatusOr<ZarrArrayWriter> writer = ZarrArrayWriter::Open(Folder(), array);
    return writer.ok() ? writer->WriteChunk(0, Values(array, 0)).status() : writer.status();
  };
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  EXPECT_THAT(with([](ZarrArray& a) { a.shape = {}; }), StatusIs(kInvalid));
  EXPECT_THAT(with([](ZarrArray& a) { a.shape[0] = 0; }), StatusIs(kInvalid));
  EXPECT_THAT(with([](ZarrArray& a) { a.dtype = "<f16"; }), StatusIs(kInvalid));
  EXPECT_THAT(with([](ZarrArray& a) { a.compression.codec = "zip"; }), StatusIs(kInvalid, AllOf(HasSubstr("zip"), HasSubstr("lz4"))));
}

TEST_F(ZarrTest, Groups) {
  EXPECT_THAT(CheckZarrGroup(Folder()), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(*ReadZarrAttributes(Folder()), json::object());
  SB_ASSERT_OK(WriteZarrGroup(Folder(), {{"a", 1}}));
  SB_EXPECT_OK(CheckZarrGroup(Folder()));
  EXPECT_EQ(*ReadZarrAttributes(Folder()), json({{"a", 1}}));
  EXPECT_EQ(json::parse(*ReadFile(Folder() / ".zgroup")), json({{"zarr_format", 2}}));
  SB_ASSERT_OK(PublishFile(Folder() / ".zgroup", R"({"zarr_format": 3})"));
  EXPECT_THAT(CheckZarrGroup(Folder()), StatusIs(kDataLoss, HasSubstr(".zgroup")));
  SB_ASSERT_OK(PublishFile(Folder() / ".zattrs", "{"));
  EXPECT_THAT(ReadZarrAttributes(Folder()), StatusIs(kDataLoss, HasSubstr(".zattrs")));
}

}  // namespace
}  // namespace seedbed::features
