#include "server/workers/devices.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <system_error>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "core/base/status_macros.h"

namespace seedbed::workers {
namespace {

absl::Status NotUnderstood(std::string_view devices, std::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("devices \"", ToAbsl(devices), "\": ", ToAbsl(why),
                                                 "; accepted are auto, cpu, none, or GPUs by number such as cuda:0 or cuda:0,1"));
}

Slot CpuSlot() { return {.name = "jobs-cpu", .device = "cpu"}; }
Slot GpuSlot(int number) { return {.name = absl::StrCat("jobs-cuda", number), .device = absl::StrCat("cuda:", number)}; }

// Entries of `folder` that `is_gpu` accepts; 0 when there is no such folder.
template <typename Predicate>
int CountEntries(const std::filesystem::path& folder, Predicate is_gpu) {
  int count = 0;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (is_gpu(entry->path().filename().string())) ++count;
  }
  return count;
}

// "nvidia" and a number: not nvidiactl, nvidia-uvm, ...
bool IsGpuNode(absl::string_view name) {
  int number;
  return absl::ConsumePrefix(&name, "nvidia") && absl::SimpleAtoi(name, &number);
}

// CUDA's rule: the list counts up to its first entry that names no GPU; a UUID is taken for one.
int CountListed(std::string_view visible_devices, int gpus) {
  int count = 0;
  for (absl::string_view entry : absl::StrSplit(ToAbsl(visible_devices), ',')) {
    entry = absl::StripAsciiWhitespace(entry);
    int number;
    const bool is_number = absl::SimpleAtoi(entry, &number);
    if (entry.empty() || (is_number && (number < 0 || number >= gpus)) || (!is_number && entry == "NoDevFiles")) break;
    ++count;
  }
  return std::min(count, gpus);
}

absl::StatusOr<std::vector<Slot>> GpuSlots(std::string_view devices, absl::string_view numbers, int visible_gpus) {
  std::vector<Slot> slots;
  for (absl::string_view text : absl::StrSplit(numbers, ',')) {
    absl::ConsumePrefix(&text, "cuda:");
    int number;
    if (!absl::SimpleAtoi(text, &number) || number < 0) {
      return NotUnderstood(devices, absl::StrCat("\"", text, "\" is not the number of a GPU"));
    }
    if (number >= visible_gpus) {
      return NotUnderstood(devices, absl::StrCat("this machine has ", visible_gpus, " visible NVIDIA GPUs, counted from 0"));
    }
    const Slot slot = GpuSlot(number);
    const auto same = [&](const Slot& other) { return other.name == slot.name; };
    if (std::any_of(slots.begin(), slots.end(), same)) return NotUnderstood(devices, absl::StrCat("GPU ", number, " is named twice"));
    slots.push_back(slot);
  }
  return slots;
}

}  // namespace

int CountVisibleGpus(const DeviceView& view) {
  int gpus = CountEntries(view.driver_folder, [](absl::string_view) { return true; });
  if (gpus == 0) gpus = CountEntries(view.device_folder, IsGpuNode);
  return view.visible_devices ? CountListed(*view.visible_devices, gpus) : gpus;
}

absl::StatusOr<std::vector<Slot>> SlotsForDevices(std::string_view devices, int visible_gpus) {
  if (devices == "none") return std::vector<Slot>{};
  if (devices == "cpu" || (devices == "auto" && visible_gpus == 0)) return std::vector<Slot>{CpuSlot()};
  if (devices == "auto") {
    std::vector<Slot> slots;
    for (int number = 0; number < visible_gpus; ++number) slots.push_back(GpuSlot(number));
    return slots;
  }
  absl::string_view numbers = ToAbsl(devices);
  if (!absl::ConsumePrefix(&numbers, "cuda:")) return NotUnderstood(devices, "not understood");
  return GpuSlots(devices, numbers, visible_gpus);
}

absl::StatusOr<std::vector<Slot>> SlotsForDevices(std::string_view devices) {
  DeviceView view;
  if (const char* visible = std::getenv("CUDA_VISIBLE_DEVICES")) view.visible_devices = visible;
  return SlotsForDevices(devices, CountVisibleGpus(view));
}

}  // namespace seedbed::workers
