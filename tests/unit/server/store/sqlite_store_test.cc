#include "server/store/sqlite_store.h"

#include <sys/mount.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <future>
#include <thread>

#include "core/base/status_macros.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/store/schema.h"
#include "server/store/tables.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temporary_directory.h"

namespace seedbed::store {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

absl::Status InsertNumbered(Writer& writer, int number, size_t bytes = 0) {
  v1::Dataset dataset;
  dataset.set_name("d" + std::to_string(number));
  dataset.set_version(1);
  dataset.set_root(std::string(bytes, 'x'));
  return writer.InsertDataset(dataset);
}

class SqliteStoreTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<Store>> Open(StoreOptions options = {}) {
    options.reserve_bytes = 0;
    return Store::Open(database_, std::move(options));
  }
  int64_t Datasets(const Store& store) { return store.CountCatalogue().value().datasets; }

  testing::TemporaryDirectory folder_;
  const std::filesystem::path database_ = folder_.path() / "seedbed.db";
};

TEST_F(SqliteStoreTest, KeepsWhatWasAcknowledgedAcrossReopening) {
  {
    SB_ASSERT_OK_AND_ASSIGN(const auto store, Open());
    SB_ASSERT_OK(store->WriteAndWait([](Writer& writer) { return InsertNumbered(writer, 1); }));
  }
  SB_ASSERT_OK_AND_ASSIGN(const auto store, Open());
  EXPECT_EQ(Datasets(*store), 1);
}

TEST_F(SqliteStoreTest, AnErrorRollsBackItsOwnOperationAlone) {
  SB_ASSERT_OK_AND_ASSIGN(const auto store, Open());
  std::promise<absl::Status> good, bad, after;
  store->Write([](Writer& writer) { return InsertNumbered(writer, 1); }, [&](const absl::Status& s) { good.set_value(s); });
  store->Write(
      [](Writer& writer) {
        SB_RETURN_IF_ERROR(InsertNumbered(writer, 2));
        return absl::NotFoundError("changed its mind");
      },
      [&](const absl::Status& s) { bad.set_value(s); });
  store->Write([](Writer& writer) { return InsertNumbered(writer, 3); }, [&](const absl::Status& s) { after.set_value(s); });
  SB_EXPECT_OK(good.get_future().get());
  EXPECT_THAT(bad.get_future().get(), StatusIs(absl::StatusCode::kNotFound, "changed its mind"));
  SB_EXPECT_OK(after.get_future().get());
  EXPECT_EQ(Datasets(*store), 2);
  EXPECT_THAT(store->GetDataset("d2", 0), StatusIs(absl::StatusCode::kNotFound, HasSubstr("'d2'")));
}

TEST_F(SqliteStoreTest, WaitingOperationsShareACommit) {
  std::vector<size_t> commits;  // written on the writer thread only, read when it is gone
  StoreOptions options;
  options.on_commit = [&](std::chrono::nanoseconds, size_t operations) { commits.push_back(operations); };
  {
    SB_ASSERT_OK_AND_ASSIGN(const auto store, Open(std::move(options)));
    std::promise<void> running, go;
    store->Write(
        [&](Writer&) {
          running.set_value();
          go.get_future().wait();
          return absl::OkStatus();
        },
        [](const absl::Status&) {});
    running.get_future().wait();
    for (int i = 0; i < 100; ++i) {
      store->Write([i](Writer& w) { return InsertNumbered(w, i); }, [](const absl::Status& s) { SB_EXPECT_OK(s); });
    }
    go.set_value();
  }
  EXPECT_EQ(commits, (std::vector<size_t>{1, 100}));
}

TEST_F(SqliteStoreTest, AcknowledgesOnlyWhatAnotherConnectionCanSee) {
  SB_ASSERT_OK_AND_ASSIGN(const auto store, Open());
  std::promise<int64_t> seen;
  store->Write([](Writer& writer) { return InsertNumbered(writer, 1); }, [&](const absl::Status&) { seen.set_value(Datasets(*store)); });
  EXPECT_EQ(seen.get_future().get(), 1);
}

TEST_F(SqliteStoreTest, FinishesQueuedWritesBeforeItCloses) {
  int done = 0;
  {
    SB_ASSERT_OK_AND_ASSIGN(const auto store, Open());
    for (int i = 0; i < 1000; ++i) {
      store->Write([i](Writer& w) { return InsertNumbered(w, i); }, [&](const absl::Status& s) { done += s.ok(); });
    }
  }
  EXPECT_EQ(done, 1000);
}

TEST_F(SqliteStoreTest, ManyReadersAndWritersSeeConsistentStates) {
  SB_ASSERT_OK_AND_ASSIGN(const auto store, Open());
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        // Two rows in one operation: nobody may ever see one of them alone.
        SB_EXPECT_OK(store->WriteAndWait([&](Writer& writer) {
          SB_RETURN_IF_ERROR(InsertNumbered(writer, 1000 * t + 2 * i));
          return InsertNumbered(writer, 1000 * t + 2 * i + 1);
        }));
      }
    });
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) EXPECT_EQ(Datasets(*store) % 2, 0);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Datasets(*store), 300);
}

TEST_F(SqliteStoreTest, RefusesADamagedFile) {
  {
    SB_ASSERT_OK_AND_ASSIGN(const auto store, Open());
    for (int i = 0; i < 200; ++i) SB_ASSERT_OK(store->WriteAndWait([i](Writer& w) { return InsertNumbered(w, i, 500); }));
  }
  {
    std::fstream file(database_, std::ios::in | std::ios::out | std::ios::binary);
    for (int page = 2; page < 30; ++page) {
      file.seekp(page * 4096);
      file << std::string(512, '\x5a');
    }
  }
  EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kDataLoss, AllOf(HasSubstr("seedbed.db"), HasSubstr("backup"))));
}

TEST_F(SqliteStoreTest, RefusesAFileThatIsNoDatabase) {
  std::ofstream(database_) << std::string(8192, 'n');
  EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(SqliteStoreTest, RefusesANewerSchema) {
  {
    SB_ASSERT_OK_AND_ASSIGN(const auto connection, Connection::Open(database_, Connection::Mode::kWriter));
    std::vector<const char*> migrations = SchemaMigrations();
    migrations.push_back("CREATE TABLE from_the_future (x INTEGER)");
    SB_ASSERT_OK(MigrateSchema(*connection, migrations));
  }
  EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("newer Seedbed")));
}

TEST_F(SqliteStoreTest, StaysUsableAfterTheDiskWasFull) {
  SB_ASSERT_OK_AND_ASSIGN(const auto store, Open());
  SB_ASSERT_OK(store->WriteAndWait([](Writer& writer) { return InsertNumbered(writer, 0); }));
  // A limit on file size makes writes fail as a full disk does.
  std::signal(SIGXFSZ, SIG_IGN);
  struct rlimit unlimited {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &unlimited), 0);
  const struct rlimit small { 512 * 1024, unlimited.rlim_max };
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  absl::Status full;
  int stored = 0;
  for (int i = 1; i < 100 && full.ok(); ++i) {
    full = store->WriteAndWait([i](Writer& writer) { return InsertNumbered(writer, i, 100'000); });
    if (full.ok()) ++stored;
  }
  EXPECT_THAT(full, StatusIs(absl::StatusCode::kResourceExhausted, AllOf(HasSubstr("full"), HasSubstr("free some space"))));
  EXPECT_EQ(Datasets(*store), 1 + stored) << "what was acknowledged is there, what was refused is not";
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &unlimited), 0);
  SB_EXPECT_OK(store->WriteAndWait([](Writer& writer) { return InsertNumbered(writer, 1000, 100'000); }));
  EXPECT_EQ(Datasets(*store), 2 + stored);
}

TEST_F(SqliteStoreTest, TheReserveLetsTheLastChangesBeStoredOnAFullDisk) {
  const std::filesystem::path disk = folder_.path() / "disk";
  std::filesystem::create_directory(disk);
  if (::mount("none", disk.c_str(), "tmpfs", 0, "size=8m") != 0) GTEST_SKIP() << "needs the right to mount a small tmpfs";
  {
    StoreOptions options;
    options.reserve_bytes = 1 << 20;
    SB_ASSERT_OK_AND_ASSIGN(const auto store, Store::Open(disk / "seedbed.db", options));
    {
      std::ofstream filler(disk / "filler", std::ios::binary);
      const std::string block(64 * 1024, 'f');
      while (filler.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
      }
    }
    SB_EXPECT_OK(store->WriteAndWait([](Writer& writer) { return InsertNumbered(writer, 1, 300'000); }));
    EXPECT_FALSE(std::filesystem::exists(disk / "seedbed.db.reserve"));
    EXPECT_THAT(store->WriteAndWait([](Writer& writer) { return InsertNumbered(writer, 2, 3'000'000); }),
                StatusIs(absl::StatusCode::kResourceExhausted));
    std::filesystem::remove(disk / "filler");
    SB_EXPECT_OK(store->WriteAndWait([](Writer& writer) { return InsertNumbered(writer, 3); }));
    EXPECT_TRUE(std::filesystem::exists(disk / "seedbed.db.reserve")) << "the reserve is taken again when there is room";
  }
  EXPECT_EQ(::umount(disk.c_str()), 0);
}

}  // namespace
}  // namespace seedbed::store
