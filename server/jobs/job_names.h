// Names of jobs and of what they make, as people and the store write them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "seedbed/v1/job.pb.h"
#include "server/store/tables.h"

namespace seedbed::jobs {

// "train"; "" for UNSPECIFIED.
std::string_view KindName(v1::JobKind kind);
// Without the enumeration's prefix, such as "RUNNING".
std::string_view StateName(v1::JobState state);

// "train-12".
std::string JobId(v1::JobKind kind, int64_t number);
inline std::string JobId(const store::JobRow& job) { return JobId(job.kind, job.number); }
// The job's number; NOT_FOUND for anything that cannot be an id.
absl::StatusOr<int64_t> JobNumber(std::string_view id);
// The stored job; NOT_FOUND names the id.
absl::StatusOr<store::JobRow> FindJob(const store::Reader& reader, std::string_view id);

// The oneof case of the specification; UNSPECIFIED when it has none.
v1::JobKind KindOf(const v1::JobSpec& spec);

// What jobs make, in one name space: "dataset/maize", "split/maize/default", "model/baseline",
// "features/maize-vgg16".
std::string DatasetOutput(std::string_view dataset);
std::string SplitOutput(std::string_view dataset, std::string_view split);
std::string ModelOutput(std::string_view model);
std::string FeaturesOutput(std::string_view features);
// Of a job with this effective specification; empty when it publishes nothing but artifacts.
std::string OutputOf(const v1::JobSpec& spec);

struct ModelReference {
  std::string name;
  int version = 0;  // 0: the newest
};
// "NAME" or "NAME:VERSION"; INVALID_ARGUMENT otherwise.
absl::StatusOr<ModelReference> ParseModelReference(std::string_view text);

}  // namespace seedbed::jobs
