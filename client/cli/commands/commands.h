// The commands of seedbed, one file for each noun.
#pragma once

#include "client/cli/command_tree.h"

namespace seedbed::cli {

void AddDatasetCommands(CommandTree& tree);
void AddSplitCommand(CommandTree& tree);
void AddVisualizeCommands(CommandTree& tree);
void AddTrainCommand(CommandTree& tree);
void AddEvaluateCommand(CommandTree& tree);
void AddExtractCommand(CommandTree& tree);
void AddFeaturesCommands(CommandTree& tree);
void AddJobCommands(CommandTree& tree);
void AddModelCommands(CommandTree& tree);
// Below the noun "model".
void AddModelImportCommand(CommandTree& tree, CLI::App* noun);
void AddWeightsCommands(CommandTree& tree);
void AddWorkerCommands(CommandTree& tree);
void AddStatusCommand(CommandTree& tree);
void AddServeCommand(CommandTree& tree);
void AddDoctorCommand(CommandTree& tree);
void AddVersionCommand(CommandTree& tree);
// Keeps a pointer to the tree, whose words it completes.
void AddCompletionCommands(CommandTree& tree);

}  // namespace seedbed::cli
