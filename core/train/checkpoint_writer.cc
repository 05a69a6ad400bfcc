#include "core/train/checkpoint_writer.h"

#include <utility>

namespace seedbed::train {

CheckpointWriter::CheckpointWriter(CheckpointPlace place, OnWritten on_written)
    : place_(std::move(place)), on_written_(std::move(on_written)), thread_([this] { Serve(); }) {}

CheckpointWriter::~CheckpointWriter() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
  }
  changed_.NotifyAll();
  thread_.join();
}

void CheckpointWriter::Submit(std::unique_ptr<const Checkpoint> checkpoint) {
  {
    MutexLock lock(&mutex_);
    std::swap(waiting_, checkpoint);
  }
  changed_.NotifyAll();
}

void CheckpointWriter::Flush() {
  MutexLock lock(&mutex_);
  while (waiting_ != nullptr || writing_) changed_.Wait(&mutex_);
}

void CheckpointWriter::Serve() {
  while (true) {
    std::unique_ptr<const Checkpoint> checkpoint;
    {
      MutexLock lock(&mutex_);
      writing_ = false;
      changed_.NotifyAll();
      while (waiting_ == nullptr && !stopping_) changed_.Wait(&mutex_);
      if (waiting_ == nullptr) return;
      checkpoint = std::move(waiting_);
      writing_ = true;
    }
    on_written_(checkpoint->mark, WriteCheckpoint(place_, *checkpoint));
  }
}

}  // namespace seedbed::train
