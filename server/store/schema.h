// The tables of the database and how an older one becomes a current one.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "server/store/connection.h"

namespace seedbed::store {

// SQL scripts; running the first n makes schema version n. Released ones never change: a change is a script more.
const std::vector<const char*>& SchemaMigrations();

// Brings the database to the last version, all in one transaction. FAILED_PRECONDITION when it is of a newer version, or not Seedbed's.
absl::Status MigrateSchema(Connection& connection, const std::vector<const char*>& migrations = SchemaMigrations());

}  // namespace seedbed::store
