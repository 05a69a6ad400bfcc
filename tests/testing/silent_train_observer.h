// For trainings whose outcome is all that matters.
#pragma once

#include <string>
#include <string_view>

#include "core/train/trainer.h"

namespace seedbed::testing {

class SilentTrainObserver : public train::TrainObserver {
 public:
  bool Cancelled() override { return false; }
  void OnProgress(int, int64_t, int64_t, double) override {}
  void OnEpoch(const train::EpochRecord&) override {}
  void OnWarning(std::string_view, const std::string&) override {}
  void OnResume(int, int64_t) override {}
  void OnCheckpoint(int64_t) override {}
};

}  // namespace seedbed::testing
