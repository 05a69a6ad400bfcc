// Whether a job may be taken on, given what is in the catalogue and which other jobs there are.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/store/tables.h"

namespace seedbed::jobs {

struct Admission {
  std::vector<int64_t> dependencies;  // job numbers
  bool ready = false;                 // all of them have succeeded
};

// `spec` is effective. NOT_FOUND for a job, dataset, split, model or feature set that neither exists nor is made by a job in depends_on (or
// one that those depend on); ALREADY_EXISTS for an output name that is taken; FAILED_PRECONDITION for a dependency that failed;
// INVALID_ARGUMENT for things that do not go together. Each with a kFieldPayload.
absl::StatusOr<Admission> Admit(const store::Reader& reader, const v1::JobSpec& spec);

// The job among `dependencies`, and those they depend on, that makes `output` and has not failed; nullopt: none.
absl::StatusOr<std::optional<store::JobRow>> FindMaker(const store::Reader& reader, std::vector<int64_t> dependencies,
                                                       std::string_view output);

// The model that made the features. NOT_FOUND, saying so, when it has been deleted.
absl::StatusOr<v1::Model> ModelOfFeatures(const store::Reader& reader, const v1::FeatureSet& features);

}  // namespace seedbed::jobs
