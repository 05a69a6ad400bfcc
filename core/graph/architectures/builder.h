// What the files of this folder write networks down with.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/graph/graph.h"

namespace seedbed::graph {

class Builder {
 public:
  // Starts with a layer "input".
  explicit Builder(const Shape& input);

  // Puts a layer behind the last one, or behind `inputs`; returns its name.
  std::string Add(std::string name, std::string type, nlohmann::json config = nlohmann::json::object());
  std::string Add(std::string name, std::string type, nlohmann::json config, std::vector<std::string> inputs);
  // "predictions", a dense layer that makes the logits, and "softmax".
  void AddPredictions(int64_t classes);

  std::string last() const { return layers_.back().name; }
  absl::StatusOr<Graph> Build() && { return Graph::Create(std::move(layers_)); }

 private:
  std::vector<Layer> layers_;
};

}  // namespace seedbed::graph
