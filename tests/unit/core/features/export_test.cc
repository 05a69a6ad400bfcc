#include "core/features/export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "core/base/file.h"
#include "core/nn/half.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temporary_directory.h"
#include "tests/unit/core/features/features_testing.h"

namespace seedbed::features {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class ExportTest : public ::testing::Test {
 protected:
  FeatureSet Set(size_t rows, nn::DType dtype) {
    FeatureSetInfo info = SomeInfo(rows, {2, 1});
    info.dtype = dtype;
    info.classes[1] = "say \"Maize\"";
    FeatureSetWriter writer = *FeatureSetWriter::Open(directory_.path() / "set", info);
    EXPECT_THAT(writer.Append(FeatureValues(info, 0, rows)), testing::IsOk());
    EXPECT_THAT(writer.Finish(), testing::IsOk());
    return *FeatureSet::Open(directory_.path() / "set");
  }

  // The data after a header that is checked.
  std::string NpyData(const std::string& npy, const std::string& dtype, const std::string& shape) {
    EXPECT_EQ(npy.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
    const size_t header = static_cast<uint8_t>(npy[8]) + size_t{256} * static_cast<uint8_t>(npy[9]);
    EXPECT_EQ((10 + header) % 64, 0);
    EXPECT_EQ(npy[10 + header - 1], '\n');
    EXPECT_THAT(npy.substr(10), StartsWith("{'descr': '" + dtype + "', 'fortran_order': False, 'shape': (" + shape + ",), }"));
    return npy.substr(10 + header);
  }

  std::filesystem::path File() const { return directory_.path() / "file"; }
  const testing::TemporaryDirectory directory_;
};

TEST_F(ExportTest, NpyOfFloats) {
  for (const nn::DType dtype : {nn::DType::kF32, nn::DType::kBF16}) {
    const FeatureSet set = Set(1'000, dtype);  // two chunks
    SB_ASSERT_OK(WriteFeaturesNpy(set, File(), nullptr));
    const std::string data = NpyData(*ReadFile(File()), "<f4", "1000, 2, 1");
    std::vector<float> values(2'000);
    ASSERT_EQ(data.size(), values.size() * sizeof(float));
    std::memcpy(values.data(), data.data(), data.size());
    EXPECT_EQ(values, FeatureValues(set.info(), 0, 1'000));
  }
}

TEST_F(ExportTest, NpyOfHalvesAndLabels) {
  const FeatureSet set = Set(3, nn::DType::kF16);
  SB_ASSERT_OK(WriteFeaturesNpy(set, File(), nullptr));
  const std::string data = NpyData(*ReadFile(File()), "<f2", "3, 2, 1");
  const std::vector<float> values = FeatureValues(set.info(), 0, 3);
  ASSERT_EQ(data.size(), values.size() * sizeof(uint16_t));
  for (size_t i = 0; i < values.size(); ++i) {
    uint16_t bits;
    std::memcpy(&bits, &data[i * sizeof(bits)], sizeof(bits));
    EXPECT_EQ(nn::FloatFromHalf(bits), values[i]);
  }
  SB_ASSERT_OK(WriteLabelsNpy(set, File()));
  EXPECT_EQ(NpyData(*ReadFile(File()), "<i4", "3"), std::string("\0\0\0\0\1\0\0\0\2\0\0\0", 12));
}

TEST_F(ExportTest, Csv) {
  const FeatureSet set = Set(3, nn::DType::kF32);
  SB_ASSERT_OK(WriteCsv(set, /*values=*/true, File(), nullptr));
  const auto& sha256 = set.info().sha256;
  EXPECT_EQ(*ReadFile(File()), "path,class,sha256,0,1\nclass/0.png,Charlock," + sha256[0] + ",0,-4.75\nclass/1.png,\"say \"\"Maize\"\"\"," +
                                   sha256[1] + ",-3.25,-3\nclass/2.png,Shepherd’s Purse," + sha256[2] + ",-1.5,0\n");
  SB_ASSERT_OK(WriteCsv(set, /*values=*/false, File(), nullptr));
  EXPECT_THAT(*ReadFile(File()), StartsWith("path,class,sha256\nclass/0.png,Charlock," + sha256[0] + "\n"));
}

TEST_F(ExportTest, CanBeStopped) {
  const FeatureSet set = Set(3, nn::DType::kF32);
  EXPECT_THAT(WriteFeaturesNpy(set, File(), [] { return false; }), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_THAT(WriteCsv(set, true, File(), [] { return false; }), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_THAT(WriteCsv(set, true, directory_.path() / "no" / "folder", nullptr),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("folder")));
}

}  // namespace
}  // namespace seedbed::features
