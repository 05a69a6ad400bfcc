#include "core/train/checkpoint.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/digest.h"
#include "core/base/file.h"
#include "core/base/status_macros.h"
#include "core/nn/safetensors.h"

namespace seedbed::train {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr char kFormat[] = "seedbed-checkpoint-1";
constexpr char kPrefix[] = "checkpoint-";
constexpr char kWeights[] = "weights/";
constexpr char kOptimizer[] = "optimizer/";
constexpr char kBest[] = "best/";
constexpr size_t kKept = 2;

json OptionalToJson(const std::optional<double>& value) { return value ? json(*value) : json(nullptr); }
std::optional<double> OptionalFromJson(const json& value) { return value.is_null() ? std::nullopt : std::optional(value.get<double>()); }

EpochRecord RecordFromJson(const json& value) {
  return {.epoch = value.at("epoch").get<int>(),
          .loss = value.at("loss").get<double>(),
          .accuracy = value.at("accuracy").get<double>(),
          .val_loss = OptionalFromJson(value.at("val_loss")),
          .val_accuracy = OptionalFromJson(value.at("val_accuracy")),
          .lr = value.at("lr").get<double>(),
          .seconds = value.at("seconds").get<double>(),
          .images_per_second = value.at("images_per_second").get<double>()};
}

bool BestIsCurrent(const Checkpoint& checkpoint) {
  return checkpoint.best_weights != nullptr && checkpoint.best_weights == checkpoint.weights;
}

// JSON writes a double with as many digits as bring back the same bits.
json StateToJson(const Checkpoint& checkpoint) {
  json history = json::array();
  for (const EpochRecord& record : checkpoint.history) history.push_back(ToJson(record));
  return {{"mark", checkpoint.mark},
          {"epochs_done", checkpoint.epochs_done},
          {"step", checkpoint.step},
          {"batches_done", checkpoint.batches_done},
          {"loss_sum", checkpoint.loss_sum},
          {"correct", checkpoint.correct},
          {"seconds", checkpoint.seconds},
          {"history", std::move(history)},
          {"best_epoch", checkpoint.best_epoch},
          {"best_is_current", BestIsCurrent(checkpoint)}};
}

void AddViews(const nn::TensorMap& tensors, std::string_view prefix, nn::TensorViews* views) {
  for (const auto& [name, tensor] : tensors) views->emplace(absl::StrCat(ToAbsl(prefix), name), tensor.view());
}

nn::TensorMap CopyOf(const nn::TensorViews& views, std::string_view prefix) {
  nn::TensorMap tensors;
  for (const auto& [name, view] : views) {
    if (!absl::StartsWith(name, ToAbsl(prefix))) continue;
    tensors.emplace(name.substr(prefix.size()), nn::Tensor{view.dtype, view.shape, {view.data.begin(), view.data.end()}});
  }
  return tensors;
}

std::string DigestOf(std::string_view spec_digest, std::string_view state, const nn::TensorViews& tensors) {
  return Sha256Hex(absl::StrCat(kFormat, "\n", ToAbsl(spec_digest), "\n", ToAbsl(state), "\n", nn::WeightsSha256(tensors)));
}

Checkpoint CheckpointFrom(const json& state, const nn::TensorViews& tensors) {
  Checkpoint checkpoint;
  checkpoint.mark = state.at("mark").get<int64_t>();
  checkpoint.epochs_done = state.at("epochs_done").get<int>();
  checkpoint.step = state.at("step").get<int64_t>();
  checkpoint.batches_done = state.at("batches_done").get<int64_t>();
  checkpoint.loss_sum = state.at("loss_sum").get<double>();
  checkpoint.correct = state.at("correct").get<int64_t>();
  checkpoint.seconds = state.at("seconds").get<double>();
  for (const json& record : state.at("history")) checkpoint.history.push_back(RecordFromJson(record));
  checkpoint.best_epoch = state.at("best_epoch").get<int>();
  checkpoint.weights = std::make_shared<nn::TensorMap>(CopyOf(tensors, kWeights));
  checkpoint.optimizer = CopyOf(tensors, kOptimizer);
  if (state.at("best_is_current").get<bool>()) {
    checkpoint.best_weights = checkpoint.weights;
  } else if (checkpoint.best_epoch > 0) {
    checkpoint.best_weights = std::make_shared<nn::TensorMap>(CopyOf(tensors, kBest));
  }
  return checkpoint;
}

absl::StatusOr<Checkpoint> ReadCheckpoint(const fs::path& path, const std::string& spec_digest) {
  SB_ASSIGN_OR_RETURN(const nn::SafetensorsFile file, nn::SafetensorsFile::Open(path));
  const auto value = [&](const char* key) {
    const auto found = file.metadata().find(key);
    return found == file.metadata().end() ? std::string() : found->second;
  };
  if (value("format") != kFormat) return absl::DataLossError("it is not a checkpoint of this program");
  if (value("spec") != spec_digest) return absl::FailedPreconditionError("it belongs to other data or settings");
  const std::string text = value("state");
  if (value("sha256") != DigestOf(spec_digest, text, file.tensors())) return absl::DataLossError("its content is damaged");
  try {
    return CheckpointFrom(json::parse(text), file.tensors());
  } catch (const json::exception& error) {
    return absl::DataLossError(error.what());
  }
}

// Checkpoints in the folder, those with the most work first.
absl::StatusOr<std::vector<fs::path>> ListCheckpoints(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (absl::StartsWith(name, kPrefix) && absl::EndsWith(name, ".safetensors")) files.push_back(it->path());
  }
  if (error) return ErrnoStatus(error.value(), "list", folder);
  std::sort(files.rbegin(), files.rend());  // the numbers in the names have fixed widths
  return files;
}

}  // namespace

json ToJson(const EpochRecord& record) {
  return {{"epoch", record.epoch},
          {"loss", record.loss},
          {"accuracy", record.accuracy},
          {"val_loss", OptionalToJson(record.val_loss)},
          {"val_accuracy", OptionalToJson(record.val_accuracy)},
          {"lr", record.lr},
          {"seconds", record.seconds},
          {"images_per_second", record.images_per_second}};
}

absl::Status WriteCheckpoint(const CheckpointPlace& place, const Checkpoint& checkpoint) {
  nn::TensorViews tensors;
  AddViews(*checkpoint.weights, kWeights, &tensors);
  AddViews(checkpoint.optimizer, kOptimizer, &tensors);
  if (checkpoint.best_weights != nullptr && !BestIsCurrent(checkpoint)) AddViews(*checkpoint.best_weights, kBest, &tensors);
  const std::string state = StateToJson(checkpoint).dump();
  const nn::Metadata metadata = {
      {"format", kFormat}, {"spec", place.spec_digest}, {"state", state}, {"sha256", DigestOf(place.spec_digest, state, tensors)}};
  const std::string name = absl::StrFormat("%s%015d-a%09d.safetensors", kPrefix, checkpoint.mark, place.attempt);
  SB_RETURN_IF_ERROR(nn::WriteSafetensors(place.folder / name, tensors, metadata));
  SB_ASSIGN_OR_RETURN(const std::vector<fs::path> files, ListCheckpoints(place.folder));
  for (size_t i = kKept; i < files.size(); ++i) SB_RETURN_IF_ERROR(RemoveAll(files[i]));
  return absl::OkStatus();
}

absl::StatusOr<LoadedCheckpoint> LoadNewestCheckpoint(const CheckpointPlace& place) {
  LoadedCheckpoint loaded;
  SB_ASSIGN_OR_RETURN(const std::vector<fs::path> files, ListCheckpoints(place.folder));
  for (const fs::path& file : files) {
    absl::StatusOr<Checkpoint> checkpoint = ReadCheckpoint(file, place.spec_digest);
    if (checkpoint.ok()) {
      loaded.checkpoint = *std::move(checkpoint);
      return loaded;
    }
    loaded.skipped.push_back(absl::StrCat(file.filename().string(), ": ", checkpoint.status().message()));
    // Were it left, it would count as one of those with the most work for ever.
    SB_RETURN_IF_ERROR(RemoveAll(file));
  }
  return loaded;
}

}  // namespace seedbed::train
