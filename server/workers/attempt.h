// Which attempt is meant.
#pragma once

#include "seedbed/v1/worker.pb.h"

namespace seedbed::workers {

inline bool SameAttempt(const v1::Attempt& a, const v1::Attempt& b) { return a.job_id() == b.job_id() && a.epoch() == b.epoch(); }

}  // namespace seedbed::workers
