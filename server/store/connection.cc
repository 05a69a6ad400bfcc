#include "server/store/connection.h"

#include <sqlite3.h>

#include <optional>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace seedbed::store {
namespace {

constexpr int kBusyTimeoutMs = 5000;

absl::Status StatusOfError(const SQLite::Exception& error, const std::filesystem::path& database) {
  const int code = error.getErrorCode();
  const int extended = error.getExtendedErrorCode();
  const std::string where = database.string();
  if (code == SQLITE_FULL || extended == SQLITE_IOERR_WRITE || extended == SQLITE_IOERR_FSYNC || extended == SQLITE_IOERR_SHMSIZE ||
      extended == SQLITE_IOERR_TRUNCATE) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the disk of ", where, " is full: nothing was stored; free some space and try again (", error.what(), ")"));
  }
  if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) {
    return absl::DataLossError(absl::StrCat(where, " is damaged (", error.what(), "); restore it from a backup"));
  }
  if (code == SQLITE_BUSY || code == SQLITE_LOCKED) {
    return absl::UnavailableError(absl::StrCat(where, " is in use by another program (", error.what(), ")"));
  }
  if (code == SQLITE_CANTOPEN || code == SQLITE_PERM || code == SQLITE_READONLY || code == SQLITE_AUTH) {
    return absl::PermissionDeniedError(absl::StrCat("cannot open ", where, " for writing (", error.what(), "); check its permissions"));
  }
  return absl::InternalError(absl::StrCat(where, ": ", error.what(), " (SQLite code ", extended, ")"));
}

void Bind(SQLite::Statement& statement, std::initializer_list<Value> arguments) {
  int index = 0;
  for (const Value& argument : arguments) {
    ++index;
    if (const auto* number = std::get_if<int64_t>(&argument)) {
      statement.bind(index, *number);
    } else if (const auto* text = std::get_if<std::string>(&argument)) {
      statement.bindNoCopy(index, *text);
    } else if (const auto* blob = std::get_if<Blob>(&argument)) {
      statement.bindNoCopy(index, blob->bytes.data(), static_cast<int>(blob->bytes.size()));
    } else {
      statement.bind(index);
    }
  }
}

// A statement that is not reset keeps its transaction open.
class ResetAtEnd {
 public:
  explicit ResetAtEnd(SQLite::Statement* statement) : statement_(statement) {}
  ~ResetAtEnd() { statement_->tryReset(); }
  ResetAtEnd(const ResetAtEnd&) = delete;
  ResetAtEnd& operator=(const ResetAtEnd&) = delete;

 private:
  SQLite::Statement* const statement_;
};

}  // namespace

template <typename Body>
absl::Status Connection::Guarded(Body body) {
  try {
    body();
    return absl::OkStatus();
  } catch (const SQLite::Exception& error) {
    return StatusOfError(error, path_);
  }
}

Connection::Connection(const std::filesystem::path& database, Mode mode)
    : path_(database),
      database_(database.string(), mode == Mode::kWriter ? SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE : SQLite::OPEN_READONLY,
                kBusyTimeoutMs) {
  if (mode == Mode::kReader) {
    database_.exec("PRAGMA wal_autocheckpoint=0");
    return;
  }
  // Of all connections only this one checkpoints: SQLite before 3.51.3 can lose the log when one commits while another checkpoints.
  database_.exec("PRAGMA journal_mode=WAL");
  database_.exec("PRAGMA synchronous=FULL");
  database_.exec("PRAGMA foreign_keys=ON");
}

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(const std::filesystem::path& database, Mode mode) {
  try {
    return std::unique_ptr<Connection>(new Connection(database, mode));
  } catch (const SQLite::Exception& error) {
    return StatusOfError(error, database);
  }
}

SQLite::Statement& Connection::Prepared(const std::string& sql, std::initializer_list<Value> arguments) {
  auto found = statements_.find(sql);
  if (found == statements_.end()) found = statements_.try_emplace(sql, database_, sql).first;
  Bind(found->second, arguments);
  return found->second;
}

absl::StatusOr<int> Connection::Execute(const std::string& sql, std::initializer_list<Value> arguments) {
  int changed = 0;
  SB_RETURN_IF_ERROR(Guarded([&] {
    SQLite::Statement& statement = Prepared(sql, arguments);
    const ResetAtEnd reset(&statement);
    changed = statement.exec();
  }));
  return changed;
}

absl::Status Connection::Query(const std::string& sql, std::initializer_list<Value> arguments,
                               const std::function<void(const Row&)>& on_row) {
  return Guarded([&] {
    SQLite::Statement& statement = Prepared(sql, arguments);
    const ResetAtEnd reset(&statement);
    const Row row(&statement);
    while (statement.executeStep()) on_row(row);
  });
}

absl::StatusOr<int64_t> Connection::QueryInt(const std::string& sql, std::initializer_list<Value> arguments) {
  std::optional<int64_t> number;
  SB_RETURN_IF_ERROR(Query(sql, arguments, [&](const Row& row) {
    if (!number) number = row.Int(0);
  }));
  return number.value_or(0);
}

absl::Status Connection::ExecuteScript(const char* sql) {
  return Guarded([&] { database_.exec(sql); });
}

bool Connection::InTransaction() const { return sqlite3_get_autocommit(database_.getHandle()) == 0; }

}  // namespace seedbed::store
