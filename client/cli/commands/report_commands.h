// The commands that show what jobs came to.
#pragma once

#include "client/cli/command_tree.h"

namespace seedbed::cli {

void AddReportCommand(CommandTree& tree);
void AddCompareCommand(CommandTree& tree);

}  // namespace seedbed::cli
