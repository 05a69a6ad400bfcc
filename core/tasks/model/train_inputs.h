// What a training learns from: the images of a dataset, or features of images that an extraction has stored.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/dataset/manifest.h"
#include "core/image/image.h"
#include "core/tasks/model/train.h"
#include "core/tasks/model/train_network.h"
#include "core/tasks/task_context.h"
#include "core/train/examples.h"
#include "nlohmann/json.hpp"

namespace seedbed::tasks {

// How the frozen part of the network came to its rows, for the record.
struct FrozenUse {
  std::string layer;    // its last
  std::string backend;  // empty: nothing was computed
  int threads = 0;
  bool cached = false;  // in the feature cache
  size_t rows = 0;      // with it: that were asked for
  size_t computed = 0;  // with it: of those, what was not there yet
};

// The inputs of the network's tail.
struct TrainRows {
  train::Examples training;
  train::Examples validation;
  train::PixelOptions pixels;                 // of rows that are pixels
  std::vector<std::shared_ptr<void>> lie_in;  // what the rows point into
  std::optional<FrozenUse> frozen;            // when there is a frozen part
};

class TrainInputs {
 public:
  virtual ~TrainInputs() = default;
  // INVALID_ARGUMENT when there is nothing to train on or fewer than two classes; warns of classes without a training image.
  static absl::StatusOr<std::unique_ptr<TrainInputs>> Open(const TrainSpec& spec, TaskContext& context);

  const std::vector<std::string>& classes() const { return classes_; }
  const std::vector<int32_t>& training_labels() const { return training_labels_; }
  const std::vector<int32_t>& validation_labels() const { return validation_labels_; }

  // What it is: equal ones lead to equal trainings.
  virtual nlohmann::json Identity() const = 0;
  // Names and digests, for model.json.
  virtual nlohmann::json Record() const = 0;

  // Files that were left out of the dataset; none where it is gone.
  virtual absl::StatusOr<std::vector<dataset::RejectedFile>> Rejected() const = 0;
  // Whether there are pictures at all: the dataset that stored features are of may be gone.
  virtual bool HasPictures() const = 0;
  enum class Subset { kTraining, kValidation };
  // Paths of the images, in the order of their labels.
  virtual std::vector<std::string> Paths(Subset subset) const = 0;
  // Some images of a subset as the network takes them, without augmentation. NOT_FOUND naming an image that
  // is no longer what the stored features are of; otherwise errors as ReadPictures.
  virtual absl::StatusOr<std::vector<image::Image>> Pictures(Subset subset, std::span<const size_t> examples,
                                                             const image::Preprocessing& preprocessing,
                                                             const TaskContext& context) const = 0;

  virtual absl::StatusOr<TrainNetwork> MakeNetwork() const = 0;
  // Sets the network's mean image where it subtracts one. Logs `plan`, together with what is to be computed, before the long work.
  virtual absl::StatusOr<TrainRows> MakeRows(const std::string& plan, int threads, TrainNetwork* network, TaskContext& context) const = 0;

 protected:
  TrainInputs(std::vector<std::string> classes, std::vector<int32_t> training_labels, std::vector<int32_t> validation_labels)
      : classes_(std::move(classes)), training_labels_(std::move(training_labels)), validation_labels_(std::move(validation_labels)) {}

 private:
  const std::vector<std::string> classes_;
  const std::vector<int32_t> training_labels_;
  const std::vector<int32_t> validation_labels_;
};

// The two kinds; use Open.
absl::StatusOr<std::unique_ptr<TrainInputs>> OpenTrainImages(const TrainSpec& spec);
absl::StatusOr<std::unique_ptr<TrainInputs>> OpenTrainFeatures(const TrainSpec& spec);

}  // namespace seedbed::tasks
