// Uploads and downloads.
#include <fstream>
#include <sstream>

#include "client/lib/download.h"
#include "client/lib/upload.h"
#include "core/base/digest.h"
#include "core/base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temporary_directory.h"
#include "tests/unit/client/lib/fake_server.h"

namespace seedbed::client {
namespace {

namespace fs = std::filesystem;
using seedbed::testing::FakeJob;
using seedbed::testing::FakeServer;
using seedbed::testing::IsOkAndHolds;
using seedbed::testing::StatusIs;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::SizeIs;

class TransferTest : public ::testing::Test {
 protected:
  TransferTest() {
    ClientOptions options;
    options.server = server_.address();
    options.retry = {.max_attempts = 4, .first_delay = std::chrono::milliseconds(1), .max_delay = std::chrono::milliseconds(2)};
    client_ = Client::Create(options).value();
  }

  fs::path Path(const std::string& name) const { return directory_.path() / name; }
  void Write(const std::string& name, const std::string& content) const {
    fs::create_directories(Path(name).parent_path());
    std::ofstream(Path(name), std::ios::binary) << content;
  }
  std::string Listing(const UploadResult& result) const { return server_.blobs().at(result.listing_sha256); }

  seedbed::testing::TemporaryDirectory directory_;
  FakeServer server_;
  std::unique_ptr<Client> client_;
};

using UploadTest = TransferTest;

TEST_F(UploadTest, SendsImagesAndTheirListing) {
  Write("photos/maize/1.png", "one");
  Write("photos/maize/deep/2.JPG", std::string(2'000'000, 'x'));  // several chunks
  Write("photos/charlock/3.webp", "three");
  Write("photos/charlock/notes.txt", "no image");
  Write("photos/.git/4.png", "hidden");
  Write("photos/charlock/.thumbnails/5.png", "hidden");
  SB_ASSERT_OK_AND_ASSIGN(const UploadResult result, UploadFolder(*client_, Path("photos"), {}));
  EXPECT_EQ(result.files, 3);
  EXPECT_EQ(result.sent_files, 3);
  EXPECT_EQ(result.sent_bytes, 2'000'008);
  EXPECT_EQ(Listing(result), Sha256Hex("three") + "\tcharlock/3.webp\n" + Sha256Hex("one") + "\tmaize/1.png\n" +
                                 Sha256Hex(std::string(2'000'000, 'x')) + "\tmaize/deep/2.JPG\n");
  EXPECT_THAT(server_.blobs(), SizeIs(4));
}

TEST_F(UploadTest, SkipsWhatTheServerHas) {
  Write("photos/maize/1.png", "one");
  SB_ASSERT_OK(UploadFolder(*client_, Path("photos"), {}));
  Write("photos/maize/2.png", "two");
  Write("photos/maize/3.png", "two");  // equal content travels once
  SB_ASSERT_OK_AND_ASSIGN(const UploadResult result, UploadFolder(*client_, Path("photos"), {}));
  EXPECT_EQ(result.files, 3);
  EXPECT_EQ(result.sent_files, 1);
}

TEST_F(UploadTest, EscapesOddNames) {
  Write("photos/a\tb/new\nline\\.png", "one");
  SB_ASSERT_OK_AND_ASSIGN(const UploadResult result, UploadFolder(*client_, Path("photos"), {}));
  EXPECT_EQ(Listing(result), Sha256Hex("one") + "\ta\\tb/new\\nline\\\\.png\n");
}

TEST_F(UploadTest, SendsEmptyFilesToo) {
  Write("photos/maize/1.png", "");
  SB_ASSERT_OK_AND_ASSIGN(const UploadResult result, UploadFolder(*client_, Path("photos"), {}));
  EXPECT_EQ(result.sent_files, 1);
  EXPECT_THAT(server_.blobs(), Contains(Key(Sha256Hex(""))));
}

TEST_F(UploadTest, GoesOnAfterABrokenStream) {
  for (int i = 0; i < 20; ++i) Write("photos/maize/" + std::to_string(i) + ".png", std::to_string(i));
  server_.CutStreams({7, 3});
  SB_ASSERT_OK(UploadFolder(*client_, Path("photos"), {}));
  EXPECT_THAT(server_.blobs(), SizeIs(21));
}

TEST_F(UploadTest, ReportsProgressToTheEnd) {
  Write("photos/maize/1.png", "one");
  Write("photos/maize/2.png", "zwei");
  UploadProgress last_hash, last_send;
  UploadOptions options;
  options.on_progress = [&](const UploadProgress& progress) {
    (progress.phase == UploadProgress::Phase::kHash ? last_hash : last_send) = progress;
  };
  SB_ASSERT_OK(UploadFolder(*client_, Path("photos"), options));
  EXPECT_EQ(last_hash.done, 2);
  EXPECT_EQ(last_hash.total, 2);
  EXPECT_EQ(last_send.done, 7);
  EXPECT_EQ(last_send.total, 7);
}

TEST_F(UploadTest, StopsWhenCancelled) {
  Write("photos/maize/1.png", "one");
  const std::atomic<bool> cancelled = true;
  UploadOptions options;
  options.cancelled = &cancelled;
  EXPECT_THAT(UploadFolder(*client_, Path("photos"), options), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_THAT(server_.blobs(), IsEmpty());
}

TEST_F(UploadTest, SendsOneFile) {
  Write("weights", "some numbers");
  SB_ASSERT_OK_AND_ASSIGN(const UploadedFile sent, UploadFile(*client_, Path("weights"), {}));
  EXPECT_EQ(sent.bytes, 12);
  EXPECT_EQ(sent.sent_bytes, 12);
  EXPECT_EQ(server_.blobs().at(sent.sha256), "some numbers");
  SB_ASSERT_OK_AND_ASSIGN(const UploadedFile again, UploadFile(*client_, Path("weights"), {}));
  EXPECT_EQ(again.sha256, sent.sha256);
  EXPECT_EQ(again.sent_bytes, 0);
  EXPECT_THAT(UploadFile(*client_, Path("nowhere"), {}), StatusIs(absl::StatusCode::kNotFound, HasSubstr("nowhere")));
}

TEST_F(UploadTest, SaysWhatIsMissing) {
  EXPECT_THAT(UploadFolder(*client_, Path("nowhere"), {}), StatusIs(absl::StatusCode::kNotFound, HasSubstr("nowhere")));
  fs::create_directories(Path("empty/maize"));
  EXPECT_THAT(UploadFolder(*client_, Path("empty"), {}), StatusIs(absl::StatusCode::kNotFound, HasSubstr("no image files")));
}

class DownloadTest : public TransferTest {
 protected:
  DownloadTest() {
    FakeJob job;
    job.job.set_id("evaluate-1");
    job.artifacts = {{"confusion.csv", "a,b\n1,2\n"}, {"best/model.safetensors", std::string(5500, 'w')}};
    server_.AddJob(std::move(job));
  }
  v1::Artifact Artifact(const std::string& name) {
    const std::vector<v1::Artifact> artifacts = client_->ListArtifacts("evaluate-1").value();
    for (const v1::Artifact& artifact : artifacts) {
      if (artifact.name() == name) return artifact;
    }
    return {};
  }
};

TEST_F(DownloadTest, WritesAWholeFileAndNothingElse) {
  SB_ASSERT_OK(DownloadArtifact(*client_, "evaluate-1", Artifact("best/model.safetensors"), Path("out/best/model.safetensors")));
  EXPECT_THAT(ReadFile(Path("out/best/model.safetensors")), IsOkAndHolds(std::string(5500, 'w')));
  EXPECT_EQ(std::distance(fs::directory_iterator(Path("out/best")), fs::directory_iterator()), 1);
}

TEST_F(DownloadTest, ResumesWhereTheStreamBroke) {
  const v1::Artifact artifact = Artifact("best/model.safetensors");
  server_.CutStreams({2, 1});
  std::string received;
  SB_ASSERT_OK(ReadArtifact(*client_, "evaluate-1", artifact, [&](std::string_view bytes) {
    received += bytes;
    return absl::OkStatus();
  }));
  EXPECT_EQ(received, std::string(5500, 'w'));
}

TEST_F(DownloadTest, RefusesBytesThatAreNotWhatWasAnnounced) {
  v1::Artifact artifact = Artifact("confusion.csv");
  artifact.set_sha256(std::string(64, '0'));
  EXPECT_THAT(DownloadArtifact(*client_, "evaluate-1", artifact, Path("confusion.csv")), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_TRUE(fs::is_empty(directory_.path()));
}

TEST_F(DownloadTest, MakesAFolderOfArtifactsOrNone) {
  const std::vector<v1::Artifact> artifacts{Artifact("confusion.csv"), Artifact("best/model.safetensors")};
  SB_ASSERT_OK(DownloadArtifacts(*client_, "evaluate-1", artifacts, Path("all")));
  EXPECT_THAT(ReadFile(Path("all/confusion.csv")), IsOkAndHolds("a,b\n1,2\n"));
  EXPECT_THAT(ReadFile(Path("all/best/model.safetensors")), IsOkAndHolds(std::string(5500, 'w')));
  EXPECT_THAT(DownloadArtifacts(*client_, "evaluate-1", artifacts, Path("all")), StatusIs(absl::StatusCode::kAlreadyExists));
  v1::Artifact outside = Artifact("confusion.csv");
  outside.set_name("../confusion.csv");
  EXPECT_THAT(DownloadArtifacts(*client_, "evaluate-1", {artifacts[0], outside}, Path("none")),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_FALSE(fs::exists(Path("none")));
}

TEST_F(DownloadTest, KeepsTheOldFileWhenItFails) {
  Write("confusion.csv", "old");
  v1::Artifact artifact = Artifact("confusion.csv");
  artifact.set_bytes(1);
  EXPECT_THAT(DownloadArtifact(*client_, "evaluate-1", artifact, Path("confusion.csv")), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(ReadFile(Path("confusion.csv")), IsOkAndHolds("old"));
}

class ExportTest : public TransferTest {
 protected:
  void AddModel(std::map<std::string, std::string> files) {
    v1::Model model;
    model.set_name("baseline");
    server_.AddModel(model, std::move(files));
  }
};

TEST_F(ExportTest, MakesAFolderOfAllFiles) {
  AddModel({{"model.json", "{}"}, {"model.safetensors", "weights"}, {"empty.txt", ""}});
  SB_ASSERT_OK_AND_ASSIGN(const auto files, ExportModel(*client_, "baseline", 0, Path("baseline")));
  EXPECT_THAT(files, SizeIs(3));
  EXPECT_THAT(ReadFile(Path("baseline/model.safetensors")), IsOkAndHolds("weights"));
  EXPECT_THAT(ReadFile(Path("baseline/empty.txt")), IsOkAndHolds(""));
  EXPECT_EQ(std::distance(fs::directory_iterator(directory_.path()), fs::directory_iterator()), 1);
}

TEST_F(ExportTest, TakesAnEmptyFolderButNoFullOne) {
  AddModel({{"model.json", "{}"}});
  fs::create_directories(Path("empty"));
  SB_EXPECT_OK(ExportModel(*client_, "baseline", 0, Path("empty")));
  EXPECT_THAT(ExportModel(*client_, "baseline", 0, Path("empty")),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("not an empty folder")));
}

TEST_F(ExportTest, LeavesNothingBehindWhenItFails) {
  EXPECT_THAT(ExportModel(*client_, "nothing", 0, Path("out")), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_TRUE(fs::is_empty(directory_.path()));
}

TEST_F(ExportTest, RefusesNamesThatLeadOutside) {
  AddModel({{"../escaped", "x"}});
  EXPECT_THAT(ExportModel(*client_, "baseline", 0, Path("out")), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_TRUE(fs::is_empty(directory_.path()));
}

}  // namespace
}  // namespace seedbed::client
