// What the server and the worker program it starts agree on besides the messages of worker.proto: environment, file descriptors, exit
// codes.
#pragma once

namespace seedbed::workers {

// Environment variable with the start-up token that the worker shows in its Hello. Not an argument: those are visible to every user.
inline constexpr char kTokenVariable[] = "SEEDBED_WORKER_TOKEN";

// The slot's lock, taken by the server and inherited by the worker under this number (--lock-fd): from the process's first moment to its
// last no other can have the slot.
inline constexpr int kLockFd = 3;

// Exit codes of seedbed-worker.
enum WorkerExit : int {
  kExitAsked = 0,        // Shutdown message or SIGTERM: the task was checkpointed and answered for
  kExitInternal = 1,     // a fault of its own; the log says which
  kExitUsage = 2,        // bad arguments or environment
  kExitLeaseRanOut = 3,  // no answer from the server for a lease: whatever ran was dropped
  kExitRefused = 4,      // the server does not want this worker: wrong slot or token, or another process has the slot
};

}  // namespace seedbed::workers
