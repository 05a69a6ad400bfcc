// Stored features, for people and programs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "client/cli/console.h"
#include "client/cli/json_output.h"
#include "client/cli/table.h"
#include "google/protobuf/repeated_field.h"
#include "seedbed/v1/features.pb.h"

namespace seedbed::cli {

// "1280", "4x4x512": the values of a row.
std::string RowShapeText(const google::protobuf::RepeatedField<int64_t>& shape);

Table FeaturesTable(const std::vector<v1::FeatureSet>& features, const Console& console);

// What they are of, how they were made, where they lie.
std::string RenderFeatures(const v1::GetFeaturesResponse& response, const Console& console);

// The feature set, with `path`.
Json FeaturesDocument(const v1::GetFeaturesResponse& response);

}  // namespace seedbed::cli
