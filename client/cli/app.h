// The program seedbed, without its main().
#pragma once

#include <iosfwd>

#include "client/cli/console.h"

namespace seedbed::cli {

// Parses the command line, runs the command, reports its error; returns the exit code (exit_code.h).
int RunSeedbed(int argc, const char* const* argv, std::ostream& out, std::ostream& err, Terminals terminals);

}  // namespace seedbed::cli
