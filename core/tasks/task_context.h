// What a task knows of the world around it. Free of LibTorch, protobuf and gRPC, so that every part of the program may include it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "core/base/reason.h"

namespace seedbed::tasks {

// Live only: coalesced on its way, may be called as often as one likes.
struct Progress {
  std::string phase;  // "decode", "epoch 3/10"
  int64_t done = 0;
  int64_t total = 0;  // 0: unknown
  std::string unit;   // "images"
  double rate = 0;    // units per second
  // Of a task that draws: the picture as it is now, a PNG of at most kMaxPreviewBytes; empty: no newer one. The newest is not lost on its
  // way, though a report without one may follow.
  std::string preview = {};
};
inline constexpr size_t kMaxPreviewBytes = size_t{512} << 10;

struct EpochMetrics {
  int epoch = 0;  // from 1
  int epochs = 0;
  double loss = 0;
  double accuracy = 0;  // ratio
  std::optional<double> val_loss;
  std::optional<double> val_accuracy;
  double lr = 0;
  double seconds = 0;
  double images_per_second = 0;
  int64_t images = 0;      // trained on in the epoch
  int64_t val_images = 0;  // validated on
};

struct Warning {
  std::string code;  // stable, "images_rejected"
  std::string message;
};

struct LogLine {
  std::string message;
};

// A file the task wrote below artifacts_dir.
struct Artifact {
  std::string name;  // relative path
  std::string media_type;
};

struct TaskEvent {
  // Unique and stable within the job: when a later attempt says the same thing again under the same key, it is stored once.
  std::string key;
  std::variant<EpochMetrics, Warning, LogLine, Artifact> payload;
};

// What besides the inputs decides the bits of a result.
struct ExecutionProfile {
  std::string device = "cpu";
  std::string instruction_set;
  std::string precision = "float32";
  int threads = 1;
  std::string version;
};

struct TaskPaths {
  std::filesystem::path output_dir;      // exists, empty, this attempt's alone; published by the server when the job succeeds
  std::filesystem::path artifacts_dir;   // likewise
  std::filesystem::path checkpoint_dir;  // exists; shared by the attempts of the job
  std::filesystem::path cache_dir;
  std::filesystem::path objects_dir;  // uploaded files: ab/cdef...
  uint64_t cache_max_bytes = 0;       // 0: no bound
};

// Given to a running task. All methods are thread-safe and, but for Emit, return at once.
class TaskContext {
 public:
  virtual ~TaskContext() = default;
  virtual const TaskPaths& paths() const = 0;
  virtual const ExecutionProfile& profile() const = 0;
  // Grows with each assignment of the job; names this attempt's files in checkpoint_dir.
  virtual int64_t attempt_epoch() const = 0;
  // True once the task should end: it then returns CANCELLED within one batch, after keeping what may be kept.
  virtual bool cancelled() const = 0;
  virtual void Report(const Progress& progress) = 0;
  // Waits while a thousand earlier events have not been stored yet, so that memory stays bounded.
  virtual void Emit(TaskEvent event) = 0;
  // So much work is on disk that a later attempt need not do it again; `mark` grows with the work done, through all phases of the job.
  virtual void Checkpointed(int64_t mark) = 0;
};

// Attached to an error status as payload. Without it, a status is mapped by its code: INVALID_ARGUMENT, NOT_FOUND, FAILED_PRECONDITION,
// ALREADY_EXISTS -> INVALID_INPUT; RESOURCE_EXHAUSTED -> DISK_FULL; else INTERNAL.
using seedbed::kReasonPayload;

}  // namespace seedbed::tasks
