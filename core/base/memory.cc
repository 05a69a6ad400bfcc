#include "core/base/memory.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_format.h"

namespace seedbed {

int64_t MemoryLimitBytes() {
  const int64_t pages = ::sysconf(_SC_PHYS_PAGES), page_bytes = ::sysconf(_SC_PAGESIZE);
  const int64_t machine = pages > 0 && page_bytes > 0 ? pages * page_bytes : 0;
  rlimit limit = {};
  if (::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return machine;
  const auto own = static_cast<int64_t>(std::min<rlim_t>(limit.rlim_cur, INT64_MAX));
  return machine == 0 ? own : std::min(machine, own);
}

int64_t PeakMemoryBytes() {
  rusage usage = {};
  if (::getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  return int64_t{usage.ru_maxrss} << 10;  // Linux counts in KiB
}

std::string FormatMemory(int64_t bytes) {
  constexpr double kMebibyte = 1 << 20;
  const double mebibytes = static_cast<double>(bytes) / kMebibyte;
  return mebibytes < 1024 ? absl::StrFormat("%.1f MiB", mebibytes) : absl::StrFormat("%.1f GiB", mebibytes / 1024);
}

}  // namespace seedbed
