// What a command says: data to standard output, messages and progress to standard error.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "client/cli/json_output.h"
#include "client/cli/table.h"
#include "google/protobuf/timestamp.pb.h"

namespace seedbed::cli {

enum class ColorMode { kAuto, kAlways, kNever };

struct ConsoleOptions {
  bool json = false;
  bool quiet = false;        // no messages but warnings and errors
  bool no_progress = false;  // no progress bars even on a terminal
  ColorMode color = ColorMode::kAuto;
};

// What is known of the two streams.
struct Terminals {
  bool out = false;
  bool err = false;
  bool dumb = false;      // TERM=dumb: neither colour nor rewriting of lines
  bool no_color = false;  // NO_COLOR is set and not empty

  static Terminals Detect();
};

// Not thread-safe. The streams must outlive it.
class Console {
 public:
  Console(std::ostream& out, std::ostream& err, Terminals terminals);

  void Configure(const ConsoleOptions& options) { options_ = options; }
  bool json() const { return options_.json; }
  bool quiet() const { return options_.quiet; }
  bool out_is_terminal() const { return terminals_.out; }
  // Whether progress may be drawn on standard error.
  bool draws_progress() const;

  // Data for people; nothing with --output json.
  void Print(std::string_view text);
  void Print(const Table& table) { Print(table.Render(ColorsOut())); }
  // What was asked for by --help or --version, in every format.
  void PrintHelp(std::string_view text);
  // A document: indented on a terminal, else one line.
  void PrintJson(const Json& json);
  // An element of a stream: one line, at once.
  void PrintJsonLine(const Json& json);

  // A line for people about what is going on; nothing with --quiet.
  void Message(std::string_view text);
  void Warning(std::string_view text);
  // "seedbed: MESSAGE" and the hint below it (exit_code.h); with --output json an error document.
  void Error(const absl::Status& status);

  // Replaces the progress line; it disappears before anything else is written.
  void DrawProgress(std::string_view line);
  void ClearProgress();

  // Relative to now on a terminal, else RFC 3339; "-" when null.
  std::string Time(const google::protobuf::Timestamp* time) const;

  // False when standard output could not take everything, as on a full disk.
  bool Flush();

 private:
  bool ColorsOut() const { return Colors(terminals_.out); }
  bool ColorsErr() const { return Colors(terminals_.err); }
  bool Colors(bool terminal) const;
  std::string Colored(std::string_view code, std::string_view text) const;

  std::ostream& out_;
  std::ostream& err_;
  const Terminals terminals_;
  ConsoleOptions options_;
  bool progress_drawn_ = false;
};

}  // namespace seedbed::cli
