#include "client/cli/program_folder.h"

#include "core/base/file.h"

namespace seedbed::cli {

absl::StatusOr<std::filesystem::path> ProgramFolder() {
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return ErrnoStatus(error.value(), "read", "/proc/self/exe");
  return program.parent_path();
}

}  // namespace seedbed::cli
