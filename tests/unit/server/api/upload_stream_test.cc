#include <sys/resource.h>

#include <csignal>

#include "core/base/digest.h"
#include "server/api/blob_receiver.h"
#include "tests/unit/server/api/api_fixture.h"

namespace seedbed::api {
namespace {

using ::seedbed::testing::IsOkAndHolds;
using ::seedbed::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class UploadStreamTest : public ApiTest {
 protected:
  class Upload {
   public:
    explicit Upload(v1::DatasetService::Stub* stub) : stream_(stub->UploadBlobs(&context_, &response_)) {}
    bool Header(const std::string& sha256, int64_t bytes) {
      v1::UploadBlobsRequest request;
      request.mutable_header()->set_sha256(sha256);
      request.mutable_header()->set_bytes(bytes);
      return stream_->Write(request);
    }
    bool Chunk(const std::string& bytes) {
      v1::UploadBlobsRequest request;
      request.set_chunk(bytes);
      return stream_->Write(request);
    }
    void Blob(const std::string& content) {
      Header(Sha256Hex(content), static_cast<int64_t>(content.size()));
      constexpr size_t kPiece = 100'000;
      for (size_t i = 0; i < content.size(); i += kPiece) Chunk(content.substr(i, kPiece));
    }
    absl::StatusOr<v1::UploadBlobsResponse> Finish() {
      stream_->WritesDone();
      const absl::Status status = client::FromGrpc(stream_->Finish());
      if (!status.ok()) return status;
      return response_;
    }
    void Cancel() {
      context_.TryCancel();
      stream_->Finish();
    }

   private:
    grpc::ClientContext context_;
    v1::UploadBlobsResponse response_;
    std::unique_ptr<grpc::ClientWriter<v1::UploadBlobsRequest>> stream_;
  };

  Upload Start() { return Upload(datasets_.get()); }

  // Files below objects/ that are no objects.
  std::vector<std::string> Leftovers() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(layout_.objects())) {
      if (!entry.is_directory()) names.push_back(entry.path().filename().string());
    }
    return names;
  }

  absl::StatusOr<std::string> Object(const std::string& content) const { return ReadFile(layout_.object(Sha256Hex(content))); }
};

TEST_F(UploadStreamTest, StoresContentsUnderTheirDigestAndSkipsWhatItHas) {
  const std::string large(1'234'567, 'l');
  Upload first = Start();
  first.Blob("maize");
  first.Blob("");
  first.Blob(large);
  SB_ASSERT_OK_AND_ASSIGN(const auto stored, first.Finish());
  EXPECT_EQ(stored.stored(), 3);
  EXPECT_EQ(stored.bytes(), 5 + 1'234'567);
  EXPECT_THAT(Object("maize"), IsOkAndHolds(std::string("maize")));
  EXPECT_THAT(Object(large), IsOkAndHolds(large));
  Upload second = Start();
  second.Blob(large);
  second.Blob("rice");
  SB_ASSERT_OK_AND_ASSIGN(const auto again, second.Finish());
  EXPECT_EQ(again.stored(), 1);
  EXPECT_EQ(again.skipped(), 1);
  EXPECT_THAT(Leftovers(), IsEmpty());
}

TEST_F(UploadStreamTest, FindsWhatIsMissing) {
  Upload upload = Start();
  upload.Blob("maize");
  SB_ASSERT_OK(upload.Finish());
  v1::FindMissingBlobsRequest request;
  request.add_sha256(Sha256Hex("maize"));
  request.add_sha256(Sha256Hex("rice"));
  const auto find = [&] {
    return Invoke<v1::FindMissingBlobsResponse>([&](auto... a) { return datasets_->FindMissingBlobs(a...); }, request);
  };
  EXPECT_THAT(find()->sha256(), ElementsAre(Sha256Hex("rice")));
  request.add_sha256("../../etc/passwd");
  EXPECT_THAT(find(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("sha256[2]")));
}

TEST_F(UploadStreamTest, RefusesContentThatIsNotWhatItsDigestSays) {
  Upload upload = Start();
  upload.Header(Sha256Hex("maize"), 4);
  upload.Chunk("rice");
  EXPECT_THAT(upload.Finish(),
              StatusIs(absl::StatusCode::kInvalidArgument, AllOf(HasSubstr(Sha256Hex("maize")), HasSubstr(Sha256Hex("rice")))));
  EXPECT_THAT(Object("maize"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Leftovers(), IsEmpty());
}

TEST_F(UploadStreamTest, RefusesMalformedStreams) {
  const std::string digest = Sha256Hex("maize");
  const auto refused = [&](auto body, const std::string& why) {
    Upload upload = Start();
    body(upload);
    EXPECT_THAT(upload.Finish(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(why)));
  };
  refused([&](Upload& u) { u.Chunk("maize"); }, "without a header");
  refused([&](Upload& u) { u.Header("xyz", 5); }, "hex digits");
  refused([&](Upload& u) { u.Header(digest, -1); }, "-1 bytes");
  refused([&](Upload& u) { u.Header(digest, kMaxBlobBytes + 1); }, "4 GiB");
  refused([&](Upload& u) { u.Header(digest, 5), u.Header(digest, 5); }, "in the middle");
  refused([&](Upload& u) { u.Header(digest, 3), u.Chunk("maize"); }, "more than the 3 bytes");
  refused([&](Upload& u) { u.Header(digest, 5), u.Chunk("ma"); }, "ended after 2 of 5 bytes");
  EXPECT_THAT(Leftovers(), IsEmpty());
}

TEST_F(UploadStreamTest, AnAbandonedUploadLeavesNothing) {
  Upload upload = Start();
  upload.Header(Sha256Hex("maize"), 5);
  upload.Chunk("ma");
  upload.Cancel();
  AwaitMetric("seedbed_rpc_in_flight", 0);
  EXPECT_THAT(Leftovers(), IsEmpty());
}

TEST_F(UploadStreamTest, AStoppingServerDoesNotWaitForAnIdleUpload) {
  Upload upload = Start();
  upload.Header(Sha256Hex("maize"), 5);
  AwaitMetric("seedbed_rpc_in_flight", 1);
  const auto begin = std::chrono::steady_clock::now();
  server_->Stop(std::chrono::milliseconds(100));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  EXPECT_FALSE(upload.Finish().ok());
  EXPECT_THAT(Leftovers(), IsEmpty());
}

TEST_F(UploadStreamTest, ANearlyFullDiskRefusesUploadsButStillSkips) {
  Upload upload = Start();
  upload.Blob("maize");
  SB_ASSERT_OK(upload.Finish());
  server_.reset();
  ApiServerOptions options;
  options.min_free_bytes = int64_t{1} << 60;
  StartServer(options);
  Upload refused = Start();
  refused.Blob("rice");
  EXPECT_THAT(refused.Finish(), StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("nearly full")));
  Upload skipped = Start();
  skipped.Blob("maize");
  EXPECT_EQ(skipped.Finish()->skipped(), 1);
}

TEST_F(UploadStreamTest, AWriteThatFailsIsCleanedUp) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  auto receiver = std::make_unique<BlobReceiver>(&layout_, 0);
  v1::UploadBlobsRequest header;
  header.mutable_header()->set_sha256(Sha256Hex("x"));
  header.mutable_header()->set_bytes(1 << 20);
  SB_ASSERT_OK(receiver->Accept(header));
  v1::UploadBlobsRequest chunk;
  chunk.set_chunk(std::string(1 << 20, 'x'));
  // As on a full disk: the file may not grow.
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{.rlim_cur = 4096, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const absl::Status status = receiver->Accept(chunk);
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_FALSE(status.ok());
  receiver.reset();
  EXPECT_THAT(Leftovers(), IsEmpty());
}

TEST_F(UploadStreamTest, RemovesWhatAnEarlierServerLeftUnfinished) {
  SB_ASSERT_OK(PublishFile(layout_.objects() / ".upload-1-1", "half"));
  SB_ASSERT_OK(RemoveUnfinishedUploads(layout_));
  EXPECT_THAT(Leftovers(), IsEmpty());
}

}  // namespace
}  // namespace seedbed::api
