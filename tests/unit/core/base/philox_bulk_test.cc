#include "core/base/philox_bulk.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace seedbed {
namespace {

std::vector<std::string> InstructionSets() {
  std::vector<std::string> sets = {"baseline"};
  if (InstructionSet() != "baseline") sets.emplace_back("avx2");
  if (InstructionSet() == "avx512") sets.emplace_back("avx512");
  return sets;
}

TEST(PhiloxBulkTest, GivesTheNumbersOfTheStream) {
  constexpr uint64_t kSeed = 0x0123456789ABCDEF, kSubject = 0xFEDCBA9876543210;
  for (const std::string& instruction_set : InstructionSets()) {
    for (const size_t count : {0, 1, 3, 4, 5, 8, 31, 32, 33, 64, 1000}) {
      std::vector<uint32_t> numbers(count);
      FillRandom(kSeed, RandomPurpose::kAugment, kSubject, 0, numbers, instruction_set);
      RandomStream stream(kSeed, RandomPurpose::kAugment, kSubject);
      for (size_t i = 0; i < count; ++i) {
        ASSERT_EQ(numbers[i], stream.NextUint32()) << instruction_set << ", number " << i << " of " << count;
      }
    }
  }
}

TEST(PhiloxBulkTest, GoesOnFromAnyBlock) {
  std::vector<uint32_t> all(400);
  FillRandom(1, RandomPurpose::kAugment, 2, 0, all);
  for (const std::string& instruction_set : InstructionSets()) {
    std::vector<uint32_t> rest(400 - 4 * 7);
    FillRandom(1, RandomPurpose::kAugment, 2, 7, rest, instruction_set);
    EXPECT_EQ(rest, std::vector<uint32_t>(all.begin() + 4 * 7, all.end())) << instruction_set;
  }
}

TEST(PhiloxBulkTest, BlockNumbersWrapAround) {
  for (const std::string& instruction_set : InstructionSets()) {
    std::vector<uint32_t> across(64), begin(56);
    FillRandom(1, RandomPurpose::kAugment, 2, 0xFFFFFFFE, across, instruction_set);
    FillRandom(1, RandomPurpose::kAugment, 2, 0, begin, "baseline");
    EXPECT_EQ(std::vector<uint32_t>(across.begin() + 8, across.end()), begin) << instruction_set;
  }
}

}  // namespace
}  // namespace seedbed
