// What a classifier made of labelled images, as sections of a report.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/evaluate/evaluation.h"
#include "core/evaluate/report.h"
#include "core/image/image.h"
#include "core/report/report.h"

namespace seedbed::tasks {

// So many of the worst mistakes, and of the most uncertain images, are shown; in pictures of at most so many pixels a side. Each picture
// then takes at most 37 kB of the report.
inline constexpr size_t kPicturesShown = 24;
inline constexpr int kThumbnailSide = 96;

// Pictures of predictions, in their order, as the network saw them.
using PicturesOf = std::function<absl::StatusOr<std::vector<image::Image>>(std::span<const size_t> predictions)>;

struct JudgedImages {
  const evaluate::Evaluation& evaluation;
  std::span<const std::string> classes;
  std::span<const evaluate::Prediction> predictions;
  PicturesOf pictures;  // null: none are shown
};

// Accuracy, top-k, loss, calibration error.
std::vector<report::KeyFigure> JudgementFigures(const evaluate::Evaluation& evaluation);

// Confusion matrix, scores of each class, reliability diagram, the mistakes with the highest probability of the wrong class, the images
// with the smallest margin between two classes. Errors are those of `pictures`.
absl::StatusOr<std::vector<report::Section>> JudgementSections(const JudgedImages& judged);

// The picture, shrunk until no side is longer than kThumbnailSide.
image::Image Thumbnail(const image::Image& picture);

}  // namespace seedbed::tasks
