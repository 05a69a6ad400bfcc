#include "server/store/schema.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/store/network_file_systems.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temporary_directory.h"

namespace seedbed::store {
namespace {

using ::seedbed::testing::IsOkAndHolds;
using ::seedbed::testing::StatusIs;
using ::testing::HasSubstr;

class SchemaTest : public ::testing::Test {
 protected:
  std::unique_ptr<Connection> Connect() { return Connection::Open(folder_.path() / "x.db", Connection::Mode::kWriter).value(); }

  testing::TemporaryDirectory folder_;
};

TEST_F(SchemaTest, MakesANewDatabaseCurrentAndLeavesACurrentOneAlone) {
  const auto connection = Connect();
  SB_ASSERT_OK(MigrateSchema(*connection));
  const auto newest = static_cast<int64_t>(SchemaMigrations().size());
  EXPECT_THAT(connection->QueryInt("PRAGMA user_version"), IsOkAndHolds(newest));
  SB_ASSERT_OK(MigrateSchema(*connection));
  EXPECT_THAT(connection->QueryInt("PRAGMA user_version"), IsOkAndHolds(newest));
}

TEST_F(SchemaTest, AddsOnlyWhatAnOlderDatabaseLacks) {
  const auto connection = Connect();
  SB_ASSERT_OK(MigrateSchema(*connection, {"CREATE TABLE a (x INTEGER)"}));
  SB_ASSERT_OK(connection->Execute("INSERT INTO a VALUES (7)"));
  SB_ASSERT_OK(MigrateSchema(
      *connection, {"CREATE TABLE a (x INTEGER)", "ALTER TABLE a ADD COLUMN y INTEGER NOT NULL DEFAULT 3", "UPDATE a SET y = y + x"}));
  EXPECT_THAT(connection->QueryInt("SELECT y FROM a"), IsOkAndHolds(10));
  EXPECT_THAT(connection->QueryInt("PRAGMA user_version"), IsOkAndHolds(3));
}

TEST_F(SchemaTest, ADatabaseOfTheFirstVersionGetsTheFeatures) {
  const auto connection = Connect();
  SB_ASSERT_OK(MigrateSchema(*connection, {SchemaMigrations().front()}));
  SB_ASSERT_OK(connection->Execute("INSERT INTO models(name, version, record) VALUES ('m', 1, x'')"));
  SB_ASSERT_OK(MigrateSchema(*connection));
  EXPECT_THAT(connection->QueryInt("SELECT COUNT(*) FROM features"), IsOkAndHolds(0));
  EXPECT_THAT(connection->QueryInt("SELECT version FROM models WHERE name = 'm'"), IsOkAndHolds(1));
}

TEST_F(SchemaTest, AFailedMigrationLeavesTheOldSchema) {
  const auto connection = Connect();
  SB_ASSERT_OK(MigrateSchema(*connection, {"CREATE TABLE a (x INTEGER)"}));
  const std::vector<const char*> broken{"CREATE TABLE a (x INTEGER)", "CREATE TABLE b (x INTEGER)", "CREATE TABLE a (x INTEGER)"};
  EXPECT_THAT(MigrateSchema(*connection, broken), StatusIs(absl::StatusCode::kInternal, HasSubstr("already exists")));
  EXPECT_FALSE(connection->InTransaction());
  EXPECT_THAT(connection->QueryInt("PRAGMA user_version"), IsOkAndHolds(1));
  EXPECT_THAT(connection->QueryInt("SELECT COUNT(*) FROM sqlite_schema"), IsOkAndHolds(1));
}

TEST_F(SchemaTest, RefusesSomeoneElsesDatabase) {
  const auto connection = Connect();
  SB_ASSERT_OK(connection->ExecuteScript("CREATE TABLE bookmarks (url TEXT)"));
  EXPECT_THAT(MigrateSchema(*connection), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("another program")));
}

TEST(NetworkFileSystems, AreToldFromLocalOnes) {
  EXPECT_STREQ(NetworkFileSystemName(0x6969), "NFS");
  EXPECT_STREQ(NetworkFileSystemName(0xffffffffff534d42), "SMB");  // sign-extended, as a signed f_type comes
  EXPECT_STREQ(NetworkFileSystemName(0x0bd00bd0), "Lustre");
  EXPECT_EQ(NetworkFileSystemName(0xef53), nullptr);      // ext4
  EXPECT_EQ(NetworkFileSystemName(0x01021994), nullptr);  // tmpfs
  EXPECT_EQ(NetworkFileSystemName(0x58465342), nullptr);  // XFS
}

}  // namespace
}  // namespace seedbed::store
