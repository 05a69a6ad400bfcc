// seedbed completion bash|zsh|fish, and the hidden command that the scripts ask for candidates.
#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/cli/commands/commands.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

constexpr auto kPatience = std::chrono::milliseconds(300);

// Each script hands the words before the cursor (the last one perhaps begun) to "seedbed __complete" and offers the lines it prints.
constexpr char kBash[] = R"(_seedbed() {
  local IFS=$'\n'
  COMPREPLY=($("${COMP_WORDS[0]}" __complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
  [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _seedbed seedbed
)";
constexpr char kZsh[] = R"(#compdef seedbed
_seedbed() {
  local -a candidates
  candidates=("${(@f)$("${words[1]}" __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "${candidates[*]}" ]]; then compadd -- $candidates; else _files; fi
}
compdef _seedbed seedbed
)";
constexpr char kFish[] = R"(function __seedbed_complete
  set -l words (commandline -opc) (commandline -ct)
  seedbed __complete -- $words[2..-1] 2>/dev/null
end
complete -c seedbed -a '(__seedbed_complete)'
)";

// Names that the server knows; empty when it does not answer at once.
std::vector<std::string> NamesFromServer(const Session& session, ArgumentKind kind) {
  client::ClientOptions options;
  options.server = session.globals().server;
  options.call_timeout = kPatience;
  options.connect_timeout = kPatience;
  options.retry.max_attempts = 1;
  const auto client = client::Client::Create(options);
  std::vector<std::string> names;
  if (!client.ok()) return names;
  if (kind == ArgumentKind::kDataset) {
    for (const auto& dataset : (*client)->ListDatasets().value_or(std::vector<v1::Dataset>())) names.push_back(dataset.name());
  } else if (kind == ArgumentKind::kFeatures) {
    for (const auto& features : (*client)->ListFeatures().value_or(std::vector<v1::FeatureSet>())) names.push_back(features.name());
  } else if (kind == ArgumentKind::kModel) {
    for (const auto& model : (*client)->ListModels().value_or(std::vector<v1::Model>())) names.push_back(model.name());
  } else if (kind == ArgumentKind::kJob) {
    for (const auto& job : (*client)->ListJobs({.limit = 100}).value_or(std::vector<v1::Job>())) names.push_back(job.id());
  }
  return names;
}

// Which kind of name an option takes.
ArgumentKind KindOfOption(const std::string& option) {
  if (option == "--dataset") return ArgumentKind::kDataset;
  if (option == "--features" || option == "--val-features") return ArgumentKind::kFeatures;
  if (option == "--model" || option == "--init" || option == "--weights") return ArgumentKind::kModel;
  return ArgumentKind::kNone;
}

absl::StatusOr<ExitCode> Complete(Session& session, CommandTree& tree, const std::vector<std::string>& words) {
  const std::string begun = words.empty() ? "" : words.back();
  const std::vector<std::string> before(words.begin(), words.empty() ? words.end() : words.end() - 1);
  CLI::App* app = tree.Find(before);
  const std::string previous = before.empty() ? "" : before.back();
  std::vector<std::string> candidates;
  if (begun.starts_with("-")) {
    candidates = OptionNames(*app);
  } else if (previous.starts_with("--")) {
    candidates = NamesFromServer(session, KindOfOption(previous));
  } else {
    candidates = CommandNames(*app);
    if (candidates.empty()) candidates = NamesFromServer(session, tree.ArgumentOf(app));
  }
  std::erase_if(candidates, [&begun](const std::string& candidate) { return !candidate.starts_with(begun); });
  for (const std::string& candidate : candidates) session.console().Print(candidate + "\n");
  return kDone;
}

}  // namespace

void AddCompletionCommands(CommandTree& tree) {
  CLI::App* noun = tree.AddNoun("completion", "Print a script that completes commands and names: bash, zsh, fish");
  struct Shell {
    const char* name;
    const char* example;
    const char* script;
  };
  for (const Shell& shell :
       {Shell{"bash", "source <(seedbed completion bash)", kBash}, Shell{"zsh", "source <(seedbed completion zsh)", kZsh},
        Shell{"fish", "seedbed completion fish | source", kFish}}) {
    tree.AddCommand(noun, shell.name, absl::StrCat("Script for ", shell.name), {shell.example},
                    [script = shell.script](Session& session) -> absl::StatusOr<ExitCode> {
                      session.console().Print(script);
                      if (session.console().json()) session.console().PrintJson({{"script", script}});
                      return kDone;
                    });
  }
  const auto words = std::make_shared<std::vector<std::string>>();
  CLI::App* hidden = tree.AddCommand(&tree.root(), "__complete", "Candidates for the last word", {},
                                     [&tree, words](Session& session) { return Complete(session, tree, *words); });
  hidden->add_option("words", *words);
  hidden->group("");
}

}  // namespace seedbed::cli
