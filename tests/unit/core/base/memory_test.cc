#include "core/base/memory.h"

#include <sys/resource.h>
#include <unistd.h>

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace seedbed {
namespace {

TEST(Memory, HasALimitAndAPeakBelowIt) {
  EXPECT_GT(MemoryLimitBytes(), int64_t{64} << 20);
  const int64_t before = PeakMemoryBytes();
  EXPECT_GT(before, 0);
  const std::vector<char> touched(before + (64 << 20), 'x');
  EXPECT_GT(PeakMemoryBytes(), before);
  EXPECT_EQ(touched.back(), 'x');
}

TEST(Memory, TheProcessesOwnLimitCounts) {
  rlimit old = {};
  ASSERT_EQ(::getrlimit(RLIMIT_AS, &old), 0);
  const rlimit low = {.rlim_cur = rlim_t{1} << 40, .rlim_max = old.rlim_max};
  if (old.rlim_max < low.rlim_cur) GTEST_SKIP() << "limited already";
  const int64_t machine = MemoryLimitBytes();
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &low), 0);
  EXPECT_EQ(MemoryLimitBytes(), std::min(machine, int64_t{1} << 40));
  ::setrlimit(RLIMIT_AS, &old);
}

TEST(Memory, IsSaidInUnitsOfItsSize) {
  EXPECT_EQ(FormatMemory(int64_t{512} << 20), "512.0 MiB");
  EXPECT_EQ(FormatMemory((int64_t{3} << 30) + (int64_t{1} << 27)), "3.1 GiB");
}

}  // namespace
}  // namespace seedbed
