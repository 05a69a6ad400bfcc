// The commands below the noun "visualize" that have files of their own.
#pragma once

#include "client/cli/command_tree.h"

namespace seedbed::cli {

void AddExplainCommands(CommandTree& tree, CLI::App* noun);
void AddExploreCommands(CommandTree& tree, CLI::App* noun);
void AddMaximizeCommands(CommandTree& tree, CLI::App* noun);

}  // namespace seedbed::cli
