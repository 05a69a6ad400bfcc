// The control state on disk: SQL behind one interface. SQLite in WAL mode; one connection writes and checkpoints (group commit,
// synchronous=FULL), the others only read, because of the WAL-reset fault of SQLite before 3.51.3.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "seedbed/v1/dataset.pb.h"
#include "seedbed/v1/features.pb.h"
#include "seedbed/v1/job.pb.h"
#include "seedbed/v1/model.pb.h"

namespace seedbed::store {

// The tables, inside a transaction; declared in server/store/tables.h, for server/jobs only.
class Reader;
class Writer;

struct JobCount {
  v1::JobKind kind;
  v1::JobState state;
  int64_t jobs;
};

// Names, not versions.
struct CatalogueCounts {
  int64_t datasets = 0;
  int64_t models = 0;
  int64_t feature_sets = 0;

  bool operator==(const CatalogueCounts&) const = default;
};

struct StoreOptions {
  int readers = 2;                            // read-only connections
  int64_t reserve_bytes = int64_t{16} << 20;  // kept free for the last state changes when the disk fills up; 0: none
  // After each commit, on the writer thread: how long it took and how many operations it held.
  std::function<void(std::chrono::nanoseconds, size_t)> on_commit;
};

// Thread-safe. Destruction finishes queued writes first.
class Store {
 public:
  // Creates or migrates the database. FAILED_PRECONDITION for one of a newer version or on a network file system; DATA_LOSS when SQLite's
  // quick_check fails.
  static absl::StatusOr<std::unique_ptr<Store>> Open(const std::filesystem::path& database, StoreOptions options = {});
  virtual ~Store() = default;

  // Queues `operation` for the writer thread, which runs it in a savepoint of a transaction shared with others that wait (group commit). An
  // error rolls back its changes alone and is what `done` gets. `done` runs on the writer thread once the commit is durable; it must not
  // block. A failed commit (RESOURCE_EXHAUSTED: disk full) is every operation's error. `operation` may run more than once, after a
  // rollback: it changes nothing but the tables and a result that it writes anew. UNAVAILABLE, at once, when too many wait.
  using Operation = std::function<absl::Status(Writer&)>;
  using WriteDone = std::function<void(const absl::Status&)>;
  virtual void Write(Operation operation, WriteDone done) = 0;
  // The same, waiting. Not from the writer thread.
  absl::Status WriteAndWait(Operation operation);
  // Runs `operation` in a read transaction on the calling thread. May wait for a free connection.
  virtual absl::Status Read(const std::function<absl::Status(Reader&)>& operation) const = 0;
  // Size of database and log in bytes.
  virtual int64_t Bytes() const = 0;

  // --- The catalogue, for the API. Reads block for a disk access. version 0: the newest. NOT_FOUND names what is missing.
  absl::StatusOr<v1::Dataset> GetDataset(std::string_view name, int version) const;
  // Newest version of each, oldest dataset first.
  absl::StatusOr<v1::ListDatasetsResponse> ListDatasets(const v1::PageRequest& page) const;
  absl::StatusOr<v1::Split> GetSplit(std::string_view dataset, std::string_view name) const;
  absl::StatusOr<std::vector<v1::Split>> ListSplits(std::string_view dataset) const;
  absl::StatusOr<v1::Model> GetModel(std::string_view name, int version) const;
  absl::StatusOr<v1::ListModelsResponse> ListModels(const v1::ListModelsRequest& request) const;
  absl::StatusOr<v1::FeatureSet> GetFeatures(std::string_view name) const;
  // Without class names, oldest first.
  absl::StatusOr<v1::ListFeaturesResponse> ListFeatures(const v1::PageRequest& page) const;
  absl::StatusOr<CatalogueCounts> CountCatalogue() const;
  // All jobs; combinations without any are left out.
  absl::StatusOr<std::vector<JobCount>> CountJobs() const;
  // Forget the records (files are the caller's to remove afterwards). version 0: all versions. NOT_FOUND when there is none. `request_id`
  // as in the API.
  absl::Status DeleteDataset(std::string_view name, std::string_view request_id);
  absl::Status DeleteModel(std::string_view name, int version, std::string_view request_id);
  absl::Status DeleteFeatures(std::string_view name, std::string_view request_id);
};

}  // namespace seedbed::store
