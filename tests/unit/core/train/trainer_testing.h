// What the tests of training share.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/nn/tensor.h"
#include "core/train/trainer.h"

namespace seedbed::train {

// Writes down what the trainer tells, and cancels when it is asked for the time after `cancel_after`.
class Recorder : public TrainObserver {
 public:
  bool Cancelled() override { return cancel_after == asked++; }
  void OnProgress(int, int64_t, int64_t, double) override { ++progress; }
  void OnEpoch(const EpochRecord& record) override { epochs.push_back(record.epoch); }
  void OnWarning(std::string_view code, const std::string& message) override { warnings.push_back(std::string(code) + ": " + message); }
  void OnResume(int epoch, int64_t batches_done) override { resumed = {epoch, static_cast<int>(batches_done)}; }
  void OnCheckpoint(int64_t mark) override { marks.push_back(mark); }

  int cancel_after = -1;
  int asked = 0;
  int progress = 0;
  std::vector<int> epochs;
  std::vector<std::string> warnings;
  std::vector<int> resumed;
  std::vector<int64_t> marks;
};

inline std::string DigestOf(const std::shared_ptr<const nn::TensorMap>& tensors) { return nn::WeightsSha256(nn::ViewsOf(*tensors)); }

inline void ForgetCheckpoints(const std::filesystem::path& folder) {
  for (const auto& entry : std::filesystem::directory_iterator(folder)) std::filesystem::remove(entry.path());
}

}  // namespace seedbed::train
