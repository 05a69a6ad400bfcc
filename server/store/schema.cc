#include "server/store/schema.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace seedbed::store {
namespace {

constexpr int64_t kApplicationId = 0x53656564;  // "Seed", in the file's header: tells `file` and us whose database it is

// Times are microseconds since the Unix epoch. Blobs are serialised messages of proto/seedbed/v1; enumerations are their numbers there.
constexpr char kVersion1[] = R"sql(
CREATE TABLE jobs (
  number INTEGER PRIMARY KEY AUTOINCREMENT,  -- one counter for all kinds; the id is "<kind>-<number>"
  kind INTEGER NOT NULL,
  state INTEGER NOT NULL,
  rank INTEGER NOT NULL,                     -- minus the priority, so that the queue is an ascending index
  makes TEXT NOT NULL,                       -- name it is going to publish, such as "dataset/maize"; empty: none
  epoch INTEGER NOT NULL,                    -- fencing number of the last assignment; 0: none yet
  finished_epoch INTEGER NOT NULL,           -- the attempt that reported its end; 0: none did
  attempt INTEGER NOT NULL,
  losses INTEGER NOT NULL,                   -- attempts lost since the last progress
  crashes INTEGER NOT NULL,                  -- of these, by a crash
  mark INTEGER NOT NULL,                     -- highest checkpoint mark
  cancel INTEGER NOT NULL,                   -- Reason why the running attempt was asked to stop; 0: it was not
  worker TEXT NOT NULL,
  last_seq INTEGER NOT NULL,
  create_time INTEGER NOT NULL,
  start_time INTEGER NOT NULL,               -- 0: not yet
  end_time INTEGER NOT NULL,
  ran INTEGER NOT NULL,                      -- microseconds in state RUNNING, of past attempts
  error BLOB NOT NULL,                       -- JobError
  spec BLOB NOT NULL,                        -- JobSpec with all defaults filled in
  inputs BLOB NOT NULL,                      -- TaskInputs as the first assignment fixed them, without folders
  result BLOB NOT NULL                       -- JobResult
);
CREATE INDEX jobs_queue ON jobs(state, rank, number);
CREATE INDEX jobs_makes ON jobs(makes) WHERE state <= 4;  -- the unfinished ones

CREATE TABLE dependencies (
  job INTEGER NOT NULL REFERENCES jobs(number),
  depends_on INTEGER NOT NULL REFERENCES jobs(number),
  PRIMARY KEY (job, depends_on)
) WITHOUT ROWID;
CREATE INDEX dependencies_reverse ON dependencies(depends_on, job);

CREATE TABLE events (
  job INTEGER NOT NULL REFERENCES jobs(number),
  seq INTEGER NOT NULL,                      -- 1, 2, 3, ... without holes
  key TEXT,                                  -- the worker's name for it; NULL on state changes
  event BLOB NOT NULL,                       -- Event
  PRIMARY KEY (job, seq)
) WITHOUT ROWID;
CREATE UNIQUE INDEX events_key ON events(job, key) WHERE key IS NOT NULL;

CREATE TABLE requests (
  scope TEXT NOT NULL,                       -- the method, such as "submit"
  id TEXT NOT NULL,                          -- the client's idempotency key
  fingerprint TEXT NOT NULL,                 -- of the request's body
  job INTEGER NOT NULL,                      -- what it made; 0: nothing
  time INTEGER NOT NULL,
  PRIMARY KEY (scope, id)
) WITHOUT ROWID;

CREATE TABLE versions (                      -- last version number given away; kept when the thing is deleted, so that none is used twice
  name TEXT PRIMARY KEY,                     -- such as "dataset/maize"
  last INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE datasets (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  record BLOB NOT NULL,                      -- Dataset
  UNIQUE (name, version)
);
CREATE TABLE splits (
  id INTEGER PRIMARY KEY,
  dataset TEXT NOT NULL,
  name TEXT NOT NULL,
  record BLOB NOT NULL,                      -- Split
  UNIQUE (dataset, name)
);
CREATE TABLE models (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  record BLOB NOT NULL,                      -- Model
  UNIQUE (name, version)
);
)sql";

constexpr char kVersion2[] = R"sql(
CREATE TABLE features (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  record BLOB NOT NULL                       -- FeatureSet
);
)sql";

absl::Status CheckOwner(Connection& connection) {
  SB_ASSIGN_OR_RETURN(const int64_t objects, connection.QueryInt("SELECT COUNT(*) FROM sqlite_schema"));
  SB_ASSIGN_OR_RETURN(const int64_t owner, connection.QueryInt("PRAGMA application_id"));
  if (objects == 0 || owner == kApplicationId) return absl::OkStatus();
  return absl::FailedPreconditionError("the database belongs to another program; choose another data root");
}

absl::Status RunMigrations(Connection& connection, int64_t from, const std::vector<const char*>& migrations) {
  SB_RETURN_IF_ERROR(connection.ExecuteScript("BEGIN IMMEDIATE"));
  absl::Status done;
  for (size_t i = static_cast<size_t>(from); done.ok() && i < migrations.size(); ++i) done = connection.ExecuteScript(migrations[i]);
  if (done.ok()) {
    done = connection.ExecuteScript(
        absl::StrCat("PRAGMA application_id=", kApplicationId, "; PRAGMA user_version=", migrations.size(), "; COMMIT").c_str());
  }
  if (!done.ok() && connection.InTransaction()) connection.ExecuteScript("ROLLBACK").IgnoreError();
  return done;
}

}  // namespace

const std::vector<const char*>& SchemaMigrations() {
  static const auto& migrations = *new std::vector<const char*>{kVersion1, kVersion2};
  return migrations;
}

absl::Status MigrateSchema(Connection& connection, const std::vector<const char*>& migrations) {
  SB_RETURN_IF_ERROR(CheckOwner(connection));
  SB_ASSIGN_OR_RETURN(const int64_t version, connection.QueryInt("PRAGMA user_version"));
  const int64_t newest = static_cast<int64_t>(migrations.size());
  if (version > newest) {
    return absl::FailedPreconditionError(absl::StrCat("the database has schema version ", version, ", this program knows ", newest,
                                                      ": a newer Seedbed wrote it; run that one, or choose another data root"));
  }
  if (version == newest) return absl::OkStatus();
  return RunMigrations(connection, version, migrations);
}

}  // namespace seedbed::store
