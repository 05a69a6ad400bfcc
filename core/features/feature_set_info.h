// What a set of features is of: everything but the numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/features/pool.h"
#include "core/graph/graph.h"
#include "core/image/preprocessing.h"
#include "core/nn/tensor.h"
#include "nlohmann/json.hpp"

namespace seedbed::features {

struct FeatureSetInfo {
  std::vector<std::string> classes;   // in index order
  std::vector<std::string> paths;     // of each row's image, in its dataset
  std::vector<std::string> sha256;    // of each row's image file
  std::vector<int32_t> labels;        // of each row: index of its class
  graph::Shape shape;                 // of one image's features: (1280) or (4, 4, 512)
  nn::DType dtype = nn::DType::kF32;  // as stored: F32, F16 or BF16
  std::string model;                  // whose weights: "NAME:VERSION"
  std::string weights_sha256;         // nn::ModelSha256 of that model
  std::string arch;
  std::string layer;
  Pool pool = Pool::kNone;
  image::Preprocessing preprocessing;
  std::string dataset;                                // "NAME:VERSION"
  std::string split;                                  // empty: none
  std::string subset;                                 // empty: all images
  nlohmann::json profile = nlohmann::json::object();  // for people: what computed them

  size_t row_values() const { return static_cast<size_t>(graph::ElementsOf(shape)); }
};

std::string_view FeatureDTypeName(nn::DType dtype);  // "float32", "float16", "bfloat16"
std::optional<nn::DType> FeatureDTypeFromName(std::string_view name);

// INVALID_ARGUMENT naming both and what they differ in, unless a network trained on `a` can be used on `b`: same weights, layer, pooling,
// preprocessing and classes.
absl::Status CheckSameFeatures(std::string_view name_a, const FeatureSetInfo& a, std::string_view name_b, const FeatureSetInfo& b);

// INVALID_ARGUMENT when fields contradict each other, a label is none of the classes, or a name is not UTF-8.
absl::Status CheckFeatureSetInfo(const FeatureSetInfo& info);

// All but the labels, which are an array of their own: fields under their names, "format": "seedbed-features" and "format_version": 1.
nlohmann::json FeatureSetInfoToJson(const FeatureSetInfo& info);
// DATA_LOSS when it is none; FAILED_PRECONDITION for another version.
absl::StatusOr<FeatureSetInfo> FeatureSetInfoFromJson(const nlohmann::json& value);

}  // namespace seedbed::features
