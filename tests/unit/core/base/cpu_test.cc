#include "core/base/cpu.h"

#include <cstdio>
#include <string>

#include "gtest/gtest.h"

namespace seedbed {
namespace {

// The kernel's view of the same processor. /proc files claim to be empty, hence no ReadFile.
std::string FirstFlagsLine() {
  std::FILE* const file = std::fopen("/proc/cpuinfo", "r");
  if (file == nullptr) return "";
  std::string line;
  for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) {
    if (c != '\n') {
      line += static_cast<char>(c);
    } else if (line.starts_with("flags")) {
      break;
    } else {
      line.clear();
    }
  }
  std::fclose(file);
  return line.starts_with("flags") ? line + " " : "";
}

TEST(InstructionSet, IsWhatTheKernelSays) {
  const std::string flags = FirstFlagsLine();
  if (flags.empty()) GTEST_SKIP() << "/proc/cpuinfo has no flags line on this machine";
  const auto has = [&](const std::string& flag) { return flags.find(" " + flag + " ") != std::string::npos; };
  const bool avx2 = has("avx2") && has("fma");
  const bool avx512 = avx2 && has("avx512f") && has("avx512bw") && has("avx512dq") && has("avx512vl");
  EXPECT_EQ(InstructionSet(), avx512 ? "avx512" : avx2 ? "avx2" : "baseline");
}

}  // namespace
}  // namespace seedbed
