// The words and options of the command line.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "client/cli/exit_code.h"
#include "client/cli/session.h"

namespace seedbed::cli {

// Does the work of one command. An error is reported and mapped to an exit code by the caller.
using Handler = std::function<absl::StatusOr<ExitCode>(Session&)>;

// What the first argument of a command names; completion asks the server for candidates.
enum class ArgumentKind { kNone, kDataset, kFeatures, kJob, kModel };

// Not thread-safe.
class CommandTree {
 public:
  // `globals` must outlive the tree; parsing fills it.
  explicit CommandTree(GlobalOptions* globals);

  CLI::App& root() { return root_; }

  // A word that only groups commands, such as "job".
  CLI::App* AddNoun(std::string name, std::string description);
  // A command below `parent`. `examples` are whole command lines.
  CLI::App* AddCommand(CLI::App* parent, std::string name, std::string description, const std::vector<std::string>& examples,
                       Handler handler, ArgumentKind argument = ArgumentKind::kNone);

  struct Parsed {
    Handler handler;   // empty: only `text` is to be printed
    std::string text;  // help or version
  };
  // Usage error with the nearest known word or option for a misspelt one.
  absl::StatusOr<Parsed> Parse(int argc, const char* const* argv);

  // The command that the words lead to, as far as they are known.
  CLI::App* Find(const std::vector<std::string>& words);
  ArgumentKind ArgumentOf(const CLI::App* command) const;

 private:
  static std::string ExamplesText(const std::vector<std::string>& examples);
  void AddGlobalOptions(CLI::App* app);
  // The deepest command that was parsed.
  CLI::App* Deepest();
  absl::Status Explain(const CLI::ParseError& error);

  GlobalOptions* const globals_;
  CLI::App root_;
  Handler selected_;
  std::map<const CLI::App*, ArgumentKind> arguments_;
  std::map<const CLI::App*, std::vector<std::string>> noun_examples_;  // the first of each command below it
};

// Names of the options and commands that may follow `app`.
std::vector<std::string> OptionNames(const CLI::App& app);
std::vector<std::string> CommandNames(const CLI::App& app);

}  // namespace seedbed::cli
