#include "server/store/sqlite_store.h"

#include <sys/vfs.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"
#include "server/store/network_file_systems.h"
#include "server/store/schema.h"
#include "server/store/tables.h"

namespace seedbed::store {
namespace {

// Operations that share a commit at most: bounds how long the first of them waits.
constexpr size_t kMaxBatch = 256;
// Operations that may wait: beyond it, producers are refused instead of eating the memory.
constexpr size_t kMaxQueue = 100'000;

absl::Status CheckFileSystem(const std::filesystem::path& folder) {
  struct statfs info {};
  if (::statfs(folder.c_str(), &info) != 0) return ErrnoStatus(errno, "stat the file system of", folder);
  const char* name = NetworkFileSystemName(static_cast<uint64_t>(info.f_type));
  if (name == nullptr) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(folder.string(), " is on a network file system (", name,
                                                    "), where SQLite's locks cannot be trusted: choose a data root on a local disk"));
}

absl::Status QuickCheck(Connection& connection, const std::filesystem::path& database) {
  std::string verdict;
  SB_RETURN_IF_ERROR(connection.Query("PRAGMA quick_check(1)", {}, [&](const Row& row) { verdict = row.Text(0); }));
  if (verdict == "ok") return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(database.string(), " is damaged (", verdict, "); restore it from a backup"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteStore>> SqliteStore::Open(const std::filesystem::path& database, StoreOptions options) {
  SB_RETURN_IF_ERROR(CheckFileSystem(database.parent_path()));
  SB_ASSIGN_OR_RETURN(auto writer, Connection::Open(database, Connection::Mode::kWriter));
  SB_RETURN_IF_ERROR(QuickCheck(*writer, database));
  SB_RETURN_IF_ERROR(Annotate(MigrateSchema(*writer), database.string()));
  Connections readers;
  for (int i = 0; i < std::max(1, options.readers); ++i) {
    SB_ASSIGN_OR_RETURN(readers.emplace_back(), Connection::Open(database, Connection::Mode::kReader));
  }
  return std::unique_ptr<SqliteStore>(new SqliteStore(database, std::move(options), std::move(writer), std::move(readers)));
}

SqliteStore::SqliteStore(const std::filesystem::path& database, StoreOptions options, std::unique_ptr<Connection> writer,
                         Connections readers)
    : database_(database),
      options_(std::move(options)),
      writer_(std::move(writer)),
      reserve_(database.string() + ".reserve", options_.reserve_bytes),
      idle_readers_(std::move(readers)),
      thread_([this] { RunWriter(); }) {}

SqliteStore::~SqliteStore() {
  {
    MutexLock lock(&queue_mutex_);
    closing_ = true;
    queue_changed_.NotifyAll();
  }
  thread_.join();
}

void SqliteStore::Write(Operation operation, WriteDone done) {
  {
    MutexLock lock(&queue_mutex_);
    if (queue_.size() < kMaxQueue) {
      queue_.push_back({std::move(operation), std::move(done), absl::OkStatus()});
      queue_changed_.NotifyOne();
      return;
    }
  }
  done(absl::UnavailableError("the store is overloaded; try again later"));
}

void SqliteStore::RunWriter() {
  for (std::vector<Pending> batch = TakeBatch(); !batch.empty(); batch = TakeBatch()) {
    Commit(batch);
    for (Pending& pending : batch) pending.done(pending.result);
    batch.clear();  // what the callbacks hold is let go before the next wait
  }
}

std::vector<SqliteStore::Pending> SqliteStore::TakeBatch() {
  MutexLock lock(&queue_mutex_);
  while (queue_.empty() && !closing_) queue_changed_.Wait(&queue_mutex_);
  std::vector<Pending> batch;
  while (!queue_.empty() && batch.size() < kMaxBatch) {
    batch.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return batch;
}

void SqliteStore::Commit(std::vector<Pending>& batch) {
  const auto begin = std::chrono::steady_clock::now();
  absl::Status committed = RunTransaction(batch);
  if (absl::IsResourceExhausted(committed) && reserve_.Release()) committed = RunTransaction(batch);
  if (committed.ok()) {
    reserve_.Restore();
  } else {
    for (Pending& pending : batch) pending.result = committed;
  }
  if (options_.on_commit) options_.on_commit(std::chrono::steady_clock::now() - begin, batch.size());
}

absl::Status SqliteStore::RunTransaction(std::vector<Pending>& batch) {
  SB_RETURN_IF_ERROR(writer_->Execute("BEGIN IMMEDIATE").status());
  for (Pending& pending : batch) {
    pending.result = RunInSavepoint(pending.operation);
    if (writer_->InTransaction()) continue;
    // SQLite rolled everything back, the operations before this one included.
    return pending.result.ok() ? absl::InternalError("an operation ended the store's transaction") : pending.result;
  }
  const absl::Status committed = writer_->Execute("COMMIT").status();
  if (!committed.ok() && writer_->InTransaction()) writer_->Execute("ROLLBACK").IgnoreError();
  return committed;
}

absl::Status SqliteStore::RunInSavepoint(const Operation& operation) {
  SB_RETURN_IF_ERROR(writer_->Execute("SAVEPOINT operation").status());
  Writer tables(writer_.get());
  const absl::Status result = operation(tables);
  if (!writer_->InTransaction()) return result;
  if (!result.ok()) SB_RETURN_IF_ERROR(writer_->Execute("ROLLBACK TO operation").status());
  SB_RETURN_IF_ERROR(writer_->Execute("RELEASE operation").status());
  return result;
}

absl::Status SqliteStore::Read(const std::function<absl::Status(Reader&)>& operation) const {
  std::unique_ptr<Connection> connection = TakeReader();
  absl::Status result = connection->Execute("BEGIN").status();
  if (result.ok()) {
    Reader tables(connection.get());
    result = operation(tables);
    const absl::Status ended = connection->Execute("COMMIT").status();
    if (result.ok()) result = ended;
  }
  ReturnReader(std::move(connection));
  return result;
}

std::unique_ptr<Connection> SqliteStore::TakeReader() const {
  MutexLock lock(&readers_mutex_);
  while (idle_readers_.empty()) reader_returned_.Wait(&readers_mutex_);
  std::unique_ptr<Connection> reader = std::move(idle_readers_.back());
  idle_readers_.pop_back();
  return reader;
}

void SqliteStore::ReturnReader(std::unique_ptr<Connection> reader) const {
  MutexLock lock(&readers_mutex_);
  idle_readers_.push_back(std::move(reader));
  reader_returned_.NotifyOne();
}

int64_t SqliteStore::Bytes() const {
  int64_t bytes = 0;
  for (const char* suffix : {"", "-wal"}) {
    std::error_code error;
    const auto size = std::filesystem::file_size(database_.string() + suffix, error);
    if (!error) bytes += static_cast<int64_t>(size);
  }
  return bytes;
}

}  // namespace seedbed::store
