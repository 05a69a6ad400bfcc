#include "client/cli/command_tree.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/nearest_name.h"
#include "core/base/version.h"

namespace seedbed::cli {
namespace {

constexpr char kDescription[] = "Seedbed trains image classifiers as a service. This is its command line.";
constexpr char kGlobalGroup[] = "Global options";

std::string RootFooter() {
  return absl::StrCat(
      "Examples:\n"
      "  seedbed serve                                      start a server in the foreground\n"
      "  seedbed train photos --arch logistic               from a folder of labelled photos to a model\n"
      "  seedbed dataset add seedlings photos               the same, step by step\n"
      "  seedbed split seedlings --per-class 12\n"
      "  seedbed train --dataset seedlings --split default --model baseline\n"
      "  seedbed evaluate baseline --dataset seedlings --split default\n\n",
      std::string(kExitCodeHelp));
}

}  // namespace

CommandTree::CommandTree(GlobalOptions* globals) : globals_(globals), root_(kDescription, "seedbed") {
  root_.set_version_flag("--version", absl::StrCat("seedbed ", std::string(Version()), " (", std::string(Revision()), ")"));
  root_.require_subcommand(1);
  root_.footer(RootFooter());
  AddGlobalOptions(&root_);
}

// Each command has the global options itself, rather than CLI11's fallthrough: with that, a dataset called "train" would be taken for the
// command of that name.
void CommandTree::AddGlobalOptions(CLI::App* app) {
  app->add_option("--server", globals_->server, "Server to talk to (environment SEEDBED_SERVER; default 127.0.0.1:8461)")
      ->type_name("HOST:PORT|unix:PATH")
      ->group(kGlobalGroup);
  app->add_option("--output", globals_->output, "text, or json: one JSON document, or one per line for streams")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"text", "json"}))
      ->group(kGlobalGroup);
  app->add_flag("-q,--quiet", globals_->quiet, "No messages but warnings and errors")->group(kGlobalGroup);
  app->add_option("--timeout", globals_->timeout, "Give up after this time (30s, 5m) with exit code 124")
      ->type_name("DURATION")
      ->group(kGlobalGroup);
  app->add_option("--color", globals_->color, "auto, always or never")
      ->type_name("WHEN")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->group(kGlobalGroup);
  app->add_flag("--no-progress", globals_->no_progress, "No progress bars")->group(kGlobalGroup);
}

std::string CommandTree::ExamplesText(const std::vector<std::string>& examples) {
  return examples.empty() ? "" : absl::StrCat("Examples:\n  ", absl::StrJoin(examples, "\n  "));
}

CLI::App* CommandTree::AddNoun(std::string name, std::string description) {
  CLI::App* noun = root_.add_subcommand(std::move(name), std::move(description));
  noun->require_subcommand(1);
  AddGlobalOptions(noun);
  return noun;
}

CLI::App* CommandTree::AddCommand(CLI::App* parent, std::string name, std::string description, const std::vector<std::string>& examples,
                                  Handler handler, ArgumentKind argument) {
  CLI::App* command = parent->add_subcommand(std::move(name), std::move(description));
  command->footer(ExamplesText(examples));  // CLI11 hands on the parent's otherwise
  if (parent != &root_ && !examples.empty()) {
    noun_examples_[parent].push_back(examples.front());
    parent->footer(ExamplesText(noun_examples_[parent]));
  }
  command->callback([this, handler = std::move(handler)] { selected_ = handler; });
  AddGlobalOptions(command);
  arguments_[command] = argument;
  return command;
}

absl::StatusOr<CommandTree::Parsed> CommandTree::Parse(int argc, const char* const* argv) {
  try {
    root_.parse(argc, argv);
    return Parsed{selected_, ""};
  } catch (const CLI::CallForHelp&) {
    return Parsed{{}, root_.help()};
  } catch (const CLI::CallForVersion& version) {
    return Parsed{{}, absl::StrCat(version.what(), "\n")};
  } catch (const CLI::ParseError& error) {
    return Explain(error);
  }
}

CLI::App* CommandTree::Deepest() {
  CLI::App* app = &root_;
  while (!app->get_subcommands().empty()) app = app->get_subcommands().back();
  return app;
}

absl::Status CommandTree::Explain(const CLI::ParseError& error) {
  CLI::App* app = Deepest();
  std::string path = app->get_name();
  for (const CLI::App* parent = app->get_parent(); parent != nullptr; parent = parent->get_parent()) {
    path = absl::StrCat(parent->get_name(), " ", path);
  }
  const std::string help = absl::StrCat("see: ", path, " --help");
  const std::vector<std::string> extras = root_.remaining(true);
  if (extras.empty()) {
    std::string message = error.what();
    if (!CommandNames(*app).empty()) message = absl::StrCat("'", path, "' needs one of: ", absl::StrJoin(CommandNames(*app), ", "));
    return WithHint(UsageError(message), help);
  }
  const bool is_option = extras.front().starts_with("-");
  const std::string word = extras.front().substr(0, is_option ? extras.front().find('=') : std::string::npos);
  const std::string suggestion = DidYouMean(word, is_option ? OptionNames(*app) : CommandNames(*app));
  const char* kind = is_option ? "unknown option" : CommandNames(*app).empty() ? "unexpected argument" : "unknown command";
  return WithHint(UsageError(absl::StrCat(kind, " '", word, "'", suggestion)), help);
}

CLI::App* CommandTree::Find(const std::vector<std::string>& words) {
  CLI::App* app = &root_;
  for (const std::string& word : words) {
    const auto named = app->get_subcommands([&word](const CLI::App* command) { return command->get_name() == word; });
    if (!named.empty()) app = named.front();
  }
  return app;
}

ArgumentKind CommandTree::ArgumentOf(const CLI::App* command) const {
  const auto found = arguments_.find(command);
  return found == arguments_.end() ? ArgumentKind::kNone : found->second;
}

std::vector<std::string> OptionNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::vector<std::string> CommandNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!command->get_group().empty()) names.push_back(command->get_name());  // hidden ones have no group
  }
  return names;
}

}  // namespace seedbed::cli
