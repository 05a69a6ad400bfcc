#include "core/nn/weights.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/philox.h"

namespace seedbed::nn {
namespace {

// So many problems are told; the rest is counted.
constexpr size_t kMaxNamed = 8;

std::string NameSome(std::vector<std::string> problems) {
  const size_t all = problems.size();
  problems.resize(std::min(all, kMaxNamed));
  std::string text = absl::StrJoin(problems, "; ");
  if (all > kMaxNamed) absl::StrAppend(&text, "; and ", all - kMaxNamed, " further problems");
  return text;
}

std::string ProblemOf(const graph::Parameter& parameter, const TensorViews& weights) {
  const auto found = weights.find(parameter.name);
  if (found == weights.end()) return absl::StrCat("'", parameter.name, "' is missing");
  const TensorView& tensor = found->second;
  if (tensor.shape != parameter.shape) {
    return absl::StrCat("'", parameter.name, "' has shape ", graph::FormatShape(tensor.shape), ", expected ",
                        graph::FormatShape(parameter.shape));
  }
  if (tensor.dtype != DType::kF32) return absl::StrCat("'", parameter.name, "' is not F32");
  if (!AllFinite(tensor)) return absl::StrCat("'", parameter.name, "' has values that are not finite");
  return "";
}

}  // namespace

absl::Status CheckWeights(const graph::Graph& graph, const TensorViews& weights) {
  std::vector<std::string> problems;
  std::set<std::string> expected;
  for (const graph::Parameter& parameter : graph.parameters()) {
    expected.insert(parameter.name);
    if (std::string problem = ProblemOf(parameter, weights); !problem.empty()) problems.push_back(std::move(problem));
  }
  for (const auto& [name, tensor] : weights) {
    if (!expected.contains(name)) problems.push_back(absl::StrCat("'", name, "' does not belong to the network"));
  }
  if (problems.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the weights do not fit the network: ", NameSome(std::move(problems))));
}

TensorViews WeightsOf(const graph::Graph& graph, const TensorViews& weights) {
  TensorViews needed;
  for (const graph::Parameter& parameter : graph.parameters()) needed.emplace(parameter.name, weights.at(parameter.name));
  return needed;
}

TensorMap InitializeWeights(const graph::Graph& graph, uint64_t seed) {
  TensorMap weights;
  uint64_t index = 0;
  for (const graph::Parameter& parameter : graph.parameters()) {
    std::vector<float> values(static_cast<size_t>(graph::ElementsOf(parameter.shape)), parameter.initial);
    if (parameter.fan_in > 0) {
      const float limit = std::sqrt(6.0f / static_cast<float>(parameter.fan_in + parameter.fan_out));
      RandomStream stream(seed, RandomPurpose::kInitialize, index);
      for (float& value : values) value = (2 * stream.NextUniform() - 1) * limit;
    }
    weights.emplace(parameter.name, Tensor::FromFloats(parameter.shape, values));
    ++index;
  }
  return weights;
}

}  // namespace seedbed::nn
