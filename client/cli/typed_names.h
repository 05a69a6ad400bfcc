// The server names the fields of its API; a person typed flags, or wrote a recipe.
#pragma once

#include "absl/status/status.h"
#include "client/cli/train_settings.h"

namespace seedbed::cli {

// An error whose message begins with the name of a field ("spec.train.epochs is 0, ...") with what was typed for that field in its place:
// the flag ("--epochs is 0, ..."), the positional argument ("DATASET"), or the recipe's key and line ("epochs (recipe.yaml:4)"). `given`
// tells where a training's settings came from. The payloads, and so the JSON form's "field", stay. Other statuses come back as they are.
absl::Status InTypedNames(const absl::Status& status, const GivenSettings& given = {});

}  // namespace seedbed::cli
