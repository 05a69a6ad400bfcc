// Images that a specification names for people to look at: paths within a dataset, or files that the client sent.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "seedbed/v1/job_spec.pb.h"
#include "server/store/data_layout.h"

namespace seedbed::jobs {

using ImagePaths = google::protobuf::RepeatedPtrField<std::string>;
using Uploads = google::protobuf::RepeatedPtrField<v1::UploadedImage>;

// `at`: "spec.explain", which has the fields `images` and `uploads`. INVALID_ARGUMENT unless there are 1 to 256 together, with names of
// usual length and digests.
absl::Status CheckShownImages(const std::string& at, const ImagePaths& images, const Uploads& uploads);

// NOT_FOUND, with the field, naming the first file whose content the server does not have.
absl::Status CheckUploadsArrived(const std::string& at, const Uploads& uploads, const store::DataLayout& layout);

}  // namespace seedbed::jobs
