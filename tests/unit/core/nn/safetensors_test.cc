#include "core/nn/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <limits>

#include "core/base/philox.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temporary_directory.h"

namespace seedbed::nn {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr auto kDataLoss = absl::StatusCode::kDataLoss;

std::string FileWith(std::string_view header, size_t data_bytes) {
  const uint64_t length = header.size();
  std::string file(reinterpret_cast<const char*>(&length), sizeof(length));
  file += header;
  return file + std::string(data_bytes, '\0');
}

absl::Status Parse(std::string_view file) { return ParseSafetensors(std::as_bytes(std::span(file))).status(); }

TensorMap Sample() {
  TensorMap tensors;
  tensors["b.weight"] = Tensor::FromFloats({2, 3}, std::vector<float>{1, 2, 3, 4, 5, 6});
  tensors["a.bytes"] = {.dtype = DType::kU8, .shape = {3}, .data = {std::byte{1}, std::byte{2}, std::byte{3}}};
  tensors["c.empty"] = {.dtype = DType::kI64, .shape = {0, 4}, .data = {}};
  tensors["d.scalar"] = Tensor::FromFloats({}, std::vector<float>{7});
  return tensors;
}

std::string SampleFile(const testing::TemporaryDirectory& folder, const Metadata& metadata) {
  const auto path = folder.path() / "sample.safetensors";
  const TensorMap tensors = Sample();
  EXPECT_THAT(WriteSafetensors(path, ViewsOf(tensors), metadata), testing::IsOk());
  return *ReadFile(path);
}

TEST(Safetensors, RoundTrip) {
  const testing::TemporaryDirectory folder;
  const Metadata metadata = {{"arch", "logistic"}, {"classes", "[\"Shepherd’s Purse\"]"}};
  SampleFile(folder, metadata);
  SB_ASSERT_OK_AND_ASSIGN(const SafetensorsFile file, SafetensorsFile::Open(folder.path() / "sample.safetensors"));
  EXPECT_EQ(file.metadata(), metadata);
  ASSERT_EQ(file.tensors().size(), 4);
  EXPECT_THAT(FloatsOf(file.tensors().at("b.weight")), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(file.tensors().at("b.weight").shape, ElementsAre(2, 3));
  EXPECT_THAT(file.tensors().at("c.empty").shape, ElementsAre(0, 4));
  EXPECT_THAT(file.tensors().at("d.scalar").shape, ElementsAre());
  EXPECT_EQ(file.tensors().at("a.bytes").dtype, DType::kU8);
  const TensorMap tensors = Sample();
  EXPECT_EQ(WeightsSha256(file.tensors()), WeightsSha256(ViewsOf(tensors)));
}

TEST(Safetensors, WritesTheSameBytesAlignedAndLargeTypesFirst) {
  const testing::TemporaryDirectory folder;
  const std::string once = SampleFile(folder, {{"k", "v"}});
  EXPECT_EQ(once, SampleFile(folder, {{"k", "v"}}));
  uint64_t header_bytes = 0;
  std::memcpy(&header_bytes, once.data(), sizeof(header_bytes));
  EXPECT_EQ(header_bytes % 8, 0);
  const TensorMap tensors = Sample();
  EXPECT_THAT(LayOutSafetensors(ViewsOf(tensors), {}).order, ElementsAre("c.empty", "b.weight", "d.scalar", "a.bytes"));
}

TEST(Safetensors, MetadataThatIsNotUtf8DoesNotThrow) {
  const SafetensorsLayout layout = LayOutSafetensors({}, {{"classes", "\xff"}});
  EXPECT_THAT(layout.header, HasSubstr("classes"));
}

TEST(Safetensors, RefusesDamagedHeaders) {
  EXPECT_THAT(Parse(""), StatusIs(kDataLoss, HasSubstr("too short")));
  EXPECT_THAT(Parse(std::string("\x08\0\0\0\0\0\0\0", 8)), StatusIs(kDataLoss, HasSubstr("does not fit")));
  EXPECT_THAT(Parse(std::string(8, '\xff')), StatusIs(kDataLoss, HasSubstr("does not fit")));
  EXPECT_THAT(Parse(FileWith("", 0)), StatusIs(kDataLoss, HasSubstr("begin")));
  EXPECT_THAT(Parse(FileWith(" {}", 0)), StatusIs(kDataLoss, HasSubstr("begin")));
  EXPECT_THAT(Parse(FileWith("{", 0)), StatusIs(kDataLoss, HasSubstr("JSON")));
  EXPECT_THAT(Parse(FileWith("{\"\xff\":1}", 0)), StatusIs(kDataLoss, HasSubstr("UTF-8")));
  EXPECT_THAT(Parse(FileWith("{\"a\":" + std::string(1000, '[') + std::string(1000, ']') + "}", 0)),
              StatusIs(kDataLoss, HasSubstr("deep")));
  EXPECT_THAT(Parse(FileWith(R"({"a":1})", 0)), StatusIs(kDataLoss, HasSubstr("'a'")));
  EXPECT_THAT(Parse(FileWith(R"({"__metadata__":{"k":1}})", 0)), StatusIs(kDataLoss, HasSubstr("not a string")));
  EXPECT_THAT(Parse(FileWith("{}", 0)), testing::IsOk());
  EXPECT_THAT(Parse(FileWith("{}      ", 0)), testing::IsOk());
}

TEST(Safetensors, RefusesBadTensors) {
  const auto with = [](std::string_view entry, size_t data) { return Parse(FileWith("{\"t\":" + std::string(entry) + "}", data)); };
  EXPECT_THAT(with(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})", 8), testing::IsOk());
  EXPECT_THAT(with(R"({"dtype":"F33","shape":[2],"data_offsets":[0,8]})", 8), StatusIs(kDataLoss, HasSubstr("F33")));
  EXPECT_THAT(with(R"({"dtype":"F32","shape":[-2],"data_offsets":[0,8]})", 8), StatusIs(kDataLoss, HasSubstr("-2")));
  EXPECT_THAT(with(R"({"dtype":"F32","shape":[2.0],"data_offsets":[0,8]})", 8), StatusIs(kDataLoss));
  EXPECT_THAT(with(R"({"dtype":"F32","shape":[3],"data_offsets":[0,8]})", 8), StatusIs(kDataLoss, HasSubstr("fit")));
  EXPECT_THAT(with(R"({"dtype":"F32","shape":[2],"data_offsets":[8,0]})", 8), StatusIs(kDataLoss, HasSubstr("fit")));
  EXPECT_THAT(with(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})", 7), StatusIs(kDataLoss, HasSubstr("ends within")));
  EXPECT_THAT(with(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})", 9), StatusIs(kDataLoss, HasSubstr("after the last")));
  EXPECT_THAT(with(R"({"dtype":"F32","shape":[2],"data_offsets":[4,12]})", 12), StatusIs(kDataLoss, HasSubstr("hole")));
  EXPECT_THAT(with(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1})", 8), StatusIs(kDataLoss, HasSubstr("just")));
  EXPECT_THAT(with(R"({"dtype":"F32","shape":[2],"x":[0,8]})", 8), StatusIs(kDataLoss, HasSubstr("lacks")));
  EXPECT_THAT(with(R"({"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]})", 0),
              StatusIs(kDataLoss, HasSubstr("too large")));
  EXPECT_THAT(with(R"({"dtype":"U8","shape":[18446744073709551615],"data_offsets":[0,0]})", 0),
              StatusIs(kDataLoss, HasSubstr("too large")));
}

TEST(Safetensors, RefusesOverlapsAndNamesUsedTwice) {
  EXPECT_THAT(
      Parse(FileWith(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})", 3)),
      StatusIs(kDataLoss, HasSubstr("overlap")));
  EXPECT_THAT(
      Parse(FileWith(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1)),
      StatusIs(kDataLoss, HasSubstr("'a' twice")));
  EXPECT_THAT(Parse(FileWith(R"({"a":{"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]}})", 1)),
              StatusIs(kDataLoss, HasSubstr("twice")));
}

// Any file either is refused or gives tensors that lie within it; which of the two does not matter here, that nothing else happens does.
TEST(Safetensors, SurvivesFiveHundredCorruptions) {
  const testing::TemporaryDirectory folder;
  const std::string good = SampleFile(folder, {{"k", "v"}});
  int refused = 0;
  for (uint64_t seed = 0; seed < 500; ++seed) {
    RandomStream random(seed, RandomPurpose::kGenerate);
    std::string file = good;
    if (seed % 5 == 0) file.resize(random.NextBelow(static_cast<uint32_t>(good.size())));
    for (uint32_t i = 0; !file.empty() && i <= seed % 4; ++i) {
      file[random.NextBelow(static_cast<uint32_t>(file.size()))] ^= static_cast<char>(1 + random.NextBelow(255));
    }
    const auto bytes = std::as_bytes(std::span<const char>(file));
    const auto content = ParseSafetensors(bytes);
    if (!content.ok()) {
      EXPECT_THAT(content, StatusIs(kDataLoss));
      ++refused;
      continue;
    }
    for (const auto& [name, tensor] : content->tensors) {
      EXPECT_GE(tensor.data.data(), bytes.data());
      EXPECT_LE(tensor.data.data() + tensor.data.size(), bytes.data() + bytes.size());
      AllFinite(tensor);
    }
  }
  EXPECT_GT(refused, 250);
}

TEST(Safetensors, OpenNamesTheFile) {
  const testing::TemporaryDirectory folder;
  EXPECT_THAT(SafetensorsFile::Open(folder.path() / "none"), StatusIs(absl::StatusCode::kNotFound));
  std::ofstream(folder.path() / "bad") << "hello, I am no weights file";
  EXPECT_THAT(SafetensorsFile::Open(folder.path() / "bad"), StatusIs(kDataLoss, HasSubstr("bad: not a safetensors file")));
}

TEST(Tensor, FindsWhatIsNotFinite) {
  const auto finite = [](std::vector<float> values) {
    const Tensor tensor = Tensor::FromFloats({static_cast<int64_t>(values.size())}, values);
    return AllFinite(tensor.view());
  };
  EXPECT_TRUE(finite({0, -1, std::numeric_limits<float>::max(), std::numeric_limits<float>::denorm_min()}));
  EXPECT_FALSE(finite({0, std::numeric_limits<float>::quiet_NaN()}));
  EXPECT_FALSE(finite({-std::numeric_limits<float>::infinity()}));
  EXPECT_TRUE(AllFinite({DType::kU8, {1}, std::as_bytes(std::span("\xff", 1))}));
  EXPECT_FALSE(AllFinite({DType::kBF16, {1}, std::as_bytes(std::span("\x80\x7f", 2))}));
  EXPECT_FALSE(AllFinite({DType::kF16, {1}, std::as_bytes(std::span("\x01\xfc", 2))}));
}

TEST(Tensor, DigestDependsOnEverythingThatCounts) {
  const auto digest = [](std::string name, std::vector<int64_t> shape, std::vector<float> values) {
    TensorMap tensors;
    tensors[name] = Tensor::FromFloats(std::move(shape), values);
    return WeightsSha256(ViewsOf(tensors));
  };
  const std::string reference = digest("w", {2, 1}, {1, 2});
  EXPECT_EQ(reference, digest("w", {2, 1}, {1, 2}));
  EXPECT_NE(reference, digest("v", {2, 1}, {1, 2}));
  EXPECT_NE(reference, digest("w", {1, 2}, {1, 2}));
  EXPECT_NE(reference, digest("w", {2, 1}, {1, 3}));
  // sha256(b"w\0F32\0" b"2,1\0" + struct.pack("<2f", 1, 2)), by Python's hashlib.
  EXPECT_EQ(reference, "7f741f4257ba021a52ba246aa169e64e0dc0b92c762aff9d9bf833eb5bfea6fb");
}

TEST(Tensor, DTypeNamesAreTheFormats) {
  for (const char* name :
       {"U64", "I64", "F64", "F32", "U32", "I32", "BF16", "F16", "U16", "I16", "F8_E5M2", "F8_E4M3", "I8", "U8", "BOOL"}) {
    ASSERT_TRUE(DTypeFromName(name)) << name;
    EXPECT_EQ(DTypeName(*DTypeFromName(name)), name);
  }
  EXPECT_FALSE(DTypeFromName("f32"));
}

}  // namespace
}  // namespace seedbed::nn
