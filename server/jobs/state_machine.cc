#include "server/jobs/state_machine.h"

#include <algorithm>
#include <iterator>

namespace seedbed::jobs {
namespace {

struct Transition {
  v1::JobState from;
  v1::JobState to;
};

constexpr v1::JobState kNew = v1::JOB_STATE_UNSPECIFIED;
constexpr v1::JobState kWaiting = v1::JOB_STATE_WAITING;
constexpr v1::JobState kPending = v1::JOB_STATE_PENDING;
constexpr v1::JobState kAssigned = v1::JOB_STATE_ASSIGNED;
constexpr v1::JobState kRunning = v1::JOB_STATE_RUNNING;
constexpr v1::JobState kSucceeded = v1::JOB_STATE_SUCCEEDED;
constexpr v1::JobState kFailed = v1::JOB_STATE_FAILED;
constexpr v1::JobState kCancelled = v1::JOB_STATE_CANCELLED;

constexpr Transition kLegal[] = {
    {kNew, kWaiting},       {kNew, kPending},                                                        // submitted
    {kWaiting, kPending},   {kWaiting, kFailed},   {kWaiting, kCancelled},                           // waits for other jobs
    {kPending, kAssigned},  {kPending, kFailed},   {kPending, kCancelled},                           // waits for a worker
    {kAssigned, kRunning},  {kAssigned, kPending}, {kAssigned, kFailed},   {kAssigned, kCancelled},  // leased
    {kRunning, kSucceeded}, {kRunning, kPending},  {kRunning, kFailed},    {kRunning, kCancelled},   // at work
};

}  // namespace

bool IsTerminal(v1::JobState state) { return state == kSucceeded || state == kFailed || state == kCancelled; }

bool IsHeld(v1::JobState state) { return state == kAssigned || state == kRunning; }

bool IsLegalTransition(v1::JobState from, v1::JobState to) {
  return std::any_of(std::begin(kLegal), std::end(kLegal),
                     [&](const Transition& transition) { return transition.from == from && transition.to == to; });
}

}  // namespace seedbed::jobs
