// Random names and seeds of the client.
#pragma once

#include <cstdint>
#include <string>

namespace seedbed::client {

// 128 random bits of the operating system, as 32 hex digits: an idempotency key that no other client picks.
std::string NewRequestId();

// A seed for jitter.
uint64_t RandomSeed();

}  // namespace seedbed::client
