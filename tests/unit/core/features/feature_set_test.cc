#include "core/features/feature_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <map>

#include "core/base/file.h"
#include "core/base/philox.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temporary_directory.h"
#include "tests/unit/core/features/features_testing.h"

namespace seedbed::features {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::seedbed::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr auto kDataLoss = absl::StatusCode::kDataLoss;

// Three chunks of 512 rows and a part of one.
constexpr size_t kRows = 1'700;

class FeatureSetTest : public ::testing::Test {
 protected:
  fs::path Folder() const { return directory_.path() / "set"; }

  // Appends up to row `end`, in pieces of `piece` rows.
  static absl::Status AppendUntil(FeatureSetWriter* writer, const FeatureSetInfo& info, size_t end, size_t piece) {
    while (writer->rows_written() < end) {
      const size_t first = writer->rows_written();
      if (absl::Status status = writer->Append(FeatureValues(info, first, std::min(piece, end - first))); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  void Write(const FeatureSetInfo& info, const fs::path& folder, const Compression& compression = {}, size_t piece = 32) {
    SB_ASSERT_OK_AND_ASSIGN(FeatureSetWriter writer, FeatureSetWriter::Open(folder, info, compression));
    SB_ASSERT_OK(AppendUntil(&writer, info, info.labels.size(), piece));
    SB_ASSERT_OK(writer.Finish());
  }

  static std::map<std::string, std::string> Contents(const fs::path& folder) {
    std::map<std::string, std::string> contents;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (entry.is_regular_file()) contents[fs::relative(entry.path(), folder)] = *ReadFile(entry.path());
    }
    return contents;
  }

  const testing::TemporaryDirectory directory_;
};

TEST_F(FeatureSetTest, RoundTripInAnyType) {
  for (const char* dtype : {"float32", "float16", "bfloat16"}) {
    FeatureSetInfo info = SomeInfo(kRows);
    info.dtype = *FeatureDTypeFromName(dtype);
    Write(info, Folder());
    SB_ASSERT_OK_AND_ASSIGN(const FeatureSet set, FeatureSet::Open(Folder()));
    EXPECT_EQ(FeatureSetInfoToJson(set.info()), FeatureSetInfoToJson(info));
    EXPECT_EQ(set.info().labels, info.labels);
    ASSERT_EQ(set.size(), kRows);
    for (const auto& [first, count] : {std::pair<size_t, size_t>{0, kRows}, {500, 30}, {1'699, 1}, {1'700, 0}}) {
      std::vector<float> rows(count * info.row_values());
      SB_ASSERT_OK(set.ReadRows(first, count, rows));
      EXPECT_EQ(rows, FeatureValues(info, first, count)) << dtype << ", " << first;
    }
  }
}

TEST_F(FeatureSetTest, DoesNotDependOnThePiecesItCameIn) {
  const FeatureSetInfo info = SomeInfo(kRows);
  Write(info, Folder());
  for (const size_t piece : {1, 512, 1'700}) {
    const fs::path other = directory_.path() / absl::StrCat("pieces", piece);
    Write(info, other, {}, piece);
    EXPECT_EQ(Contents(other), Contents(Folder())) << piece;
  }
}

TEST_F(FeatureSetTest, MapsAsFloats) {
  FeatureSetInfo info = SomeInfo(kRows, {7});
  info.dtype = nn::DType::kF16;
  Write(info, Folder(), {"zstd", 3, true});
  SB_ASSERT_OK_AND_ASSIGN(const FeatureSet set, FeatureSet::Open(Folder()));
  const fs::path scratch = directory_.path() / "scratch";
  SB_ASSERT_OK_AND_ASSIGN(const FeatureRows rows, set.Map(scratch, nullptr));
  ASSERT_EQ(rows.size(), kRows);
  for (size_t row = 0; row < kRows; ++row) {
    ASSERT_THAT(rows.row(row), ::testing::ElementsAreArray(FeatureValues(info, row, 1))) << row;
  }
  EXPECT_TRUE(fs::is_empty(scratch)) << "the file has no name";
  EXPECT_THAT(set.Map(scratch, [] { return false; }), StatusIs(absl::StatusCode::kCancelled));
}

// A writer that stops anywhere, and one that goes on, leave what one alone leaves: also when the stop left half a file.
TEST_F(FeatureSetTest, ResumesToTheSameBytes) {
  const FeatureSetInfo info = SomeInfo(kRows);
  Write(info, Folder());
  const auto whole = Contents(Folder());
  RandomStream random(7, RandomPurpose::kGenerate);
  for (int round = 0; round < 4; ++round) {
    const fs::path folder = directory_.path() / absl::StrCat("round", round);
    for (int stops = 0; stops < 3; ++stops) {
      SB_ASSERT_OK_AND_ASSIGN(FeatureSetWriter writer, FeatureSetWriter::Open(folder, info));
      EXPECT_EQ(writer.rows_written() % 512, 0) << "it goes on after whole chunks";
      const size_t end = writer.rows_written() + random.NextBelow(static_cast<uint32_t>(kRows - writer.rows_written()));
      SB_ASSERT_OK(AppendUntil(&writer, info, end, 1 + random.NextBelow(100)));
      std::ofstream(folder / "features" / absl::StrCat(".9.0.0.0.", stops, ".tmp")) << "half a chunk";
    }
    Write(info, folder);
    EXPECT_EQ(Contents(folder), whole);
  }
}

TEST_F(FeatureSetTest, DoesNotGoOnWithAnotherSet) {
  FeatureSetInfo info = SomeInfo(kRows);
  {
    SB_ASSERT_OK_AND_ASSIGN(FeatureSetWriter writer, FeatureSetWriter::Open(Folder(), info));
    SB_ASSERT_OK(AppendUntil(&writer, info, 600, 100));
  }
  SB_ASSERT_OK_AND_ASSIGN(const FeatureSetWriter same, FeatureSetWriter::Open(Folder(), info));
  EXPECT_EQ(same.rows_written(), 512);
  info.weights_sha256 = std::string(64, '1');
  SB_ASSERT_OK_AND_ASSIGN(const FeatureSetWriter other, FeatureSetWriter::Open(Folder(), info));
  EXPECT_EQ(other.rows_written(), 0);
  EXPECT_FALSE(fs::exists(Folder() / "features" / "0.0.0.0"));
}

TEST_F(FeatureSetTest, DamagedChunksAreWrittenAgain) {
  const FeatureSetInfo info = SomeInfo(kRows);
  Write(info, Folder());
  const auto whole = Contents(Folder());
  SB_ASSERT_OK(PublishFile(Folder() / "features" / "1.0.0.0", "damaged"));
  SB_ASSERT_OK_AND_ASSIGN(const FeatureSetWriter writer, FeatureSetWriter::Open(Folder(), info));
  EXPECT_EQ(writer.rows_written(), 512);
  Write(info, Folder());
  EXPECT_EQ(Contents(Folder()), whole);
}

TEST_F(FeatureSetTest, RefusesNumbersThatCannotBeStored) {
  FeatureSetInfo info = SomeInfo(4, {2});
  const auto append = [&](std::vector<float> row) {
    fs::remove_all(Folder());
    SB_EXPECT_OK(FeatureSetWriter::Open(Folder(), info));
    return FeatureSetWriter::Open(Folder(), info)->Append(row);
  };
  SB_EXPECT_OK(append({1, 70'000}));
  EXPECT_THAT(append({1, NAN}), StatusIs(kInvalid, AllOf(HasSubstr("class/0.png"), HasSubstr("not finite"))));
  EXPECT_THAT(append({0, 0, INFINITY, 0}), StatusIs(kInvalid, HasSubstr("class/1.png")));
  EXPECT_THAT(append({1}), StatusIs(kInvalid));
  EXPECT_THAT(append(std::vector<float>(10)), StatusIs(kInvalid)) << "more rows than there are";
  info.dtype = nn::DType::kF16;
  EXPECT_THAT(append({1, -70'000}), StatusIs(kInvalid, AllOf(HasSubstr("-70000"), HasSubstr("bfloat16"))));
  SB_EXPECT_OK(append({1, 65'504}));
}

TEST_F(FeatureSetTest, IsFinishedOnlyWhenAllRowsAreThere) {
  const FeatureSetInfo info = SomeInfo(10);
  SB_ASSERT_OK_AND_ASSIGN(FeatureSetWriter writer, FeatureSetWriter::Open(Folder(), info));
  SB_ASSERT_OK(AppendUntil(&writer, info, 9, 9));
  EXPECT_THAT(writer.Finish(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("9 of 10")));
  EXPECT_THAT(FeatureSetWriter::Open(Folder(), SomeInfo(0)), StatusIs(kInvalid));
}

TEST_F(FeatureSetTest, DamageIsNamed) {
  const FeatureSetInfo info = SomeInfo(kRows);
  Write(info, Folder());
  SB_ASSERT_OK_AND_ASSIGN(const FeatureSet set, FeatureSet::Open(Folder()));
  std::string chunk = *ReadFile(Folder() / "features" / "2.0.0.0");
  chunk[chunk.size() / 2] = static_cast<char>(chunk[chunk.size() / 2] ^ 4);
  SB_ASSERT_OK(PublishFile(Folder() / "features" / "2.0.0.0", chunk));
  std::vector<float> rows(kRows * info.row_values());
  EXPECT_THAT(set.ReadRows(0, kRows, rows), StatusIs(kDataLoss, HasSubstr("2.0.0.0")));
  EXPECT_THAT(set.Map(directory_.path() / "scratch", nullptr), StatusIs(kDataLoss, HasSubstr("2.0.0.0")));
  EXPECT_TRUE(fs::is_empty(directory_.path() / "scratch"));
  SB_EXPECT_OK(set.ReadRows(0, 1'000, std::span(rows).first(1'000 * info.row_values())));
}

TEST_F(FeatureSetTest, PartsMustFitEachOther) {
  EXPECT_THAT(FeatureSet::Open(Folder()), StatusIs(absl::StatusCode::kNotFound, HasSubstr(".zgroup")));
  Write(SomeInfo(10), Folder());
  const auto edited = [&](const char* file, const std::function<void(json&)>& edit) {
    const std::string good = *ReadFile(Folder() / file);
    json value = json::parse(good);
    edit(value);
    EXPECT_THAT(PublishFile(Folder() / file, value.dump()), testing::IsOk());
    const absl::Status status = FeatureSet::Open(Folder()).status();
    EXPECT_THAT(PublishFile(Folder() / file, good), testing::IsOk());
    return status;
  };
  SB_EXPECT_OK(edited(".zattrs", [](json&) {}));
  EXPECT_THAT(edited(".zattrs", [](json& j) { j["paths"].erase(0); }), StatusIs(kDataLoss, HasSubstr("10 labels, 9 paths")));
  EXPECT_THAT(edited(".zattrs", [](json& j) { j["classes"] = {"a"}; }), StatusIs(kDataLoss, HasSubstr("none of 1 classes")));
  EXPECT_THAT(edited(".zattrs", [](json& j) { j["shape"] = {24}; }), StatusIs(kDataLoss, HasSubstr("10x2x3x4 rather than <f4 10x24")));
  EXPECT_THAT(edited(".zattrs", [](json& j) { j["dtype"] = "float16"; }), StatusIs(kDataLoss, HasSubstr("rather than <f2")));
  EXPECT_THAT(edited(".zattrs", [](json& j) { j.erase("pool"); }), StatusIs(kDataLoss, HasSubstr(".zattrs")));
  EXPECT_THAT(edited("labels/.zarray", [](json& j) { j["shape"] = j["chunks"] = {5, 2}; }), StatusIs(kDataLoss, HasSubstr("labels")));
  EXPECT_THAT(edited("features/.zattrs", [](json& j) { j["chunk_sha256"] = {1}; }), StatusIs(kDataLoss, HasSubstr("list of 1 digests")));
  SB_EXPECT_OK(edited("features/.zattrs", [](json& j) { j.erase("chunk_sha256"); }));
}

TEST_F(FeatureSetTest, HugeRowsGetAChunkEach) {
  const FeatureSetInfo info = SomeInfo(2, {100, 100, 64});  // 2.56 MB
  Write(info, Folder());
  SB_ASSERT_OK_AND_ASSIGN(const FeatureSet set, FeatureSet::Open(Folder()));
  EXPECT_EQ(set.chunk_rows(), 1);
  std::vector<float> rows(info.row_values());
  SB_ASSERT_OK(set.ReadRows(1, 1, rows));
  EXPECT_EQ(rows, FeatureValues(info, 1, 1));
}

}  // namespace
}  // namespace seedbed::features
