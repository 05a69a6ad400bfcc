// Where everything lies below the data root (design: "Data on disk"). Paths only; nothing is created here but by Create().
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace seedbed::store {

class DataLayout {
 public:
  explicit DataLayout(std::filesystem::path root) : root_(std::move(root)) {}

  // Makes the folders; the root and run/ with mode 0700.
  absl::Status Create() const;

  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path database() const { return root_ / "seedbed.db"; }
  std::filesystem::path server_lock() const { return root_ / "run" / "seedbedd.lock"; }
  std::filesystem::path socket() const { return root_ / "run" / "seedbedd.sock"; }
  // Holds the start-up token that workers of this data root present, mode 0600.
  std::filesystem::path worker_token() const { return root_ / "run" / "worker.token"; }
  // Locked by the worker process of the slot as long as it lives.
  std::filesystem::path slot_lock(std::string_view slot) const { return root_ / "run" / (std::string(slot) + ".lock"); }
  std::filesystem::path objects() const { return root_ / "objects"; }
  std::filesystem::path object(std::string_view sha256) const {
    return objects() / std::string(sha256.substr(0, 2)) / std::string(sha256.substr(2));
  }
  std::filesystem::path dataset(std::string_view name) const { return root_ / "datasets" / std::string(name); }
  std::filesystem::path dataset(std::string_view name, int version) const { return dataset(name) / std::to_string(version); }
  std::filesystem::path splits(std::string_view dataset) const { return root_ / "splits" / std::string(dataset); }
  std::filesystem::path split(std::string_view dataset, std::string_view name) const {
    return splits(dataset) / (std::string(name) + ".tsv");
  }
  std::filesystem::path model(std::string_view name) const { return root_ / "models" / std::string(name); }
  std::filesystem::path model(std::string_view name, int version) const { return model(name) / std::to_string(version); }
  // Of a feature set: a Zarr store.
  std::filesystem::path features(std::string_view name) const { return root_ / "features" / (std::string(name) + ".zarr"); }
  std::filesystem::path artifacts(std::string_view job) const { return root_ / "artifacts" / std::string(job); }
  std::filesystem::path cache() const { return root_ / "cache"; }
  std::filesystem::path staging() const { return root_ / "staging"; }
  // Of one attempt; holds output/ and artifacts/ until they are published by rename.
  std::filesystem::path staging(std::string_view job, int64_t epoch) const { return staging(job) / std::to_string(epoch); }
  std::filesystem::path staging(std::string_view job) const { return staging() / std::string(job); }
  std::filesystem::path checkpoints() const { return root_ / "checkpoints"; }
  std::filesystem::path checkpoints(std::string_view job) const { return checkpoints() / std::string(job); }

 private:
  const std::filesystem::path root_;
};

}  // namespace seedbed::store
