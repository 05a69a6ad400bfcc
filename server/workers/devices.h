// Which devices of this machine get a worker.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/workers/worker_pool.h"

namespace seedbed::workers {

// Where the driver shows its GPUs, and which of them the environment lets us see.
struct DeviceView {
  std::filesystem::path driver_folder = "/proc/driver/nvidia/gpus";  // one entry per GPU
  std::filesystem::path device_folder = "/dev";                      // nvidia0, nvidia1, ... (containers often lack the other)
  std::optional<std::string_view> visible_devices;                   // CUDA_VISIBLE_DEVICES
};

// NVIDIA GPUs that a CUDA program started here would see, found without CUDA.
int CountVisibleGpus(const DeviceView& view);

// SlotsForDevices (worker_pool.h) on a machine with `visible_gpus`.
absl::StatusOr<std::vector<Slot>> SlotsForDevices(std::string_view devices, int visible_gpus);

}  // namespace seedbed::workers
