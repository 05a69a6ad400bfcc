#include "client/cli/open_file.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "client/cli/subprocess.h"

namespace seedbed::cli {
namespace {

constexpr char kOpener[] = "xdg-open";
constexpr auto kPatience = std::chrono::seconds(10);

bool IsSet(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

}  // namespace

absl::Status OpenOnDesktop(const std::filesystem::path& file) {
  if (!IsSet("DISPLAY") && !IsSet("WAYLAND_DISPLAY")) {
    return absl::FailedPreconditionError("there is no desktop here (neither DISPLAY nor WAYLAND_DISPLAY is set) to open it on");
  }
  const absl::StatusOr<ProgramResult> opened = RunProgram({kOpener, file.string()}, {}, kPatience);
  if (!opened.ok()) return absl::FailedPreconditionError(absl::StrCat("the desktop could not open it: ", opened.status().message()));
  if (opened->exit_code == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the desktop could not open it: ", kOpener, " ended with ", opened->exit_code, ": ", opened->output));
}

}  // namespace seedbed::cli
