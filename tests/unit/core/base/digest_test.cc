#include "core/base/digest.h"

#include "core/base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temporary_directory.h"

namespace seedbed {
namespace {

using ::seedbed::testing::IsOkAndHolds;
using ::seedbed::testing::StatusIs;

// FIPS 180-2, appendix B.
constexpr char kAbc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr char kEmpty[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

TEST(Sha256, GivesTheStandardsExamples) {
  EXPECT_EQ(Sha256Hex("abc"), kAbc);
  EXPECT_EQ(Sha256Hex(""), kEmpty);
  EXPECT_EQ(Sha256Hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha256, MayBeFedInParts) {
  Sha256 hash;
  hash.Update("a");
  Sha256 moved = std::move(hash);
  moved.Update("");
  moved.Update("bc");
  EXPECT_EQ(moved.FinishHex(), kAbc);
}

TEST(Sha256, HashesFilesLongerThanItsBuffer) {
  const testing::TemporaryDirectory folder;
  const std::string content(1'000'003, 'x');
  SB_ASSERT_OK(PublishFile(folder.path() / "long", content));
  EXPECT_THAT(Sha256HexOfFile(folder.path() / "long"), IsOkAndHolds(Sha256Hex(content)));
  EXPECT_THAT(Sha256HexOfFile(folder.path() / "absent"), StatusIs(absl::StatusCode::kNotFound, ::testing::HasSubstr("absent")));
  EXPECT_FALSE(Sha256HexOfFile(folder.path()).ok());
}

TEST(IsSha256Hex, TakesExactly64LowerCaseHexDigits) {
  EXPECT_TRUE(IsSha256Hex(kAbc));
  EXPECT_FALSE(IsSha256Hex(""));
  EXPECT_FALSE(IsSha256Hex(std::string(kAbc).substr(1)));
  EXPECT_FALSE(IsSha256Hex(std::string(64, 'A')));
  EXPECT_FALSE(IsSha256Hex(std::string(64, 'g')));
  EXPECT_FALSE(IsSha256Hex(std::string(65, 'a')));
}

}  // namespace
}  // namespace seedbed
