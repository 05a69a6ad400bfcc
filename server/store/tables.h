// The tables as typed methods, inside a transaction of the store. For server/jobs and the store's own catalogue; nobody else speaks SQL.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "seedbed/v1/dataset.pb.h"
#include "seedbed/v1/event.pb.h"
#include "seedbed/v1/features.pb.h"
#include "seedbed/v1/job.pb.h"
#include "seedbed/v1/model.pb.h"
#include "seedbed/v1/worker.pb.h"
#include "server/store/connection.h"
#include "server/store/store.h"

namespace seedbed::store {

// A job as it is stored. Times are microseconds since the Unix epoch, 0: not yet.
struct JobRow {
  int64_t number = 0;  // given by InsertJob
  v1::JobKind kind = v1::JOB_KIND_UNSPECIFIED;
  v1::JobState state = v1::JOB_STATE_UNSPECIFIED;
  int32_t priority = 0;
  std::string makes;           // name it is going to publish, such as "dataset/maize"; empty: none
  int64_t epoch = 0;           // of the last assignment
  int64_t finished_epoch = 0;  // of the attempt that reported its end
  int32_t attempt = 0;
  int32_t losses = 0;   // attempts lost since the last progress
  int32_t crashes = 0;  // of these, by a crash
  int64_t mark = 0;     // highest checkpoint mark
  v1::Reason cancel = v1::REASON_UNSPECIFIED;
  std::string worker;
  int64_t last_seq = 0;
  int64_t create_time = 0;
  int64_t start_time = 0;
  int64_t end_time = 0;
  int64_t ran_micros = 0;
  v1::JobError error;
  // Not filled by ListJobs.
  v1::JobSpec spec;
  v1::TaskInputs inputs;
  v1::JobResult result;
  bool damaged = false;  // one of the messages could not be parsed
};

struct JobFilter {
  int64_t before = 0;  // only smaller numbers; 0: all
  std::vector<v1::JobState> states;
  std::vector<v1::JobKind> kinds;
};

// An idempotency key that was used.
struct RequestRow {
  std::string fingerprint;
  int64_t job = 0;
};

class Reader {
 public:
  explicit Reader(Connection* connection) : connection_(*connection) {}

  // --- Jobs. NOT_FOUND without a message of its own: the caller knows the job's id.
  absl::StatusOr<JobRow> GetJob(int64_t number) const;
  // Newest first, without spec, inputs and result.
  absl::StatusOr<std::vector<JobRow>> ListJobs(const JobFilter& filter, int limit) const;
  absl::StatusOr<std::vector<JobRow>> UnfinishedJobs() const;
  absl::StatusOr<std::vector<std::pair<v1::JobState, int64_t>>> CountJobs() const;
  absl::StatusOr<std::vector<JobCount>> CountJobsByKind() const;
  // First in the queue (highest priority, then oldest), or the one after `after`.
  absl::StatusOr<std::optional<JobRow>> NextPending(const JobRow* after) const;
  absl::StatusOr<int64_t> JobsAhead(const JobRow& job) const;
  // Numbers of all PENDING jobs, in queue order.
  absl::StatusOr<std::vector<int64_t>> Queue() const;
  // Whether an unfinished job is going to publish `makes`, and which; 0: none.
  absl::StatusOr<int64_t> UnfinishedMaker(std::string_view makes) const;
  absl::StatusOr<std::vector<int64_t>> DependenciesOf(int64_t job) const;
  absl::StatusOr<std::vector<int64_t>> DependantsOf(int64_t job) const;
  // How many of the job's dependencies have not succeeded.
  absl::StatusOr<int64_t> OpenDependencies(int64_t job) const;

  // --- Events.
  absl::StatusOr<std::vector<v1::Event>> ReadEvents(int64_t job, int64_t after_seq, int limit) const;
  absl::StatusOr<bool> HasEvent(int64_t job, std::string_view key) const;

  // --- Idempotency keys.
  absl::StatusOr<std::optional<RequestRow>> FindRequest(std::string_view scope, std::string_view id) const;

  // --- Catalogue. version 0: the newest. NOT_FOUND names what is missing.
  absl::StatusOr<v1::Dataset> GetDataset(std::string_view name, int version) const;
  // Newest version of each, oldest dataset first; `after` is the token of the last one seen, which each comes with.
  template <typename Record>
  using Page = std::vector<std::pair<int64_t, Record>>;
  absl::StatusOr<Page<v1::Dataset>> ListDatasets(int64_t after, int limit) const;
  absl::StatusOr<v1::Split> GetSplit(std::string_view dataset, std::string_view name) const;
  absl::StatusOr<std::vector<v1::Split>> ListSplits(std::string_view dataset) const;
  absl::StatusOr<v1::Model> GetModel(std::string_view name, int version) const;
  // As ListDatasets; with a name, all versions of that model.
  absl::StatusOr<Page<v1::Model>> ListModels(std::string_view name, int64_t after, int limit) const;
  absl::StatusOr<v1::FeatureSet> GetFeatures(std::string_view name) const;
  // As ListDatasets.
  absl::StatusOr<Page<v1::FeatureSet>> ListFeatures(int64_t after, int limit) const;
  absl::StatusOr<CatalogueCounts> CountCatalogue() const;

 protected:
  Connection& connection_;
};

class Writer : public Reader {
 public:
  using Reader::Reader;

  // Returns the new job's number.
  absl::StatusOr<int64_t> InsertJob(const JobRow& job);
  // Compare and set: stores the row (all but number, kind, priority, makes, create_time, spec) if the stored one still has this state and
  // epoch; false when it has not.
  absl::StatusOr<bool> UpdateJob(const JobRow& job, v1::JobState expected_state, int64_t expected_epoch);
  absl::Status InsertDependency(int64_t job, int64_t depends_on);
  // Empty key: none.
  absl::Status InsertEvent(int64_t job, std::string_view key, const v1::Event& event);
  absl::Status InsertRequest(std::string_view scope, std::string_view id, const RequestRow& request, int64_t time);
  absl::Status ForgetRequestsBefore(int64_t time);
  // The next number for `name`, such as "dataset/maize"; never the same twice.
  absl::StatusOr<int32_t> AllocateVersion(std::string_view name);

  absl::Status InsertDataset(const v1::Dataset& dataset);
  absl::Status InsertSplit(const v1::Split& split);
  absl::Status InsertModel(const v1::Model& model);
  absl::Status InsertFeatures(const v1::FeatureSet& features);
  // With its splits. NOT_FOUND when there is none.
  absl::Status DeleteDataset(std::string_view name);
  // version 0: all.
  absl::Status DeleteModel(std::string_view name, int version);
  absl::Status DeleteFeatures(std::string_view name);
};

}  // namespace seedbed::store
