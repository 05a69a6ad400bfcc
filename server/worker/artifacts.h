// The files that a task leaves for people.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "seedbed/v1/common.pb.h"

namespace seedbed::worker {

// By the file's extension; "application/octet-stream" for one that is not known.
std::string_view MediaTypeOf(const std::filesystem::path& file);

// Name, media type, size and digest of a file below `folder`. Size and digest are left out when it cannot be read.
v1::Artifact DescribeArtifact(const std::filesystem::path& folder, const std::filesystem::path& relative);

// All regular files below `folder`, ordered by name.
std::vector<v1::Artifact> ListArtifacts(const std::filesystem::path& folder);

}  // namespace seedbed::worker
