#include "server/workers/devices.h"

#include <fstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temporary_directory.h"

namespace seedbed::workers {
namespace {

using ::seedbed::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> SlotNames(std::string_view devices, int gpus) {
  std::vector<std::string> names;
  const absl::StatusOr<std::vector<Slot>> slots = SlotsForDevices(devices, gpus);
  EXPECT_THAT(slots, testing::IsOk());
  if (slots.ok()) {
    for (const Slot& slot : *slots) names.push_back(slot.name + "=" + slot.device);
  }
  return names;
}

TEST(SlotsForDevicesTest, AutoTakesEveryGpuAndElseTheCpu) {
  EXPECT_THAT(SlotNames("auto", 0), ElementsAre("jobs-cpu=cpu"));
  EXPECT_THAT(SlotNames("auto", 2), ElementsAre("jobs-cuda0=cuda:0", "jobs-cuda1=cuda:1"));
}

TEST(SlotsForDevicesTest, TakesWhatIsNamed) {
  EXPECT_THAT(SlotNames("cpu", 2), ElementsAre("jobs-cpu=cpu"));
  EXPECT_THAT(SlotNames("none", 2), ElementsAre());
  EXPECT_THAT(SlotNames("cuda:1", 2), ElementsAre("jobs-cuda1=cuda:1"));
  EXPECT_THAT(SlotNames("cuda:1,0", 2), ElementsAre("jobs-cuda1=cuda:1", "jobs-cuda0=cuda:0"));
}

TEST(SlotsForDevicesTest, SaysWhatIsAcceptedWhenItDoesNotUnderstand) {
  for (const char* devices : {"", "gpu", "cuda", "cuda:", "cuda:x", "cuda:-1", "cuda:0,", "cpu,cuda:0"}) {
    EXPECT_THAT(SlotsForDevices(devices, 2), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("accepted are auto, cpu, none")))
        << devices;
  }
  EXPECT_THAT(SlotsForDevices("cuda:2", 2), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("2 visible NVIDIA GPUs")));
  EXPECT_THAT(SlotsForDevices("cuda:0,0", 2), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("GPU 0 is named twice")));
}

class CountVisibleGpusTest : public ::testing::Test {
 protected:
  CountVisibleGpusTest() {
    view_.driver_folder = directory_.path() / "driver";
    view_.device_folder = directory_.path() / "dev";
    std::filesystem::create_directory(view_.device_folder);
  }
  void AddDevice(const char* name) { std::ofstream(view_.device_folder / name) << ""; }

  testing::TemporaryDirectory directory_;
  DeviceView view_;
};

TEST_F(CountVisibleGpusTest, CountsTheDriversEntries) {
  EXPECT_EQ(CountVisibleGpus(view_), 0);
  std::filesystem::create_directories(view_.driver_folder / "0000:01:00.0");
  std::filesystem::create_directories(view_.driver_folder / "0000:02:00.0");
  EXPECT_EQ(CountVisibleGpus(view_), 2);
}

TEST_F(CountVisibleGpusTest, FallsBackToDeviceNodes) {
  for (const char* name : {"nvidia0", "nvidia10", "nvidiactl", "nvidia-uvm", "null"}) AddDevice(name);
  EXPECT_EQ(CountVisibleGpus(view_), 2);
}

TEST_F(CountVisibleGpusTest, HonoursCudaVisibleDevices) {
  for (const char* name : {"nvidia0", "nvidia1", "nvidia2"}) AddDevice(name);
  const std::vector<std::pair<std::string_view, int>> cases = {
      {"", 0}, {"-1", 0}, {"0", 1}, {"2, 1", 2}, {"0,7,1", 1}, {"0,-1,1", 1}, {"GPU-8932f937", 1}, {"NoDevFiles", 0}, {"0,1,2,0", 3}};
  for (const auto& [visible, count] : cases) {
    view_.visible_devices = visible;
    EXPECT_EQ(CountVisibleGpus(view_), count) << "CUDA_VISIBLE_DEVICES=" << visible;
  }
}

}  // namespace
}  // namespace seedbed::workers
