// The one table of a job's states.
//
//             submit                    dependencies succeeded
//   (new) ───────────► WAITING ────────────────────────────► PENDING ◄─────────────┐
//     └── nothing to wait for ──────────────────────────────►   │ claim            │ attempt lost or drained,
//                                                               ▼                  │ and tried again
//                                                            ASSIGNED ─────────────┤
//                                                               │ started          │
//                                                               ▼                  │
//                                                            RUNNING ──────────────┘
//                                                               │ finished
//                                                               ▼
//                                                            SUCCEEDED
//
// From each of WAITING, PENDING, ASSIGNED and RUNNING a job may become FAILED (its data or specification is at fault, its attempts are
// used up, its time is over) or CANCELLED (someone asked, a dependency did not succeed). SUCCEEDED, FAILED and CANCELLED never change.
#pragma once

#include "absl/status/status.h"
#include "seedbed/v1/event.pb.h"

namespace seedbed::jobs {

// SUCCEEDED, FAILED or CANCELLED.
bool IsTerminal(v1::JobState state);
// ASSIGNED or RUNNING: an attempt holds the job.
bool IsHeld(v1::JobState state);
// `from` is UNSPECIFIED for a new job.
bool IsLegalTransition(v1::JobState from, v1::JobState to);

}  // namespace seedbed::jobs
