// The real seedbed as a child process.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/testing/temporary_directory.h"

namespace seedbed::testing {

struct ProgramOutput {
  int exit_code = 0;  // 128 + signal when it was killed by one
  std::string out;
  std::string err;
};

// Runs from construction on; Wait() must be called.
class Program {
 public:
  // SEEDBED_SERVER is `server`; an empty `program` is the one that was built.
  Program(const std::string& server, const std::vector<std::string>& arguments, const std::filesystem::path& program = {});
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void Signal(int signal) const;
  ProgramOutput Wait();

 private:
  TemporaryDirectory directory_;  // of what it writes
  pid_t pid_ = 0;
};

}  // namespace seedbed::testing
