#include "server/workers/token.h"

#include <sys/stat.h>

#include "core/base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temporary_directory.h"

namespace seedbed::workers {
namespace {

class TokenTest : public ::testing::Test {
 protected:
  mode_t Mode() const {
    struct stat info = {};
    EXPECT_EQ(::stat(file_.c_str(), &info), 0);
    return info.st_mode & 0777;
  }

  testing::TemporaryDirectory directory_;
  const std::filesystem::path file_ = directory_.path() / "worker.token";
};

TEST_F(TokenTest, IsMadeOnceForItsOwnerAlone) {
  SB_ASSERT_OK_AND_ASSIGN(const std::string token, LoadOrCreateToken(file_));
  EXPECT_THAT(token, ::testing::MatchesRegex("[0-9a-f]{64}"));
  EXPECT_EQ(Mode(), 0600u);
  SB_ASSERT_OK_AND_ASSIGN(const std::string again, LoadOrCreateToken(file_));
  EXPECT_EQ(again, token);
}

TEST_F(TokenTest, DiffersBetweenDataRoots) {
  SB_ASSERT_OK_AND_ASSIGN(const std::string one, LoadOrCreateToken(file_));
  SB_ASSERT_OK_AND_ASSIGN(const std::string other, LoadOrCreateToken(directory_.path() / "other.token"));
  EXPECT_NE(one, other);
}

TEST_F(TokenTest, OneThatOthersCouldReadIsReplaced) {
  SB_ASSERT_OK_AND_ASSIGN(const std::string token, LoadOrCreateToken(file_));
  ASSERT_EQ(::chmod(file_.c_str(), 0644), 0);
  SB_ASSERT_OK_AND_ASSIGN(const std::string fresh, LoadOrCreateToken(file_));
  EXPECT_NE(fresh, token);
  EXPECT_EQ(Mode(), 0600u);
}

TEST_F(TokenTest, OneCutShortIsReplaced) {
  SB_ASSERT_OK(PublishFile(file_, "abc"));
  ASSERT_EQ(::chmod(file_.c_str(), 0600), 0);
  SB_ASSERT_OK_AND_ASSIGN(const std::string token, LoadOrCreateToken(file_));
  EXPECT_EQ(token.size(), 64u);
}

TEST(SameTokenTest, ComparesWhole) {
  EXPECT_TRUE(SameToken("secret", "secret"));
  EXPECT_FALSE(SameToken("secret", "secreT"));
  EXPECT_FALSE(SameToken("secre", "secret"));
  EXPECT_FALSE(SameToken("", "secret"));
}

}  // namespace
}  // namespace seedbed::workers
