#include "core/base/cpu.h"

namespace seedbed {

std::string_view InstructionSet() {
#if defined(__x86_64__)
  // The compiler's run-time support also asks the operating system (XCR0) whether it saves the wide registers.
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl")) {
    return "avx512";
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "avx2";
#endif
  return "baseline";
}

}  // namespace seedbed
