// The images that an explain job is about, wherever they come from.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "core/features/extract.h"
#include "core/image/image.h"
#include "core/image/pixel_scaler.h"
#include "core/nn/model_file.h"
#include "core/tasks/look/explain.h"
#include "core/tasks/task_context.h"

namespace seedbed::tasks {

struct ImageToExplain {
  std::string name;
  std::string label;  // class in the dataset; empty for an uploaded image
  std::string stem;   // what its files' names begin with; differs from those of all others, and of sheets
};

// An image as it goes into the network.
struct PreparedImage {
  image::Image picture;      // resized, after the model's steps
  std::vector<float> input;  // as the network takes it: height, width, channels
};

class ExplainedImages {
 public:
  // Those of the dataset first. Errors as DecodeImages, RowsNamed and OpenUploads.
  static absl::StatusOr<ExplainedImages> Open(const ExplainSpec& spec, const nn::SavedModel& model, TaskContext& context);

  const std::vector<ImageToExplain>& list() const { return list_; }
  absl::StatusOr<PreparedImage> Prepare(size_t i) const;
  // A black picture's input, which has no steps behind it.
  std::vector<float> Black() const;

 private:
  ExplainedImages(const nn::SavedModel& model, std::string sheet_stem)
      : width_(model.preprocessing.width),
        height_(model.preprocessing.height),
        scaler_(model.preprocessing, model.mean_image),
        sheet_stem_(std::move(sheet_stem)) {}
  size_t values() const { return size_t{3} * static_cast<size_t>(width_) * static_cast<size_t>(height_); }
  void Add(const std::string& name, const std::string& label, const std::string& base);

  int width_;
  int height_;
  image::PixelScaler scaler_;
  std::string sheet_stem_;  // what sheets' names begin with
  std::vector<ImageToExplain> list_;
  features::ReadPixels read_;
};

}  // namespace seedbed::tasks
