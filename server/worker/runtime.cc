#include "server/worker/runtime.h"

#include <malloc.h>
#include <sched.h>

#include <algorithm>
#include <cstdlib>

#include "core/base/cpu.h"
#include "core/base/version.h"

namespace seedbed::worker {
namespace {

// The cores that the scheduler may give us: fewer than the machine has inside a container or under taskset.
int UsableCores() {
  cpu_set_t cores;
  if (::sched_getaffinity(0, sizeof(cores), &cores) != 0) return 1;
  return std::max(1, CPU_COUNT(&cores));
}

// MKL's mode in which a sum does not depend on the number of threads or the alignment of its data. Read by MKL when it is first used.
const char* ReproducibleMkl() {
  if (InstructionSet() == "avx512") return "AVX512,STRICT";
  if (InstructionSet() == "avx2") return "AVX2,STRICT";
  return "COMPATIBLE";
}

}  // namespace

void PrepareRuntime() {
#if !defined(SB_HAVE_TCMALLOC)
  // glibc gives big blocks back to the system at once and gets them page by page again: tensors then cost more in page faults than in
  // arithmetic. One arena, as these settings hold for the first only.
  ::mallopt(M_ARENA_MAX, 1);
  ::mallopt(M_MMAP_MAX, 0);
  ::mallopt(M_TRIM_THRESHOLD, -1);
  ::mallopt(M_TOP_PAD, 64 << 20);
#endif
  ::setenv("MKL_CBWR", ReproducibleMkl(), /*overwrite=*/0);
}

v1::ExecutionProfile ProfileOf(const std::string& device, int threads) {
  v1::ExecutionProfile profile;
  profile.set_device(device.substr(0, device.find(':')));
  profile.set_instruction_set(std::string(InstructionSet()));
  profile.set_precision("float32");
  profile.set_threads(threads > 0 ? threads : UsableCores());
  profile.set_version(std::string(Version()));
  return profile;
}

}  // namespace seedbed::worker
