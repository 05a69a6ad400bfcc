// What a worker says at the end of an attempt, and what becomes of it in the catalogue.
#pragma once

#include "absl/status/status.h"
#include "seedbed/v1/worker.pb.h"
#include "server/store/tables.h"

namespace seedbed::jobs {

// Whether a SUCCEEDED carries what a job of this kind must bring. INTERNAL otherwise: the worker is at fault.
absl::Status CheckOutcome(const store::JobRow& job, const v1::TaskFinished& finished);

// Stores the record of a checked SUCCEEDED in the catalogue and the result in the row (which is not saved). Names, versions and times are
// the server's: whatever the worker wrote there is overwritten. now: wall clock, microseconds.
absl::Status RecordSuccess(store::Writer& tables, store::JobRow& job, const v1::TaskFinished& finished, int64_t now);

// The outcome FAILED for a fault that the server met while publishing.
v1::TaskFinished FailureOf(const absl::Status& fault, const v1::TaskFinished& finished);

}  // namespace seedbed::jobs
