// The store over SQLite: one writer thread with group commit, a few read-only connections for everybody else.
#pragma once

#include <deque>
#include <thread>

#include "core/base/mutex.h"
#include "server/store/connection.h"
#include "server/store/reserve_file.h"
#include "server/store/store.h"

namespace seedbed::store {

class SqliteStore : public Store {
 public:
  static absl::StatusOr<std::unique_ptr<SqliteStore>> Open(const std::filesystem::path& database, StoreOptions options);
  ~SqliteStore() override;

  void Write(Operation operation, WriteDone done) override ABSL_LOCKS_EXCLUDED(queue_mutex_);
  absl::Status Read(const std::function<absl::Status(Reader&)>& operation) const override ABSL_LOCKS_EXCLUDED(readers_mutex_);
  int64_t Bytes() const override;

 private:
  struct Pending {
    Operation operation;
    WriteDone done;
    absl::Status result;
  };
  using Connections = std::vector<std::unique_ptr<Connection>>;

  SqliteStore(const std::filesystem::path& database, StoreOptions options, std::unique_ptr<Connection> writer, Connections readers);

  void RunWriter();
  // Waits for operations; empty when the store closes and none is left.
  std::vector<Pending> TakeBatch() ABSL_LOCKS_EXCLUDED(queue_mutex_);
  // Leaves each operation's outcome in its `result`.
  void Commit(std::vector<Pending>& batch);
  absl::Status RunTransaction(std::vector<Pending>& batch);
  absl::Status RunInSavepoint(const Operation& operation);

  std::unique_ptr<Connection> TakeReader() const ABSL_LOCKS_EXCLUDED(readers_mutex_);
  void ReturnReader(std::unique_ptr<Connection> reader) const ABSL_LOCKS_EXCLUDED(readers_mutex_);

  const std::filesystem::path database_;
  const StoreOptions options_;

  // The writer thread's own. Declared before the readers, so that it closes last and leaves a checkpointed file.
  const std::unique_ptr<Connection> writer_;
  ReserveFile reserve_;

  mutable Mutex readers_mutex_;
  mutable CondVar reader_returned_;
  mutable Connections idle_readers_ ABSL_GUARDED_BY(readers_mutex_);

  Mutex queue_mutex_;
  CondVar queue_changed_;
  std::deque<Pending> queue_ ABSL_GUARDED_BY(queue_mutex_);
  bool closing_ ABSL_GUARDED_BY(queue_mutex_) = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace seedbed::store
