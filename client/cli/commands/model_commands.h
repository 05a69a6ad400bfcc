// The commands of `seedbed model` that have files of their own.
#pragma once

#include "client/cli/command_tree.h"

namespace seedbed::cli {

// Each adds its commands below `noun`, which is "model".
void AddModelEditCommands(CommandTree& tree, CLI::App* noun);
void AddModelExportCommand(CommandTree& tree, CLI::App* noun);
void AddModelSummaryCommand(CommandTree& tree, CLI::App* noun);

}  // namespace seedbed::cli
