#include "client/lib/request_id.h"

#include <random>

#include "absl/strings/str_format.h"

namespace seedbed::client {

uint64_t RandomSeed() {
  std::random_device device;
  return (uint64_t{device()} << 32) | device();
}

std::string NewRequestId() { return absl::StrFormat("%016x%016x", RandomSeed(), RandomSeed()); }

}  // namespace seedbed::client
