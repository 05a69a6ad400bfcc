// What a content must be.
#include "client/cli/content_check.h"

#include <fstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temporary_directory.h"

namespace seedbed::cli {
namespace {

using seedbed::testing::StatusIs;
using ::testing::HasSubstr;

// Of "abc" (FIPS 180-2, RFC 1321).
constexpr char kSha256[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr char kMd5[] = "900150983cd24fb0d6963f7d28e17f72";

absl::Status CheckAbc(const ExpectedContent& expected) {
  ContentCheck check(expected);
  check.Update(std::as_bytes(std::span("ab", 2)));
  check.Update(std::as_bytes(std::span("c", 1)));
  EXPECT_EQ(check.bytes(), 3);
  const absl::Status status = check.Finish();
  EXPECT_EQ(check.sha256(), kSha256);
  return status;
}

TEST(ContentCheck, ComparesWhatIsKnown) {
  SB_EXPECT_OK(CheckAbc({}));
  SB_EXPECT_OK(CheckAbc({.sha256 = kSha256, .md5 = kMd5, .bytes = 3}));
  SB_EXPECT_OK(CheckAbc({.sha256 = "ba7816bf"}));
  EXPECT_THAT(CheckAbc({.sha256 = "ba7816bf00"}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("expected ba7816bf00...")));
  EXPECT_THAT(CheckAbc({.sha256 = std::string(64, '0')}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("SHA-256")));
  EXPECT_THAT(CheckAbc({.md5 = std::string(32, '0')}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(kMd5)));
  EXPECT_THAT(CheckAbc({.bytes = 4}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("3 bytes, expected 4")));
}

TEST(ContentCheck, ReadsFiles) {
  const seedbed::testing::TemporaryDirectory directory;
  const std::filesystem::path file = directory.path() / "abc";
  std::ofstream(file) << "abc";
  SB_EXPECT_OK(CheckFile(file, {.sha256 = kSha256}));
  EXPECT_THAT(CheckFile(file, {.bytes = 2}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(file.string() + ": wrong content")));
  EXPECT_THAT(CheckFile(directory.path() / "none", {}), StatusIs(absl::StatusCode::kNotFound));
}

TEST(DigestForms, AreChecked) {
  SB_EXPECT_OK(CheckDigestForms({}));
  SB_EXPECT_OK(CheckDigestForms({.sha256 = "f37072fd", .md5 = kMd5}));
  for (const char* sha256 : {"f37072f", "F37072FD", "f37072fg"}) {
    EXPECT_THAT(CheckDigestForms({.sha256 = sha256}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("is no SHA-256")));
  }
  EXPECT_THAT(CheckDigestForms({.sha256 = std::string(65, 'a')}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(CheckDigestForms({.md5 = "900150"}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("is no MD5")));
}

}  // namespace
}  // namespace seedbed::cli
