// Downloads from hosts of all kinds.
#include "client/cli/http_download.h"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/digest.h"
#include "core/base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temporary_directory.h"
#include "tests/unit/client/cli/http_server.h"

namespace seedbed::cli {
namespace {

namespace fs = std::filesystem;
using seedbed::testing::HttpServer;
using seedbed::testing::StatusIs;
using seedbed::testing::TemporaryDirectory;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr char kEtag[] = "\"first\"";

std::string Content(size_t bytes, char first = 'a') {
  std::string content(bytes, '\0');
  for (size_t i = 0; i < bytes; ++i) content[i] = static_cast<char>(first + i * i % 23);
  return content;
}

std::string ReadAll(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

class HttpDownloadTest : public ::testing::Test {
 protected:
  HttpDownloadTest() {
    ::setenv("no_proxy", "127.0.0.1", 1);
    options_.retry = {.max_attempts = 3, .first_delay = std::chrono::milliseconds(1), .max_delay = std::chrono::milliseconds(2)};
    options_.stall_timeout = std::chrono::seconds(1);
  }
  void Expect(const std::string& content) {
    options_.expected.sha256 = Sha256Hex(content);
    options_.expected.bytes = static_cast<int64_t>(content.size());
  }
  absl::StatusOr<Downloaded> Fetch(const std::string& path) { return DownloadUrl(server_.Url(path), Target(), options_); }
  fs::path Target() const { return directory_.path() / "cache" / "file"; }
  fs::path Part() const { return directory_.path() / "cache" / "file.part"; }
  void Leave(const std::string& part, const std::string& url, const std::string& validator) const {
    fs::create_directories(Part().parent_path());
    std::ofstream(Part(), std::ios::binary) << part;
    std::ofstream(Part().string() + ".from", std::ios::binary) << url << "\n" << validator;
  }

  TemporaryDirectory directory_;
  HttpServer server_;
  DownloadOptions options_;
  const std::string content_ = Content(300'000);
};

TEST_F(HttpDownloadTest, FetchesAWholeFile) {
  server_.Set("/f", {.content = content_, .etag = kEtag});
  Expect(content_);
  SB_ASSERT_OK_AND_ASSIGN(const Downloaded done, Fetch("/f"));
  EXPECT_EQ(done.bytes, 300'000);
  EXPECT_EQ(done.received, 300'000);
  EXPECT_EQ(done.sha256, Sha256Hex(content_));
  EXPECT_EQ(ReadAll(Target()), content_);
  EXPECT_FALSE(fs::exists(Part()));
  EXPECT_FALSE(fs::exists(Part().string() + ".from"));
}

TEST_F(HttpDownloadTest, FetchesEmptyFilesAndThoseOfUnknownSize) {
  server_.Set("/empty", {});
  SB_ASSERT_OK_AND_ASSIGN(const Downloaded empty, Fetch("/empty"));
  EXPECT_EQ(empty.bytes, 0);
  EXPECT_TRUE(fs::exists(Target()));
  server_.Set("/f", {.content = content_, .without_length = true});
  SB_ASSERT_OK(Fetch("/f"));
  EXPECT_EQ(ReadAll(Target()), content_);
}

TEST_F(HttpDownloadTest, FetchesLocalFiles) {
  const fs::path source = directory_.path() / "source";
  std::ofstream(source) << content_;
  SB_ASSERT_OK(DownloadUrl("file://" + source.string(), Target(), options_));
  EXPECT_EQ(ReadAll(Target()), content_);
  EXPECT_THAT(DownloadUrl("file:///nowhere/at/all", Target(), options_), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(HttpDownloadTest, GoesOnAfterALostConnection) {
  server_.Set("/f", {.content = content_, .etag = kEtag, .cut_after = 100'000});
  Expect(content_);
  SB_ASSERT_OK_AND_ASSIGN(const Downloaded done, Fetch("/f"));
  EXPECT_EQ(done.received, 300'000);
  EXPECT_EQ(ReadAll(Target()), content_);
  ASSERT_THAT(server_.requests(), SizeIs(2));
  EXPECT_EQ(server_.requests()[1].range, "bytes=100000-");
  EXPECT_EQ(server_.requests()[1].if_range, kEtag);
}

TEST_F(HttpDownloadTest, GoesOnWithWhatAnEarlierRunHas) {
  server_.Set("/f", {.content = content_, .etag = kEtag});
  Leave(content_.substr(0, 250'000), server_.Url("/f"), kEtag);
  SB_ASSERT_OK_AND_ASSIGN(const Downloaded done, Fetch("/f"));
  EXPECT_EQ(done.received, 50'000);
  EXPECT_EQ(done.bytes, 300'000);
  EXPECT_EQ(ReadAll(Target()), content_);
}

TEST_F(HttpDownloadTest, ADigestIsEnoughToGoOn) {
  server_.Set("/f", {.content = content_});
  Leave(content_.substr(0, 250'000), server_.Url("/f"), "");
  Expect(content_);
  SB_ASSERT_OK_AND_ASSIGN(const Downloaded done, Fetch("/f"));
  EXPECT_EQ(done.received, 50'000);
  EXPECT_EQ(server_.requests()[0].if_range, "");
}

TEST_F(HttpDownloadTest, StartsAgainWithoutValidatorAndDigest) {
  server_.Set("/f", {.content = content_});
  Leave(Content(250'000, 'b'), server_.Url("/f"), "");
  SB_ASSERT_OK_AND_ASSIGN(const Downloaded done, Fetch("/f"));
  EXPECT_EQ(done.received, 300'000);
  EXPECT_EQ(server_.requests()[0].range, "");
  EXPECT_EQ(ReadAll(Target()), content_);
}

TEST_F(HttpDownloadTest, StartsAgainWhenTheFileHasChangedOrIsAnothers) {
  server_.Set("/f", {.content = content_, .etag = "\"second\""});
  Leave(Content(250'000, 'b'), server_.Url("/f"), kEtag);
  SB_ASSERT_OK(Fetch("/f"));
  EXPECT_EQ(ReadAll(Target()), content_);
  Leave(Content(250'000, 'b'), server_.Url("/other"), "\"second\"");
  SB_ASSERT_OK(Fetch("/f"));
  EXPECT_EQ(ReadAll(Target()), content_);
}

TEST_F(HttpDownloadTest, StartsAgainWhenTheHostKnowsNoRanges) {
  server_.Set("/f", {.content = content_, .etag = kEtag, .ranges = false, .cut_after = 100'000});
  Expect(content_);
  SB_ASSERT_OK_AND_ASSIGN(const Downloaded done, Fetch("/f"));
  EXPECT_EQ(done.received, 400'000);
  EXPECT_EQ(ReadAll(Target()), content_);
}

TEST_F(HttpDownloadTest, StartsAgainOnceWhenTheBytesFromBeforeWereWrong) {
  server_.Set("/f", {.content = content_});
  Leave(Content(250'000, 'b'), server_.Url("/f"), "");
  Expect(content_);
  SB_ASSERT_OK_AND_ASSIGN(const Downloaded done, Fetch("/f"));
  EXPECT_EQ(done.received, 350'000);
  EXPECT_EQ(ReadAll(Target()), content_);
}

TEST_F(HttpDownloadTest, StartsAgainWhenThereIsMoreThanTheFileHas) {
  server_.Set("/f", {.content = content_, .etag = kEtag});
  Leave(Content(350'000, 'b'), server_.Url("/f"), kEtag);
  SB_ASSERT_OK(Fetch("/f"));
  EXPECT_EQ(ReadAll(Target()), content_);
}

TEST_F(HttpDownloadTest, NeedsNoHostWhenAllHadCome) {
  Leave(content_, server_.Url("/f"), "");
  Expect(content_);
  SB_ASSERT_OK_AND_ASSIGN(const Downloaded done, Fetch("/f"));
  EXPECT_EQ(done.received, 0);
  EXPECT_THAT(server_.requests(), SizeIs(0));
}

TEST_F(HttpDownloadTest, GivesUpAStallingHostAndKeepsWhatCame) {
  server_.Set("/f", {.content = content_, .etag = kEtag, .stall_after = 100'000});
  EXPECT_THAT(Fetch("/f"), StatusIs(absl::StatusCode::kUnavailable, AllOf(HasSubstr("/f: the download stalls"), HasSubstr("for 1 s"))));
  EXPECT_EQ(fs::file_size(Part()), 100'000U);
  server_.Set("/f", {.content = content_, .etag = kEtag});
  SB_ASSERT_OK_AND_ASSIGN(const Downloaded done, Fetch("/f"));
  EXPECT_EQ(done.received, 200'000);
}

TEST_F(HttpDownloadTest, RefusesTooMuch) {
  server_.Set("/announced", {.content = content_});
  server_.Set("/unannounced", {.content = content_, .without_length = true});
  options_.max_bytes = 250'000;
  EXPECT_THAT(Fetch("/announced"), StatusIs(absl::StatusCode::kInvalidArgument,
                                            HasSubstr("the host sends more, 300,000 bytes, than the 250,000 bytes that are allowed")));
  EXPECT_THAT(Fetch("/unannounced"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("the host sends more than the 250,000 bytes that are allowed")));
  options_.expected.bytes = 200'000;
  EXPECT_THAT(Fetch("/unannounced"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("200,000 bytes that are expected")));
  EXPECT_FALSE(fs::exists(Part()));
  EXPECT_FALSE(fs::exists(Target()));
}

TEST_F(HttpDownloadTest, RefusesTheWrongContent) {
  server_.Set("/f", {.content = content_});
  options_.expected.sha256 = Sha256Hex("something else");
  EXPECT_THAT(Fetch("/f"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("/f: wrong content"), HasSubstr(Sha256Hex(content_)), HasSubstr(options_.expected.sha256))));
  EXPECT_FALSE(fs::exists(Target()));
  EXPECT_FALSE(fs::exists(Part()));
  options_.expected = {.bytes = 300'001};
  EXPECT_THAT(Fetch("/f"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("it has 300,000 bytes, expected 300,001")));
}

TEST_F(HttpDownloadTest, FollowsAFewRedirects) {
  server_.Set("/a", {.status = 302, .location = "/b"});
  server_.Set("/b", {.status = 307, .location = server_.Url("/f")});
  server_.Set("/f", {.content = content_});
  SB_ASSERT_OK(Fetch("/a"));
  server_.Set("/loop", {.status = 301, .location = "/loop"});
  EXPECT_THAT(Fetch("/loop"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("/loop: more than 5 redirects")));
  server_.Set("/out", {.status = 302, .location = "file:///etc/passwd"});
  EXPECT_THAT(Fetch("/out"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("refused a redirect from http to file:///etc/passwd")));
  server_.Set("/ftp", {.status = 302, .location = "ftp://127.0.0.1/x"});
  EXPECT_THAT(Fetch("/ftp"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("refused a redirect")));
}

TEST_F(HttpDownloadTest, SaysWhatTheHostAnswers) {
  const std::pair<int, absl::StatusCode> table[] = {{404, absl::StatusCode::kNotFound},         {410, absl::StatusCode::kNotFound},
                                                    {403, absl::StatusCode::kPermissionDenied}, {429, absl::StatusCode::kResourceExhausted},
                                                    {500, absl::StatusCode::kUnavailable},      {418, absl::StatusCode::kAborted}};
  for (const auto& [status, code] : table) {
    server_.Set("/f", {.status = status});
    EXPECT_THAT(Fetch("/f"), StatusIs(code, HasSubstr(absl::StrCat("HTTP status ", status))));
  }
  EXPECT_FALSE(fs::exists(Part()));
  EXPECT_THAT(server_.requests(), SizeIs(4 + 2 * 3));  // what may pass is tried three times
}

TEST_F(HttpDownloadTest, SaysWhichHostCannotBeReached) {
  EXPECT_THAT(DownloadUrl("http://127.0.0.1:1/f", Target(), options_), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("127.0.0.1")));
}

TEST_F(HttpDownloadTest, KnowsThreeSchemes) {
  for (const char* url : {"ftp://host/f", "gopher://host/f", "weights.pth", "http:/host"}) {
    EXPECT_THAT(DownloadUrl(url, Target(), options_), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("expected https://")));
  }
}

TEST_F(HttpDownloadTest, CanBeCancelledAndHasADeadline) {
  server_.Set("/f", {.content = content_, .stall_after = 100});
  options_.stall_timeout = std::chrono::seconds(600);
  const std::atomic<bool> cancelled = true;
  options_.cancelled = &cancelled;
  EXPECT_THAT(Fetch("/f"), StatusIs(absl::StatusCode::kCancelled));
  options_.cancelled = nullptr;
  options_.deadline = std::chrono::steady_clock::now();
  EXPECT_THAT(Fetch("/f"), StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST_F(HttpDownloadTest, OneProcessAtATime) {
  fs::create_directories(Part().parent_path());
  SB_ASSERT_OK_AND_ASSIGN(const FileLock held, FileLock::TryAcquire(Target().string() + ".lock"));
  EXPECT_THAT(Fetch("/f"), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("another process")));
}

TEST(Urls, AreToldFromFiles) {
  EXPECT_TRUE(LooksLikeUrl("https://host/f"));
  EXPECT_TRUE(LooksLikeUrl("s3://bucket/f"));
  EXPECT_FALSE(LooksLikeUrl("folder/file.pth"));
  EXPECT_FALSE(LooksLikeUrl("./a b://c"));
}

TEST(Urls, AreShownWithoutSecrets) {
  EXPECT_EQ(WithoutSecrets("https://me:word@host:8/a/f.pth?token=1#x"), "https://host:8/a/f.pth");
  EXPECT_EQ(WithoutSecrets("https://host/a@b/f"), "https://host/a@b/f");
  EXPECT_EQ(WithoutSecrets("https://host"), "https://host");
}

TEST(Urls, NameAFile) {
  EXPECT_EQ(FileNameOf("https://host/models/resnet18-f37072fd.pth?x=/y"), "resnet18-f37072fd.pth");
  EXPECT_EQ(FileNameOf("https://host"), "download");
  EXPECT_EQ(FileNameOf("https://host/a/"), "download");
  EXPECT_EQ(FileNameOf("https://host/a/.."), "download..");
  EXPECT_EQ(FileNameOf("https://host/a/b%2Fc d"), "b_2Fc_d");
}

}  // namespace
}  // namespace seedbed::cli
