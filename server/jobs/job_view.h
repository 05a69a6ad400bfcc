// Stored jobs as the API shows them.
#pragma once

#include "seedbed/v1/job.pb.h"
#include "server/store/tables.h"

namespace seedbed::jobs {

// Without progress and queue position, which are not stored with it.
v1::Job ViewOf(const store::JobRow& job);

}  // namespace seedbed::jobs
