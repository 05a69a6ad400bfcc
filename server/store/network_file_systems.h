// Which file systems keep their files on another machine.
#pragma once

#include <cstdint>

namespace seedbed::store {

// Name of the network file system with this statfs magic number; nullptr for a local one.
const char* NetworkFileSystemName(uint64_t magic);

}  // namespace seedbed::store
