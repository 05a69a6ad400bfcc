// A small dataset of noise pictures, indexed and split, for the tests of the model tasks.
#pragma once

#include <string>

#include "core/tasks/data/index.h"
#include "core/tasks/data/split.h"
#include "core/tasks/model/train.h"
#include "tests/testing/fake_task_context.h"
#include "tests/testing/image_folder.h"

namespace seedbed::testing {

class PreparedDataset {
 public:
  // `per_class` images of each class, of which 2 go to validation. Each class has pictures of its own brightness, so that there is
  // something to learn.
  explicit PreparedDataset(std::vector<std::string> classes, int per_class = 8) {
    for (size_t k = 0; k < classes.size(); ++k) {
      for (int i = 0; i < per_class; ++i) {
        image::Image image = NoiseImage(1000 * k + static_cast<uint64_t>(i), 12);
        for (uint8_t& value : image.rgb) value = static_cast<uint8_t>(value / 2 + 60 * k);
        images_.AddImage(classes[k] + "/" + std::to_string(i) + ".png", image);
      }
      images_.MakeFolder(classes[k]);
    }
    tasks::IndexSpec index;
    index.dataset = "plants";
    index.root = images_.root();
    EXPECT_THAT(tasks::RunIndex(index, indexing_), IsOk());
    tasks::SplitSpec split;
    split.dataset = "plants";
    split.dataset_dir = dataset_dir();
    split.name = "default";
    split.rule = tasks::PerClass{2, 0};
    EXPECT_THAT(tasks::RunSplit(split, splitting_), IsOk());
  }

  std::filesystem::path dataset_dir() const { return indexing_.paths().output_dir; }
  std::filesystem::path split_file() const { return splitting_.paths().output_dir / "split.tsv"; }
  const ImageFolder& images() const { return images_; }

  tasks::TrainSpec TrainSpec() const {
    tasks::TrainSpec spec;
    spec.dataset = "plants";
    spec.dataset_dir = dataset_dir();
    spec.split = "default";
    spec.split_file = split_file();
    spec.model = "m";
    spec.epochs = 3;
    spec.batch_size = 4;
    spec.preprocessing.width = 10;
    spec.preprocessing.height = 9;
    spec.checkpoint_interval = std::chrono::milliseconds(0);
    return spec;
  }

 private:
  const ImageFolder images_;
  FakeTaskContext indexing_;
  FakeTaskContext splitting_;
};

}  // namespace seedbed::testing
