// How a client reaches the server, and how patient it is.
#pragma once

#include <chrono>
#include <string>

namespace seedbed::client {

// Delays between attempts: the first, doubled each time up to the longest, each with jitter (between half and all of it).
struct RetryPolicy {
  int max_attempts = 4;  // of a unary call, the first one included; a watch goes on for ever
  std::chrono::milliseconds first_delay{100};
  std::chrono::milliseconds max_delay{2'000};
};

struct ClientOptions {
  // HOST:PORT or unix:PATH.
  std::string server = "127.0.0.1:8461";
  // Longest a unary call may take, its retries included. Streams have no deadline: they notice a dead server by keepalive.
  std::chrono::milliseconds call_timeout{10'000};
  // A connection without traffic is pinged this often, and given up when no answer comes in time. The server allows one ping per 10 s.
  std::chrono::milliseconds keepalive_time{20'000};
  std::chrono::milliseconds keepalive_timeout{10'000};
  // Longest an attempt to connect may take.
  std::chrono::milliseconds connect_timeout{3'000};
  int max_message_bytes = 64 << 20;
  RetryPolicy retry;
};

}  // namespace seedbed::client
