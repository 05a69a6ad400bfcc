#include "core/tasks/model/export_artifacts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/file.h"
#include "core/nn/safetensors.h"
#include "core/tasks/model/extract.h"
#include "tests/unit/core/tasks/model/prepared_dataset.h"
#include "tests/unit/core/tasks/model/tiny_backbone.h"

namespace seedbed::tasks {
namespace {

using ::seedbed::testing::FakeTaskContext;
using ::seedbed::testing::PreparedDataset;
using ::seedbed::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

std::vector<std::string> NamesOf(const ExportResult& result) {
  std::vector<std::string> names;
  for (const ExportedFile& file : result.files) names.push_back(file.name);
  return names;
}

class RunExportTest : public ::testing::Test {
 protected:
  void SetUp() override { SB_ASSERT_OK(nn::WriteModel(folder_.path(), model_)); }

  std::filesystem::path At(const std::string& name) const { return context_.paths().artifacts_dir / name; }

  const testing::TemporaryDirectory folder_;
  const nn::SavedModel model_ = testing::TinyBackbone();
  const ModelSource source_{.name = "tiny", .version = 1, .dir = folder_.path()};
  FakeTaskContext context_;
};

TEST_F(RunExportTest, AModelAsSafetensors) {
  SB_ASSERT_OK_AND_ASSIGN(const ExportResult result, RunExport({.source = source_, .format = "safetensors"}, context_));
  EXPECT_THAT(NamesOf(result), ElementsAre("tiny.safetensors"));
  SB_ASSERT_OK_AND_ASSIGN(const auto file, nn::SafetensorsFile::Open(At("tiny.safetensors")));
  EXPECT_EQ(nn::WeightsSha256(file.tensors()), nn::ModelSha256(model_));
  EXPECT_EQ(result.files[0].bytes, static_cast<int64_t>(std::filesystem::file_size(At("tiny.safetensors"))));
  EXPECT_EQ(context_.EventsOf<Artifact>()[0].name, "tiny.safetensors");
}

// That PyTorch runs it to the same numbers: tests/parity/export.
TEST_F(RunExportTest, AModelAsTorchScript) {
  SB_ASSERT_OK_AND_ASSIGN(const ExportResult result, RunExport({.source = source_, .format = "torchscript"}, context_));
  EXPECT_THAT(NamesOf(result), ElementsAre("tiny.pt"));
  SB_ASSERT_OK_AND_ASSIGN(const std::string archive, ReadFile(At("tiny.pt")));
  EXPECT_TRUE(archive.starts_with("PK"));
}

TEST_F(RunExportTest, FeaturesAsArraysAndTables) {
  const PreparedDataset dataset({"dark", "light"});
  ExtractSpec extract;
  extract.dataset = "plants";
  extract.dataset_dir = dataset.dataset_dir();
  extract.model = "tiny";
  extract.model_dir = folder_.path();
  extract.pool = "avg";
  FakeTaskContext extraction, csv_context;
  SB_ASSERT_OK(RunExtract(extract, extraction));
  const FeaturesSource features{.name = "f", .dir = extraction.paths().output_dir};
  SB_ASSERT_OK_AND_ASSIGN(const ExportResult npy, RunExport({.source = features, .format = "npy"}, context_));
  EXPECT_THAT(NamesOf(npy), ElementsAre("f.features.npy", "f.labels.npy", "f.csv"));
  EXPECT_TRUE(ReadFile(At("f.features.npy"))->starts_with("\x93NUMPY"));
  SB_ASSERT_OK(RunExport({.source = features, .format = "csv"}, csv_context));
  const std::string csv = *ReadFile(csv_context.paths().artifacts_dir / "f.csv");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 17);
  EXPECT_THAT(csv, AllOf(HasSubstr("path,class,sha256,0,1,2,3,4,5\n"), HasSubstr("\nlight/0.png,light,")));
  EXPECT_THAT(RunExport({.source = features, .format = "safetensors"}, context_), StatusIs(kInvalid, HasSubstr("npy or csv")));
}

TEST_F(RunExportTest, RefusesWhatItCannotDo) {
  EXPECT_THAT(RunExport({.source = source_, .format = "onnx"}, context_),
              StatusIs(kInvalid, AllOf(HasSubstr("'onnx'"), HasSubstr("safetensors or torchscript"))));
  EXPECT_THAT(RunExport({.source = ModelSource{.name = "x", .version = 1, .dir = "/nowhere"}, .format = "safetensors"}, context_),
              StatusIs(absl::StatusCode::kNotFound));
  context_.Cancel();
  EXPECT_THAT(RunExport({.source = source_, .format = "safetensors"}, context_), StatusIs(absl::StatusCode::kCancelled));
}

}  // namespace
}  // namespace seedbed::tasks
