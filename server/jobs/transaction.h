// One change of jobs in the store: the transitions, their events, and what they mean for jobs that depend on them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "seedbed/v1/worker.pb.h"
#include "server/store/tables.h"

namespace seedbed::jobs {

// What a transaction did to one job; told to memory, watchers and observers once it is durable.
struct Change {
  store::JobRow job;                              // after the change
  v1::JobState from = v1::JOB_STATE_UNSPECIFIED;  // before; equal to job.state when the change is no transition
  std::optional<v1::Event> event;                 // appended by it
};

struct Cause {
  v1::Reason reason = v1::REASON_UNSPECIFIED;
  std::string message;
};

// Lives as long as one operation of the store.
class Transaction {
 public:
  // now: wall clock, microseconds.
  Transaction(store::Writer* tables, int64_t now) : tables_(*tables), now_(now) {}

  store::Writer& tables() { return tables_; }
  int64_t now() const { return now_; }

  // The job of an attempt that holds it; ABORTED when the attempt is not the current one.
  absl::StatusOr<store::JobRow> HeldJob(const v1::Attempt& attempt) const;

  // Stores a new job in `state`, which is WAITING or PENDING, and gives it its number.
  absl::Status Create(store::JobRow& job, v1::JobState state, const std::vector<int64_t>& dependencies);
  // Stores the job in state `to` with its event. ASSIGNED begins a new attempt under a new epoch, held by job.worker. A job that ends
  // releases or cancels those that wait for it, in the same transaction. INTERNAL for a transition that is not in the table.
  absl::Status Move(store::JobRow& job, v1::JobState to, const Cause& cause = {});
  // Appends an event that is no state change, unless the job has one with this key; false then.
  absl::StatusOr<bool> Append(store::JobRow& job, std::string_view key, v1::Event event);
  // Stores changed counters and marks.
  absl::Status Save(const store::JobRow& job);

  std::vector<Change> TakeChanges() { return std::move(changes_); }

 private:
  absl::Status MoveOne(store::JobRow& job, v1::JobState to, const Cause& cause);
  // Moves those that wait for `ended`; adds the ones that were cancelled for it to `also_ended`.
  absl::Status SettleDependants(const store::JobRow& ended, std::vector<store::JobRow>* also_ended);
  absl::Status Update(const store::JobRow& job, v1::JobState expected_state, int64_t expected_epoch);

  store::Writer& tables_;
  const int64_t now_;
  std::vector<Change> changes_;
};

// A time of the store as protobuf has it.
google::protobuf::Timestamp TimestampOf(int64_t wall_micros);

}  // namespace seedbed::jobs
