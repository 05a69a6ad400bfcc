#include "tests/unit/core/augment/allocation_counter.h"

#include <cerrno>
#include <cstdlib>

#if defined(__GLIBC__) && !defined(SB_SANITIZED)
#define SB_COUNTS_ALLOCATIONS 1
#else
#define SB_COUNTS_ALLOCATIONS 0
#endif

#if SB_COUNTS_ALLOCATIONS
namespace {
// Of a program's own thread storage: reached without allocating.
thread_local size_t allocations = 0;
}  // namespace

// glibc's own, under the names that it keeps for those who replace the usual ones.
extern "C" {
// NOLINTBEGIN(readability-identifier-naming, bugprone-reserved-identifier)
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* block, size_t size);
void* __libc_memalign(size_t alignment, size_t size);
// NOLINTEND(readability-identifier-naming, bugprone-reserved-identifier)

void* malloc(size_t size) {
  ++allocations;
  return __libc_malloc(size);
}

void* calloc(size_t count, size_t size) {
  ++allocations;
  return __libc_calloc(count, size);
}

void* realloc(void* block, size_t size) {
  ++allocations;
  return __libc_realloc(block, size);
}

void* memalign(size_t alignment, size_t size) {
  ++allocations;
  return __libc_memalign(alignment, size);
}

void* aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void** block, size_t alignment, size_t size) {
  *block = memalign(alignment, size);
  return *block == nullptr ? ENOMEM : 0;
}
}
#endif

namespace seedbed::augment {

std::optional<size_t> Allocations() {
#if SB_COUNTS_ALLOCATIONS
  return allocations;
#else
  return std::nullopt;
#endif
}

}  // namespace seedbed::augment
