#include "client/cli/console.h"

#include <unistd.h>

#include <cstdlib>
#include <ostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "client/cli/exit_code.h"
#include "client/cli/text_format.h"
#include "core/base/status_macros.h"

namespace seedbed::cli {
namespace {

constexpr std::string_view kRed = "31;1";
constexpr std::string_view kYellow = "33;1";
constexpr std::string_view kEraseLine = "\r\033[K";

bool IsSet(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

}  // namespace

Terminals Terminals::Detect() {
  const char* terminal = std::getenv("TERM");
  return {.out = ::isatty(STDOUT_FILENO) == 1,
          .err = ::isatty(STDERR_FILENO) == 1,
          .dumb = terminal != nullptr && std::string_view(terminal) == "dumb",
          .no_color = IsSet("NO_COLOR")};
}

Console::Console(std::ostream& out, std::ostream& err, Terminals terminals) : out_(out), err_(err), terminals_(terminals) {}

bool Console::draws_progress() const { return terminals_.err && !terminals_.dumb && !options_.no_progress && !options_.quiet; }

bool Console::Colors(bool terminal) const {
  if (options_.color != ColorMode::kAuto) return options_.color == ColorMode::kAlways;
  return terminal && !terminals_.dumb && !terminals_.no_color;
}

std::string Console::Colored(std::string_view code, std::string_view text) const {
  if (!ColorsErr()) return std::string(text);
  return absl::StrCat("\033[", ToAbsl(code), "m", ToAbsl(text), "\033[0m");
}

void Console::Print(std::string_view text) {
  if (options_.json) return;
  ClearProgress();
  out_ << text << std::flush;
}

void Console::PrintHelp(std::string_view text) { out_ << text << std::flush; }

void Console::PrintJson(const Json& json) {
  ClearProgress();
  out_ << (terminals_.out ? json.dump(2, ' ', false, Json::error_handler_t::replace) : ToLine(json)) << '\n';
}

void Console::PrintJsonLine(const Json& json) {
  ClearProgress();
  out_ << ToLine(json) << '\n' << std::flush;
}

void Console::Message(std::string_view text) {
  if (options_.quiet) return;
  ClearProgress();
  err_ << text << '\n' << std::flush;
}

void Console::Warning(std::string_view text) {
  ClearProgress();
  err_ << Colored(kYellow, "warning: ") << text << '\n' << std::flush;
}

void Console::Error(const absl::Status& status) {
  ClearProgress();
  if (options_.json) {
    err_ << ToLine(ErrorToJson(status)) << '\n' << std::flush;
    return;
  }
  err_ << Colored(kRed, "seedbed:") << ' ' << status.message() << '\n';
  if (const std::string hint = HintOf(status); !hint.empty()) {
    err_ << "  " << absl::StrReplaceAll(hint, {{"\n", "\n  "}}) << '\n';
  }
  err_ << std::flush;
}

void Console::DrawProgress(std::string_view line) {
  if (!draws_progress()) return;
  err_ << kEraseLine << line << std::flush;
  progress_drawn_ = true;
}

void Console::ClearProgress() {
  if (!progress_drawn_) return;
  err_ << kEraseLine << std::flush;
  progress_drawn_ = false;
}

std::string Console::Time(const google::protobuf::Timestamp* time) const {
  return terminals_.out ? FormatRelativeTime(time, absl::Now()) : FormatIsoTime(time);
}

bool Console::Flush() {
  ClearProgress();
  out_.flush();
  return out_.good();
}

}  // namespace seedbed::cli
