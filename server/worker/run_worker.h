// A worker process from attaching to exit.
#pragma once

#include <signal.h>

#include <string>

#include "server/log/log.h"
#include "server/worker/agent.h"

namespace seedbed::worker {

// Blocks SIGTERM, which RunWorker takes in its own way, and ignores SIGINT and SIGPIPE. Call it before any thread is started.
void PrepareSignals();

// Attaches to the server at `address` ("unix:/path") and runs what it is given until it is asked to stop, refused, or without an answer
// for a lease. SIGTERM is taken as the server's Shutdown. Returns the WorkerExit code; the process must then end at once, by _Exit:
// a task that was dropped may still be running.
int RunWorker(const AgentOptions& options, const std::string& address, const TaskFunction& task, log::Logger* log);

}  // namespace seedbed::worker
