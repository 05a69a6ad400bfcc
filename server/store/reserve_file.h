// Disk space kept in hand, so that the last state changes can still be stored when everything else has filled the disk.
#pragma once

#include <cstdint>
#include <filesystem>

namespace seedbed::store {

// Not thread-safe. All of it is best effort: without the reserve the store works just as well until the disk is full.
class ReserveFile {
 public:
  // bytes 0: no reserve.
  ReserveFile(std::filesystem::path path, int64_t bytes);

  // Allocates the file again if it was given away and there is ample room (four times its size).
  void Restore();
  // Gives the space back to the file system; false when there was none to give.
  bool Release();
  bool held() const { return held_; }

 private:
  const std::filesystem::path path_;
  const int64_t bytes_;
  bool held_ = false;
};

}  // namespace seedbed::store
