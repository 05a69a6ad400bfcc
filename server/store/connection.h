// One SQLite connection with its prepared statements. The door at which SQLite's exceptions stop: everything here reports absl::Status.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>

#include "SQLiteCpp/Database.h"
#include "SQLiteCpp/Statement.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace seedbed::store {

struct Blob {
  std::string bytes;
};
// An argument of a statement: NULL, a number, a text, or bytes.
using Value = std::variant<std::nullptr_t, int64_t, std::string, Blob>;

// The row a query stands at. Columns count from 0.
class Row {
 public:
  explicit Row(SQLite::Statement* statement) : statement_(statement) {}
  int64_t Int(int column) const { return statement_->getColumn(column).getInt64(); }
  std::string Text(int column) const { return statement_->getColumn(column).getString(); }
  // Of a BLOB; empty for NULL.
  std::string Bytes(int column) const { return statement_->getColumn(column).getString(); }

 private:
  SQLite::Statement* const statement_;
};

// Not thread-safe: one thread at a time. Errors: RESOURCE_EXHAUSTED when the disk is full, DATA_LOSS when the file is damaged, UNAVAILABLE
// when another process holds it, else INTERNAL; all name the file.
class Connection {
 public:
  // The writer checkpoints and makes each commit durable (synchronous=FULL); readers do neither.
  enum class Mode { kWriter, kReader };
  static absl::StatusOr<std::unique_ptr<Connection>> Open(const std::filesystem::path& database, Mode mode);

  // Runs a statement and returns how many rows it changed.
  absl::StatusOr<int> Execute(const std::string& sql, std::initializer_list<Value> arguments = {});
  // Runs a query and calls `on_row` for each row of the answer; `on_row` must not use the connection.
  absl::Status Query(const std::string& sql, std::initializer_list<Value> arguments, const std::function<void(const Row&)>& on_row);
  // The first column of the first row as a number; 0 when there is none.
  absl::StatusOr<int64_t> QueryInt(const std::string& sql, std::initializer_list<Value> arguments = {});
  // Runs several statements without arguments, such as a schema; they are not kept prepared.
  absl::Status ExecuteScript(const char* sql);

  // False when SQLite itself rolled the transaction back, as it does when the disk is full.
  bool InTransaction() const;
  int64_t LastRowId() const { return database_.getLastInsertRowid(); }

 private:
  Connection(const std::filesystem::path& database, Mode mode);
  SQLite::Statement& Prepared(const std::string& sql, std::initializer_list<Value> arguments);
  // Runs `body`, turning an exception into a status.
  template <typename Body>
  absl::Status Guarded(Body body);

  const std::filesystem::path path_;
  SQLite::Database database_;
  std::unordered_map<std::string, SQLite::Statement> statements_;
};

}  // namespace seedbed::store
